/**
 * The generic test of raftkv (MIT 6.824), over real tabs: clients append to keys of their own and to shared
 * ones, and read them, while tabs are killed at random and opened again. A client works through one tab.
 * Those whose tabs are never killed use a handle of the store. The others name each append, and send it
 * again through the tab that is opened in the place of the dead one, until it is acknowledged. By turns a
 * tab is struck that leads the cluster, and one whose append has taken effect but was not answered. What
 * happened is noted outside of the browser, and judged at the end.
 */

import type * as KeyValue from '../../src/apps/kv/kv.ts';
import type { Database } from '../../src/client/database.ts';
import type { Random } from '../../src/simulation/random.ts';
import { ListHistory, type Verdict } from '../nemesis/list-history.ts';
import type { Browser } from './browser.ts';
import type { Cluster } from './harness.ts';
import { PageError, type Tab } from './tab.ts';
import { waitFor } from './wait.ts';

/** Of so many tabs two may be down. */
export const SEATS = 5;
/** The clients in these tabs see no tab of theirs die. */
const SURVIVORS = 2;
/** Keys above are shared. */
const SHARED_FROM = 100;
/** Appends of one client to a shared key before it goes over to the next. */
const APPENDS_PER_SHARED_KEY = 10;
const VALUES_PER_CLIENT = 10_000;
/** As raftkv's: one append cannot be mistaken for part of others. */
const TOKEN = /x (\d{6}) y/gu;
const TOKEN_BYTES = 10;
/** Answers between two faults. */
const LEAST_PROGRESS = 8;
const MORE_PROGRESS = 12;
const PROGRESS_TIMEOUT_MS = 60_000;
/** Longer than any two faults take. */
const CALL_TIMEOUT_MS = 60_000;

interface Seat {
  /** Null: it is down. */
  tab: Tab | null;
  /** Appends through it get no answer: it is about to be killed. */
  isMute: boolean;
}

interface AppendOptions {
  readonly url: string;
  readonly random: Random;
  /** Of one client. */
  readonly appendsEach: number;
  /** A run with less of anything proves nothing: each client reads on before its last append until then. */
  readonly least: Pick<AppendFigures, 'kills' | 'leaderKills' | 'repeated'>;
}

export interface AppendFigures {
  readonly appends: number;
  /** Those that were sent again by another page than at first. */
  readonly repeated: number;
  readonly reads: number;
  readonly kills: number;
  /** Of them, those of a leader. */
  readonly leaderKills: number;
  readonly elapsedMs: number;
}

export interface AppendVerdict extends Verdict {
  /** Clients whose acknowledged appends do not stand in the order in which they were made. */
  readonly outOfOrder: readonly number[];
}

export class AppendRun {
  readonly #browser: Browser;
  readonly #url: string;
  readonly #random: Random;
  readonly #appendsEach: number;
  readonly #least: AppendOptions['least'];
  readonly #seats: readonly Seat[];
  readonly #history = new ListHistory();
  readonly #keys = new Set<number>();
  /** Acknowledged, by client. */
  readonly #acknowledged: number[][] = [];
  #answered = 0;
  /** Clients that are not done. */
  readonly #working: Set<number>;
  /** Nobody goes on, where one has failed. */
  #isOver = false;
  #repeated = 0;
  #kills = 0;
  #leaderKills = 0;
  readonly #startMs = performance.now();

  private constructor({ browser, tabs }: Cluster, options: AppendOptions) {
    this.#browser = browser;
    this.#url = options.url;
    this.#random = options.random;
    this.#appendsEach = options.appendsEach;
    this.#least = options.least;
    this.#seats = tabs.map((tab) => ({ tab, isMute: false }));
    this.#working = new Set(tabs.keys());
  }

