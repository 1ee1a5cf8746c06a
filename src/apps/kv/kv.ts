/**
 * A key-value store on the database, as hstore's: texts by keys, with linearizable reads and writes that
 * take effect exactly once. It is made when the first write comes; until then every key is missing.
 *
 *     const store = new KeyValueStore(db);
 *     await store.put('greeting', 'hello');
 *     await store.append('greeting', ' world');
 *     await store.get('greeting'); // 'hello world'
 *
 * One handle carries out its writes one after another, in the order of the calls, and its reads see the
 * writes called before them; several handles work side by side. A call that fails for want of a quorum
 * or an answer is tried again until its time is up, 30 s where `timeoutMs` is not given. Every method
 * rejects with `ResqliteError`, whose `applied` says whether a write took effect: 'unknown' where its
 * time was up before it was known.
 */

import type { CallOptions } from '../../client/call-limits.ts';
import type { Database } from '../../client/database.ts';
import { invalidArgument, toReadError, type ResqliteError } from '../../client/errors.ts';
import type { QueryOptions } from '../../client/reads.ts';
import type { SqlParams, SqlValue } from '../../node/sql.ts';
import { Clerk, hasNoStore, writeOnce, type WriteAnswer } from './clerk.ts';
import { Patience } from './patience.ts';
import {
  GET_SQL,
  HIGHEST,
  LIST_SQL,
  SHOWN_CHARACTERS,
  type Condition,
  type Write,
} from './statements.ts';
import { checkIdempotencyKey, checkKey, checkPrefix, checkValue } from './texts.ts';

export { IdempotencyKeyReused, type WriteAnswer } from './clerk.ts';
export type { Condition } from './statements.ts';

/** Keys that one page of a list holds at most, and where nothing is said. */
export const MAX_LIST_KEYS = 1_000;
export const LIST_KEYS = 100;

export interface Entry {
  readonly value: string;
  /** Another one after every write of the key, never one that it had before. */
  readonly version: number;
}

export interface ListedKey {
  readonly key: string;
  readonly version: number;
  /** Of the value, in UTF-8. */
  readonly bytes: number;
  /** The value's first 100 characters. */
  readonly start: string;
}

export interface KeyPage {
  /** In the order of their UTF-8 bytes. */
  readonly keys: readonly ListedKey[];
  /** The `after` of the next page; null: this is the last one. */
  readonly next: string | null;
}

/** `level`: as of `db.query`; 'linearizable' where not given. */
export type ReadOptions = Pick<QueryOptions, 'level' | 'timeoutMs' | 'signal'>;

export interface ListOptions extends ReadOptions {
  /** 100 where not given, 1,000 at most. */
  readonly limit?: number;
  /** Only keys behind this one. */
  readonly after?: string | null;
}

export interface WriteOptions extends CallOptions {
  /** Where it does not hold, nothing is done, and the outcome is 'unmet'. */
  readonly onlyIf?: Condition;
  /**
   * A name for this write that its caller makes up, at random: whoever repeats it, in whatever tab, has
   * no second effect and gets the first answer, while it is among the last 4,096 so named; also where
   * that says that nothing was done. Whoever gives it to a write of the same kind and key with another
   * value or condition gets `IdempotencyKeyReused`. Such a write does not wait for others of this handle.
   */
  readonly idempotencyKey?: string;
}

/** What a key is expected to be: its value, its version, or null where it is to be missing. */
export type Expected = string | null | { readonly version: number };

export class KeyValueStore {
  readonly #db: Database;
  readonly #clerk: Clerk;

  constructor(db: Database) {
    this.#db = db;
    this.#clerk = new Clerk(db);
  }

  /** A missing key reads as the empty text; see `entry` for what tells them apart. */
  async get(key: string, options: ReadOptions = {}): Promise<string> {
    return (await this.entry(key, options))?.value ?? '';
  }

  /** Null: there is no such key. */
  async entry(key: string, options: ReadOptions = {}): Promise<Entry | null> {
    const rows = await this.#query(GET_SQL, [checkKey(key)], options);
    return entryOf(rows[0]);
  }

  /** Replaces the value, or makes the key. */
  async put(key: string, value: string, options: WriteOptions = {}): Promise<WriteAnswer> {
    return this.#write('put', key, checkValue(value), options);
  }

  /** A missing key is made, as by `put`. Rejects with 'TooLarge' where the value would become too long. */
  async append(key: string, value: string, options: WriteOptions = {}): Promise<WriteAnswer> {
    return this.#write('append', key, checkValue(value), options);
  }

  async delete(key: string, options: WriteOptions = {}): Promise<WriteAnswer> {
    return this.#write('delete', key, '', options);
  }

  /** Puts the value where the key is what is expected; answers whether it was. */
  async compareAndSet(
    key: string,
    expected: Expected,
    value: string,
    options: Omit<WriteOptions, 'onlyIf'> = {},
  ): Promise<boolean> {
    const onlyIf = conditionOf(expected);
    return (await this.put(key, value, { ...options, onlyIf })).outcome !== 'unmet';
  }

