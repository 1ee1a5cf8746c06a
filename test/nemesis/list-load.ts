/**
 * The load of a nemesis run: through every tab that runs, appends to lists and linearizable reads of
 * them, one after another. Few lists are in use at a time, so that tabs meet in them, and each is given
 * up after some appends, so that what has to be judged together stays small. What happened is noted
 * outside of the browsers.
 */

import type { Database } from '../../src/client/database.ts';
import type { Random } from '../../src/simulation/random.ts';
import { PageError } from '../e2e/tab.ts';
import type { PuppetTab } from '../e2e/puppet-tab.ts';
import { waitFor } from '../e2e/wait.ts';
import type { Fleet, Seat } from './fleet.ts';
import { ListHistory, type Append, type Lists } from './list-history.ts';
import { pause, within } from './pause.ts';

const LISTS_IN_USE = 4;
const APPENDS_PER_LIST = 60;
/** Of ten calls so many are appends. */
const APPENDS_OF_TEN = 6;
/** Between two calls of a tab: browsers, faults and other tests share the machine. */
const PACE_MS = 150;
const CALL_TIMEOUT_MS = 5_000;
/** A page that hangs or is gone may never answer. */
const ANSWER_TIMEOUT_MS = 12_000;
const PROGRESS_TIMEOUT_MS = 120_000;

export class ListLoad {
  readonly history = new ListHistory();
  readonly #random: Random;
  readonly #callers: readonly Promise<void>[];
  /** How many appends each list in use was given, by key. */
  readonly #used = new Map<number, number>();
  readonly #answered = new Map<Seat, number>();
  #nextKey = 1;
  #nextValue = 1;
  #ended = false;

  private constructor(fleet: Fleet, random: Random) {
    this.#random = random;
    this.#callers = fleet.seats.map((seat) => this.#callThrough(seat));
  }

  /** Makes the table, and begins. */
  static async start(fleet: Fleet, random: Random): Promise<ListLoad> {
    await fleet.seats[0]?.tab?.db((db) =>
      db.execute(
        'create table lists (key integer, position integer, value integer, primary key (key, position))',
      ),
    );
    return new ListLoad(fleet, random);
  }

  /** Waits until this seat's tab had so many more answers. */
  async progress(seat: Seat, count: number): Promise<void> {
    const target = (this.#answered.get(seat) ?? 0) + count;
    await waitFor(`${count} answers to ${seat.name}`, PROGRESS_TIMEOUT_MS, () => {
      return (this.#answered.get(seat) ?? 0) >= target;
    });
  }

  /** Ends when every call has had its answer, or its time. */
  async end(): Promise<void> {
    this.#ended = true;
    await Promise.all(this.#callers);
  }

  async #callThrough(seat: Seat): Promise<void> {
    while (!this.#ended) {
      await pause(PACE_MS);
      const { tab } = seat;
      if (tab === null) continue;
      const isAppend = this.#random.below(10) < APPENDS_OF_TEN;
      const wasAnswered = isAppend ? await this.#append(seat.name, tab) : await this.#read(tab);
      if (wasAnswered) this.#answered.set(seat, (this.#answered.get(seat) ?? 0) + 1);
    }
  }

  async #append(who: string, tab: PuppetTab): Promise<boolean> {
    const append = this.history.beginAppend(this.#keyToAppendTo(), this.#nextValue);
    this.#nextValue += 1;
    try {
      const params = [append.key, append.value, CALL_TIMEOUT_MS] as const;
      const length = await within(ANSWER_TIMEOUT_MS, tab.db(appendInPage, params));
      this.history.acknowledge(append, length);
      return true;
    } catch (error) {
      this.#noteFailure(append, who, error);
      return false;
    }
  }

  /** Only the node's own word counts: whatever else goes wrong leaves the outcome unknown. */
  #noteFailure(append: Append, who: string, error: unknown): void {
    if (!(error instanceof PageError)) return;
    const { applied, code, message } = error;
    if (applied === 'no') this.history.refuse(append, `${who}: ${code}: ${message}`);
    if (applied === 'yes') this.history.acknowledge(append, null);
  }

  async #read(tab: PuppetTab): Promise<boolean> {
    const keys = [...this.#used.keys()];
    const key = keys[this.#random.below(Math.max(1, keys.length))];
    if (key === undefined) return false;
    const invokedAt = this.history.time();
    try {
      const params = [key, CALL_TIMEOUT_MS] as const;
      const values = await within(ANSWER_TIMEOUT_MS, tab.db(readInPage, params));
      this.history.read(key, invokedAt, values);
      return true;
    } catch {
      return false; // A read that shows nothing proves nothing.
    }
  }

  #keyToAppendTo(): number {
    while (this.#used.size < LISTS_IN_USE) {
      this.#used.set(this.#nextKey, 0);
      this.#nextKey += 1;
    }
    const keys = [...this.#used.keys()];
    const key = keys[this.#random.below(keys.length)] ?? 0;
    const count = (this.#used.get(key) ?? 0) + 1;
    if (count === APPENDS_PER_LIST) this.#used.delete(key);
    else this.#used.set(key, count);
    return key;
  }
}

/** All lists as one tab has them, read linearizably. */
export async function readLists(tab: PuppetTab): Promise<Lists> {
  const rows = await tab.db(readAllInPage);
  const lists = new Map<number, number[]>();
  for (const [key = 0, value = 0] of rows) {
    const list = lists.get(key);
    if (list === undefined) lists.set(key, [value]);
    else list.push(value);
  }
  return lists;
}

/** Runs in the page. A long run writes more rows than one answer takes; all of these are of one state. */
async function readAllInPage(db: Database): Promise<number[][]> {
  const all: number[][] = [];
  const sql = 'select key, value from lists order by key, position';
  for await (const { rows } of db.iterate(sql, [], { level: 'linearizable' })) {
    for (const row of rows) all.push(row.map(Number));
  }
  return all;
}

/** Runs in the page. Answers the list's new length. */
async function appendInPage(
  db: Database | undefined,
  [key, value, timeoutMs]: readonly [number, number, number],
): Promise<number> {
  if (db === undefined) {
    throw Object.assign(new Error('The page has no database yet.'), { applied: 'no' });
  }
  const sql =
    'insert into lists select ?1, coalesce(max(position), 0) + 1, ?2 from lists where key = ?1 returning position';
  const { results } = await db.execute({ sql, params: [key, value] }, { timeoutMs });
  return Number(results[0]?.rows?.[0]?.[0]);
}

/** Runs in the page. */
async function readInPage(
  db: Database,
  [key, timeoutMs]: readonly [number, number],
): Promise<number[]> {
  const sql = 'select value from lists where key = ? order by position';
  const { rows } = await db.query(sql, [key], { level: 'linearizable', timeoutMs });
  return rows.map((row) => Number(row[0]));
}