  /** Runs to its end: when every client has made all its appends. `tabs` of the cluster are `SEATS`. */
  static async carryOut(cluster: Cluster, options: AppendOptions): Promise<AppendRun> {
    await Promise.all(cluster.tabs.map(loadStore));
    const run = new AppendRun(cluster, options);
    const clients = run.#seats.map((_seat, client) => run.#work(client));
    try {
      await Promise.all([run.#strike(), ...clients]);
    } finally {
      run.#isOver = true;
    }
    return run;
  }

  /** Those that are there at the end. */
  get tabs(): Tab[] {
    return this.#seats.flatMap(({ tab }) => tab ?? []);
  }

  figures(): AppendFigures {
    const { acknowledged: appends, reads } = this.#history.figures();
    const elapsedMs = performance.now() - this.#startMs;
    const [kills, leaderKills] = [this.#kills, this.#leaderKills];
    return { appends, repeated: this.#repeated, reads, kills, leaderKills, elapsedMs };
  }

  /** By what one of the tabs reads at the end. */
  async judge(): Promise<AppendVerdict> {
    const [tab] = this.tabs;
    if (tab === undefined) throw new Error('There is no tab left.');
    const found = new Map<number, readonly number[]>();
    for (const key of this.#keys) found.set(key, await read(tab, key));
    const order = new Map(
      [...found.values()].flatMap((values) => values.map((value, at) => [value, at])),
    );
    const outOfOrder = this.#acknowledged.flatMap((values, client) => {
      const lists = [...found].map(([, list]) => values.filter((value) => list.includes(value)));
      const isOrdered = lists.every((list) =>
        list.every(
          (value, at) =>
            at === 0 || Number(order.get(list[at - 1] ?? 0)) < Number(order.get(value)),
        ),
      );
      return isOrdered ? [] : [client];
    });
    return { ...this.#history.judge(found), outOfOrder };
  }

  /** One call at a time: an append or a read, of its own key or a shared one, by chance. */
  async #work(client: number): Promise<void> {
    const random = this.#random.stream(`client ${client}`);
    this.#acknowledged[client] = [];
    try {
      for (let made = 0; made < this.#appendsEach;) {
        const shared = SHARED_FROM + Math.floor(made / APPENDS_PER_SHARED_KEY);
        const key = random.below(2) === 0 ? client : shared;
        this.#keys.add(key);
        if (random.below(2) === 0 || !this.#mayAppend(client, made)) {
          await this.#read(client, key);
        } else {
          await this.#append(client, key, (client + 1) * VALUES_PER_CLIENT + made);
          made += 1;
        }
      }
    } finally {
      this.#working.delete(client);
    }
  }

  #mayAppend(client: number, made: number): boolean {
    const isLast = made === this.#appendsEach - 1;
    return !isLast || this.#seats[client]?.isMute === true || this.#isEnough();
  }

  #isEnough(): boolean {
    const { kills, leaderKills, repeated } = this.#least;
    return (
      this.#isOver ||
      (this.#kills >= kills && this.#leaderKills >= leaderKills && this.#repeated >= repeated)
    );
  }

  /** Until it is acknowledged. */
  async #append(client: number, key: number, value: number): Promise<void> {
    const append = this.#history.beginAppend(key, value);
    const token = `x ${String(value).padStart(6, '0')} y`;
    const name = client < SURVIVORS ? null : token;
    for (let firstTab: Tab | null = null; !this.#isOver;) {
      const tab = await this.#tabOf(client);
      firstTab ??= tab;
      const isMute = this.#seats[client]?.isMute === true;
      const call = { key: `${key}`, token, name, timeoutMs: CALL_TIMEOUT_MS, isMute };
      try {
        const bytes = await tab.db(appendInPage, call);
        this.#history.acknowledge(append, bytes / TOKEN_BYTES);
        this.#acknowledged[client]?.push(value);
        this.#answered += 1;
        if (tab !== firstTab) this.#repeated += 1;
        return;
      } catch (error) {
        if (!this.#mayFail(client, tab, error)) throw error;
      }
    }
  }

  async #read(client: number, key: number): Promise<void> {
    const tab = await this.#tabOf(client);
    const invokedAt = this.#history.time();
    try {
      this.#history.read(key, invokedAt, await read(tab, key));
      this.#answered += 1;
    } catch (error) {
      if (!this.#mayFail(client, tab, error)) throw error;
    }
  }

  /** Where no tab dies every call is answered; where one does, those through it may fail, and no others. */
  #mayFail(client: number, tab: Tab, error: unknown): boolean {
    if (client < SURVIVORS || error instanceof TornValue) return false;
    return this.#seats[client]?.tab !== tab || (error instanceof PageError && mayPass(error));
  }

  /** Its tab, once it is there. */
  #tabOf(client: number): Promise<Tab> {
    return waitFor(`the tab of client ${client}`, PROGRESS_TIMEOUT_MS, () => {
      return this.#seats[client]?.tab ?? false;
    });
  }

  /** Kills one tab or two, and opens them again, until the clients are done. */
  async #strike(): Promise<void> {
    const random = this.#random.stream('kills');
    for (
      let strike = 0;
      await this.#progress(LEAST_PROGRESS + random.below(MORE_PROGRESS));
      strike += 1
    ) {
      const mortal = this.#seats.slice(SURVIVORS);
      random.shuffle(mortal);
      const struck = mortal.slice(0, 1 + random.below(SEATS - 1 - SURVIVORS));
      if (strike % 2 === 0) await this.#haveLead(struck[0]);
      else await this.#haveUnanswered(mortal, struck);
      await Promise.all(struck.map((seat) => this.#kill(seat, random.below(3) > 0)));
      await this.#progress(LEAST_PROGRESS);
      for (const seat of struck) {
        const tab = await this.#browser.open(this.#url);
        await loadStore(await tab.waitRunning());
        seat.tab = tab;
      }
    }
  }

  /** It may have come back just now, and not be up to it: then somebody else leads. */
  async #haveLead(seat: Seat | undefined): Promise<void> {
    const tab = seat?.tab ?? null;
    if (tab === null) return;
    try {
      const { nodeId } = await tab.status();
      await tab.db((db, id) => db.transferLeadership(id), nodeId);
    } catch (error) {
      if (!(error instanceof PageError)) throw error;
    }
  }

