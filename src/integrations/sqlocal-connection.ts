/**
 * The database beneath a client in SQLocal's form: opened as soon as there is a client, and made ready by the
 * statements that `onInit` answered. What fails is tried again with the next call, so that a client that was
 * made where there is no browser, or no majority, is none that never works. A page that the browser had put
 * aside, which ends its node, opens the database anew when it comes back.
 */

import { open, ResqliteError, type Applied, type Database } from '../client/resqlite.ts';
import { openOptionsOf, takePath, type ClientConfig } from './sqlocal-config.ts';
import { tell } from './sqlocal-reactive.ts';
import { plainStatement, sqlTag, type PlainStatement } from './sqlocal-statements.ts';
import { runBatch } from './sqlocal-transaction.ts';
import { Watches } from './sqlocal-watches.ts';

export class Connection {
  /** They need no majority, and so do not wait for more of `onInit`'s statements than that they have been tried. */
  readonly watches = new Watches(() => this.#settled());
  readonly #config: ClientConfig;
  readonly #openDatabase: typeof open;
  readonly #initial: readonly PlainStatement[];
  readonly #giveBackPath: () => void;
  #opening: Promise<Database> | null = null;
  #initialising: Promise<void> | null = null;
  #wasReady = false;
  #isDestroyed = false;
  /** Ends what listens to how the page fares. */
  readonly #page = new AbortController();

  /**
   * `openDatabase` is the library's. Throws `ResqliteError` 'InvalidArgument', and what `onInit` throws.
   */
  constructor(config: ClientConfig, openDatabase = open) {
    this.#config = config;
    this.#openDatabase = openDatabase;
    const initial = config.onInit?.(sqlTag) ?? [];
    this.#initial = initial.map(plainStatement);
    this.#giveBackPath = takePath(config);
    this.#followPage();
    // Whoever calls is told.
    this.ready().catch(() => undefined);
  }

  /** Rejects with `ResqliteError`. */
  async open(): Promise<Database> {
    this.#checkAlive();
    const opening = (this.#opening ??= this.#open());
    try {
      const database = await opening;
      this.#checkAlive();
      return database;
    } catch (error) {
      if (this.#opening === opening) this.#opening = null;
      throw error;
    }
  }

  /** The same, when `onInit`'s statements have run. */
  async ready(): Promise<Database> {
    const database = await this.open();
    try {
      await this.#initialised((this.#initialising ??= this.#initialise(database)));
    } catch (error) {
      throw ofOnInit(error, 'no', '');
    }
    this.#checkAlive();
    if (!this.#wasReady) this.#connected('initial');
    return database;
  }

  /** Another file has taken the place of all data; `work` is done before anybody is told. */
  async overwritten(database: Database, work: () => void | Promise<void>): Promise<void> {
    try {
      await this.#initialised((this.#initialising = this.#initialise(database)));
    } catch (error) {
      throw ofOnInit(error, 'yes', 'the file is the database now, but ');
    }
    try {
      await work();
    } finally {
      this.#connected('overwrite');
    }
  }

  /** Resolves when the handle is given back. */
  async destroy(): Promise<void> {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    this.#giveBackPath();
    this.#page.abort();
    this.watches.end();
    await this.#close();
  }

  /** Of a database that somebody else has opened, its owner looks after it. */
  #followPage(): void {
    if (this.#config.database !== undefined || typeof addEventListener !== 'function') return;
    const { signal } = this.#page;
    addEventListener('pagehide', () => this.watches.stop(), { signal });
    addEventListener('pageshow', ({ persisted }) => persisted && this.#reopen(), { signal });
  }

  #reopen(): void {
    this.#close().catch(() => undefined);
    this.#opening = null;
    this.#initialising = null;
    this.watches.begin();
    this.ready().catch(() => undefined);
  }

  async #close(): Promise<void> {
    const database = await this.#opening?.catch(() => null);
    if (this.#config.database === undefined) await database?.close();
  }

  async #settled(): Promise<Database> {
    try {
      return await this.ready();
    } catch {
      return this.open();
    }
  }

  #connected(reason: 'initial' | 'overwrite'): void {
    this.#wasReady = true;
    if (this.#config.onConnect !== undefined) tell(this.#config.onConnect, reason);
  }

  async #open(): Promise<Database> {
    return this.#config.database ?? this.#openDatabase(openOptionsOf(this.#config));
  }

  async #initialise(database: Database): Promise<void> {
    await runBatch(database, this.#initial, this.#config.readOnly === true);
  }

  /** What has failed is done again by the next call. */
  async #initialised(initialising: Promise<void>): Promise<void> {
    try {
      await initialising;
    } catch (error) {
      if (this.#initialising === initialising) this.#initialising = null;
      throw error;
    }
  }

  #checkAlive(): void {
    if (!this.#isDestroyed) return;
    const message = 'this client was destroyed: make another one';
    throw new ResqliteError({ code: 'Closed', applied: 'no', message, sqlite: null });
  }
}

/** What a call fails with where `onInit`'s statements did; `applied` is said of the call. */
function ofOnInit(error: unknown, applied: Applied, note: string): unknown {
  if (!(error instanceof ResqliteError)) return error;
  const { code, resultCode, offset, statement } = error;
  const sqlite = resultCode === null ? null : { resultCode, offset, statement: statement ?? 0 };
  const message = `${note}onInit's statements failed: ${error.message}`;
  return new ResqliteError({ code, applied, message, sqlite });
}