  /** The keys that begin with `prefix`, a page at a time. */
  async list(prefix = '', options: ListOptions = {}): Promise<KeyPage> {
    const limit = checkLimit(options.limit ?? LIST_KEYS);
    const after = checkPrefix(options.after ?? '');
    return pageOf(await this.#query(LIST_SQL, listParams(prefix, limit, after), options), limit);
  }

  /**
   * Calls back with what the key is, null where it is missing: now, and again whenever that has become
   * another one, in whatever tab. The answer unsubscribes. It shows this tab's copy of the data, as
   * `db.live` does, and errors go to `onError` as there.
   */
  watch(
    key: string,
    onEntry: (entry: Entry | null) => void,
    onError: (error: ResqliteError) => void = reportError,
  ): () => void {
    return this.#live(GET_SQL, [checkKey(key)], (rows) => onEntry(entryOf(rows[0])), onError);
  }

  /** The same for the first keys that begin with `prefix`. */
  watchList(
    prefix: string,
    onPage: (page: KeyPage) => void,
    options: { readonly limit?: number; readonly onError?: (error: ResqliteError) => void } = {},
  ): () => void {
    const { onError = reportError } = options;
    const limit = checkLimit(options.limit ?? LIST_KEYS);
    const params = listParams(prefix, limit, '');
    return this.#live(LIST_SQL, params, (rows) => onPage(pageOf(rows, limit)), onError);
  }

  async #write(
    kind: Write['kind'],
    key: string,
    value: string,
    options: WriteOptions,
  ): Promise<WriteAnswer> {
    const condition = checkCondition(options.onlyIf);
    const write: Write = { kind, key: checkKey(key), value, condition };
    const patience = new Patience(options);
    const { idempotencyKey } = options;
    if (idempotencyKey === undefined) return this.#clerk.write(write, patience);
    return writeOnce(this.#db, checkIdempotencyKey(idempotencyKey), write, patience);
  }

  async #query(sql: string, params: SqlParams, options: ReadOptions): Promise<Rows> {
    const patience = new Patience(options);
    await patience.waitFor(this.#clerk.idle);
    const level = options.level ?? 'linearizable';
    for (;;) {
      try {
        return (await this.#db.query(sql, params, { ...patience.attempt(), level })).rows;
      } catch (error) {
        const failed = toReadError(error);
        if (hasNoStore(failed)) return [];
        await patience.pause(failed, 'no');
      }
    }
  }

  #live(
    sql: string,
    params: SqlParams,
    onRows: (rows: Rows) => void,
    onError: (error: ResqliteError) => void,
  ): () => void {
    return this.#db.live(
      sql,
      params,
      (_objects, { rows }) => onRows(rows),
      (error) => {
        // It is told again when the store is made.
        if (hasNoStore(error)) onRows([]);
        else onError(error);
      },
    );
  }
}

type Rows = readonly (readonly SqlValue[])[];

function entryOf(row: readonly SqlValue[] | undefined): Entry | null {
  if (row === undefined) return null;
  const [value, version] = row;
  return { value: String(value), version: Number(version) };
}

/** One more than the page holds was asked for. */
function pageOf(rows: Rows, limit: number): KeyPage {
  const keys = rows.slice(0, limit).map(([key, version, bytes, start]) => ({
    key: String(key),
    version: Number(version),
    bytes: Number(bytes),
    start: startOf(start),
  }));
  return { keys, next: rows.length > limit ? (keys.at(-1)?.key ?? null) : null };
}

/** The bytes may end within a character, but hold at least as many whole ones as are shown. */
function startOf(bytes: SqlValue | undefined): string {
  if (!(bytes instanceof Uint8Array)) return '';
  const characters = Array.from(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
  return characters.slice(0, SHOWN_CHARACTERS).join('');
}

function listParams(prefix: string, limit: number, after: string): SqlParams {
  return { prefix: checkPrefix(prefix), highest: HIGHEST, after, limit: limit + 1 };
}

function checkLimit(limit: unknown): number {
  if (typeof limit === 'number' && Number.isInteger(limit) && limit > 0 && limit <= MAX_LIST_KEYS) {
    return limit;
  }
  throw invalidArgument(`limit must be a whole number from 1 to ${MAX_LIST_KEYS}`);
}

function checkCondition(condition: Condition | undefined): Condition | null {
  switch (condition?.type) {
    case undefined:
      return null;
    case 'value':
      checkValue(condition.value);
      return condition;
    case 'version':
      if (condition.versions.every(Number.isSafeInteger)) return condition;
      throw invalidArgument('a version is a whole number');
    case 'missing':
    case 'there':
      return condition;
    default:
      throw invalidArgument('there is no such condition');
  }
}

function conditionOf(expected: Expected): Condition {
  if (expected === null) return { type: 'missing' };
  if (typeof expected === 'string') return { type: 'value', value: expected };
  return { type: 'version', versions: [expected.version] };
}

const shared = new WeakMap<Database, KeyValueStore>();

/** The one handle that all of a page may use that has no need of its own. */
export function sharedStore(database: Database): KeyValueStore {
  const made = shared.get(database) ?? new KeyValueStore(database);
  shared.set(database, made);
  return made;
}