  /**
   * One whose client is not done takes the first place of the struck, and is struck when an append of
   * that client has taken effect and it was not told.
   */
  async #haveUnanswered(mortal: readonly Seat[], struck: Seat[]): Promise<void> {
    const seat = mortal.find((each) => this.#working.has(this.#seats.indexOf(each)));
    if (seat === undefined || seat.tab === null) return;
    const { tab } = seat;
    if (!struck.includes(seat)) struck[0] = seat;
    seat.isMute = true;
    await waitFor('an append without an answer', PROGRESS_TIMEOUT_MS, async () => {
      const isDone = !this.#working.has(this.#seats.indexOf(seat)) || this.#isOver;
      return isDone || (await tab.evaluate('window.appendUnanswered === true')) === true;
    });
  }

  /** It crashes as of a bug of the browser's, or is closed. */
  async #kill(seat: Seat, isCrash: boolean): Promise<void> {
    const { tab } = seat;
    if (tab === null) return;
    if ((await tab.status()).role === 'leader') this.#leaderKills += 1;
    seat.tab = null;
    seat.isMute = false;
    this.#kills += 1;
    await (isCrash ? tab.crash() : tab.close());
  }

  /** Waits for so many more answers, if there is a client to get them; false: all are done. */
  async #progress(count: number): Promise<boolean> {
    const target = this.#answered + count;
    await waitFor(`${count} answers`, PROGRESS_TIMEOUT_MS, () => {
      return this.#answered >= target || this.#isOver || !this.#canGoOn();
    });
    return this.#working.size > 0 && !this.#isOver;
  }

  /** Some client that is not done has its tab. */
  #canGoOn(): boolean {
    return [...this.#working].some((client) => this.#seats[client]?.tab !== null);
  }
}

const PASSING: ReadonlySet<string> = new Set(['Closed', 'Timeout', 'NoQuorum', 'NoDatabase']);

/** The page has no database yet, or no more, or the cluster took too long. */
function mayPass({ code }: PageError): boolean {
  return PASSING.has(code);
}

/** A value that is not appends one behind the other. */
class TornValue extends Error {
  override readonly name = 'TornValue';
}

async function read(tab: Tab, key: number): Promise<number[]> {
  const text = await tab.db(readInPage, [`${key}`, CALL_TIMEOUT_MS] as const);
  const values = [...text.matchAll(TOKEN)].map(([, digits]) => Number(digits));
  if (values.length * TOKEN_BYTES !== text.length) throw new TornValue(text);
  return values;
}

/** Before any tab is killed: the service worker, which brings it, may die with that. */
async function loadStore(tab: Tab): Promise<void> {
  await tab.db(async () => void (await (window as StorePage).resqlite?.kv()));
}

/** What the page offers, and the handle that is kept in it. */
type StorePage = Window & {
  readonly resqlite?: { readonly kv: () => Promise<typeof KeyValue> };
  appendStore?: KeyValue.KeyValueStore;
  /** An append has taken effect, and nobody was told. */
  appendUnanswered?: boolean;
};

interface AppendCall {
  readonly key: string;
  readonly token: string;
  readonly name: string | null;
  readonly timeoutMs: number;
  readonly isMute: boolean;
}

/** Runs in the page. Answers how long the value is then, unless it is to be mute. */
async function appendInPage(
  db: Database | undefined,
  { key, token, name, timeoutMs, isMute }: AppendCall,
): Promise<number> {
  const page = window as StorePage;
  if (page.resqlite === undefined || db === undefined) {
    throw Object.assign(new Error('There is no database yet.'), { code: 'NoDatabase' });
  }
  const { KeyValueStore } = await page.resqlite.kv();
  page.appendStore ??= new KeyValueStore(db);
  const named = name === null ? {} : { idempotencyKey: name };
  const { bytes } = await page.appendStore.append(key, token, { timeoutMs, ...named });
  if (isMute) {
    page.appendUnanswered = true;
    await new Promise(() => undefined);
  }
  return bytes ?? 0;
}

/** Runs in the page. */
async function readInPage(
  db: Database | undefined,
  [key, timeoutMs]: readonly [string, number],
): Promise<string> {
  const { resqlite } = window as StorePage;
  if (resqlite === undefined || db === undefined) {
    throw Object.assign(new Error('There is no database yet.'), { code: 'NoDatabase' });
  }
  const { KeyValueStore } = await resqlite.kv();
  return new KeyValueStore(db).get(key, { timeoutMs });
}
