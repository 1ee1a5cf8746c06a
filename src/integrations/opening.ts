/**
 * A database that is open while somebody subscribes, as a store. Each subscription has handles of its own of
 * the page's one node; they are given back in a later task, so that who goes and comes back at once (React's
 * StrictMode, hot reload, another view) finds the node still running.
 */

import { open, type Database, type OpenOptions, type ResqliteError } from '../client/resqlite.ts';
import { ExternalStore } from './external-store.ts';

/**
 * A database that is being opened: its node first, then its tables.
 *
 * @example
 * ```ts
 * import type { Opened } from 'resqlite/react';
 *
 * function describe({ handle, database, error }: Opened): string {
 *   if (error !== undefined) return error.message;
 *   if (database !== undefined) return 'open';
 *   return handle === undefined ? 'opening' : 'waiting for the others';
 * }
 *
 * const opened = { handle: undefined, database: undefined, error: undefined, retry: () => {} };
 * describe(opened); // => 'opening'
 * ```
 */
export interface Opened {
  /**
   * The same as `database`, and there before it: from when the node runs, while the `migrations` may still have to
   * wait for a majority, and also where they fail. For what needs no tables, as `useStatus` does.
   */
  readonly handle: Database | undefined;
  /** Undefined until it is open and all `migrations` are applied. */
  readonly database: Database | undefined;
  /** Why it cannot be opened: what `open` rejects with. */
  readonly error: ResqliteError | undefined;
  /**
   * Begins again where there is an error; else it does nothing. It stays the same function.
   *
   * @example
   * ```ts
   * import type { Opened } from 'resqlite/react';
   *
   * function goOn({ error, retry }: Opened): boolean {
   *   const mayPass = error?.code === 'NoQuorum' || error?.code === 'Timeout';
   *   if (mayPass) retry();
   *   return mayPass;
   * }
   *
   * const opened = { handle: undefined, database: undefined, error: undefined, retry: () => {} };
   * goOn(opened); // => false
   * ```
   */
  readonly retry: () => void;
}

type OpenDatabase = (options: OpenOptions) => Promise<Database>;

export class Opening {
  readonly result: ExternalStore<Opened>;
  readonly #cluster: string | null;
  #begin: () => void = () => undefined;

  /** `openDatabase` is the library's. */
  constructor(options: OpenOptions, openDatabase: OpenDatabase = open) {
    this.#cluster = nameOf(options);
    const retry = (): void => {
      if (this.result.snapshot().error !== undefined) this.#begin();
    };
    const notYet = { handle: undefined, database: undefined, error: undefined, retry };
    this.result = new ExternalStore<Opened>(notYet, (tell) => {
      const tellChange = (change: Partial<Opened>): void => tell({ ...notYet, ...change });
      let attempt = new Attempt(options, openDatabase, tellChange);
      this.#begin = () => {
        attempt.end();
        tell(notYet);
        attempt = new Attempt(options, openDatabase, tellChange);
      };
      // The node of a page that the browser had put aside has ended.
      const onShow = ({ persisted }: PageTransitionEvent): void => {
        if (persisted) this.#begin();
      };
      addEventListener('pageshow', onShow);
      return () => {
        removeEventListener('pageshow', onShow);
        this.#begin = () => undefined;
        attempt.end();
        tell(notYet);
      };
    });
  }

  /** Whether it opens the cluster that these ask for. */
  opens(options: OpenOptions): boolean {
    return nameOf(options) === this.#cluster;
  }
}

function nameOf({ cluster = null }: OpenOptions): string | null {
  return cluster === null ? null : String(cluster);
}

/** Tells what is there by now, whenever it is more, until it is ended. */
class Attempt {
  readonly #options: OpenOptions;
  readonly #openDatabase: OpenDatabase;
  readonly #tell: (change: Partial<Opened>) => void;
  readonly #ended = new AbortController();

  constructor(
    options: OpenOptions,
    openDatabase: OpenDatabase,
    tell: (change: Partial<Opened>) => void,
  ) {
    this.#options = options;
    this.#openDatabase = openDatabase;
    this.#tell = (change) => {
      if (!this.#ended.signal.aborted) tell(change);
    };
    void this.#begin();
  }

  end(): void {
    this.#ended.abort();
  }

  async #begin(): Promise<void> {
    // Without the first the next two are refused.
    const { migrations, migrationTimeoutMs: _, onNewerSchema: __, ...others } = this.#options;
    try {
      const handle = await this.#open(others);
      if (migrations === undefined) {
        this.#tell({ handle, database: handle });
        return;
      }
      this.#tell({ handle });
      await this.#migrate(handle);
    } catch (error) {
      this.#tell({ error: error as ResqliteError });
    }
  }

  /** A second handle of the same node, whose migrations are watched as long as it is open. */
  async #migrate(handle: Database): Promise<void> {
    const { signal } = this.#options;
    const ended = this.#ended.signal;
    if (ended.aborted) return;
    try {
      await this.#open({
        ...this.#options,
        cluster: handle.clusterId,
        signal: signal === undefined ? ended : AbortSignal.any([signal, ended]),
      });
      this.#tell({ handle, database: handle });
    } catch (error) {
      this.#tell({ handle, error: error as ResqliteError });
    }
  }

  /** It is closed when this has ended, by whichever comes later. */
  async #open(options: OpenOptions): Promise<Database> {
    const database = await this.#openDatabase(options);
    const { signal } = this.#ended;
    const close = (): void => void database.close().catch((error: unknown) => reportError(error));
    const closeLater = (): void => void setTimeout(close, 0);
    if (signal.aborted) closeLater();
    else signal.addEventListener('abort', closeLater, { once: true });
    return database;
  }
}
