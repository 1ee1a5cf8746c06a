/**
 * `db.transaction`: a callback whose statements run ahead on this tab's node, one after the other, and
 * are committed together by one log entry when it ends. Where what it saw is no longer so it begins
 * anew, after a pause that grows and differs from caller to caller, so that rivals get out of each
 * other's way.
 *
 * An attempt is over when its callback has ended, or the caller's time. From then on its `tx` does
 * nothing any more; the next attempt has one of its own. Nothing is changed anywhere before the entry
 * is sent, so every failure before that says so.
 */

import { REQUEST_TIMEOUT_MS } from '../node/limits.ts';
import type {
  SqlParams,
  SqlValue,
  StateRequest,
  Statement,
  StatementOutcome,
  StatementResult,
  TransactionRequest,
} from '../node/sql.ts';
import type { LogIndex } from '../raft/types.ts';
import {
  checkFunction,
  checkParams,
  checkSql,
  checkStatement,
  checkTimeout,
  statementOf,
} from './arguments.ts';
import type { Calls } from './calls.ts';
import { aborted, type CallOptions } from './call-limits.ts';
import { callBack } from './callback.ts';
import { invalidArgument, ResqliteError, statementRefused, toReadError } from './errors.ts';
import type { Executed } from './protocol.ts';
import { asObjects, type Row } from './row.ts';

/**
 * What a transaction reads.
 *
 * @category Writes
 *
 * @example
 * ```ts
 * import { open, type TransactionRows } from 'resqlite';
 *
 * const db = await open();
 * const read: TransactionRows = await db.transaction((tx) => tx.query('SELECT 1 AS one'));
 * read.columns; // => ['one']
 * read.rows; // => [[1]]
 * ```
 */
export interface TransactionRows {
  /** Their names. */
  readonly columns: readonly string[];
  /** Of each its values, in the order of the columns. */
  readonly rows: readonly (readonly SqlValue[])[];
}

/**
 * What the callback of a transaction works with. Each call sees what those before it did, and waits
 * for them. A statement that fails rejects with `ResqliteError` and has no effect; the callback may go
 * on. Rejects with 'InvalidArgument' once the transaction has ended.
 *
 * @category Writes
 */
export interface Transaction {
  /**
   * Runs one statement, of whatever kind.
   *
   * @example
   * ```ts
   * import { open, ResqliteError, type Transaction } from 'resqlite';
   *
   * async function add(tx: Transaction, name: string): Promise<boolean> {
   *   try {
   *     await tx.execute({ sql: 'INSERT INTO person VALUES (?)', params: [name] });
   *     return true;
   *   } catch (error) {
   *     // There is one of that name; the transaction goes on.
   *     if (error instanceof ResqliteError && error.code === 'Sql') return false;
   *     throw error;
   *   }
   * }
   *
   * const db = await open();
   * await db.execute('CREATE TABLE person (name TEXT PRIMARY KEY)');
   * await db.transaction(async (tx) => [await add(tx, 'Ann'), await add(tx, 'Ann')]); // => [true, false]
   * ```
   */
  execute(statement: string | Statement): Promise<StatementResult>;

  /**
   * Runs one statement that only reads.
   *
   * @example
   * ```ts
   * import { open } from 'resqlite';
   *
   * const db = await open();
   * await db.execute('CREATE TABLE note (body TEXT)');
   * const count = await db.transaction(async (tx) => {
   *   await tx.execute("INSERT INTO note VALUES ('milk')");
   *   const { rows } = await tx.query('SELECT count(*) FROM note WHERE body = :body', { body: 'milk' });
   *   return rows[0][0];
   * });
   * count; // => 1
   * ```
   */
  query(sql: string, params?: SqlParams): Promise<TransactionRows>;

  /**
   * Runs one statement of whatever kind; values become parameters. Gives its rows.
   *
   * @example
   * ```ts
   * import { open } from 'resqlite';
   *
   * const db = await open();
   * await db.execute('CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT)');
   * const id = await db.transaction(async (tx) => {
   *   const [note] = await tx.sql<{ id: number }>`INSERT INTO note (body) VALUES (${'milk'}) RETURNING id`;
   *   return note.id;
   * });
   * id; // => 1
   * ```
   */
  sql<R extends object = Row>(
    strings: TemplateStringsArray,
    ...values: readonly (SqlValue | boolean)[]
  ): Promise<R[]>;
}

/**
 * How a transaction is tried. `timeoutMs` is for all attempts together; one alone has 60 s at most.
 *
 * @category Writes
 *
 * @example
 * ```ts
 * import { open, type TransactionOptions } from 'resqlite';
 *
 * const patient: TransactionOptions = {
 *   maxAttempts: 500,
 *   timeoutMs: 60_000,
 *   onRetry: (attempts) => console.warn(`met others ${attempts} times`),
 * };
 *
 * const db = await open();
 * await db.execute(['CREATE TABLE counter (value)', 'INSERT INTO counter VALUES (0)']);
 * const increment = () =>
 *   db.transaction((tx) => tx.execute('UPDATE counter SET value = value + 1'), patient);
 * await Promise.all([increment(), increment(), increment()]);
 * await db.sql`SELECT value FROM counter`; // => [{ value: 3 }]
 * ```
 */
export interface TransactionOptions extends CallOptions {
  /** How often it is tried; 50 times where not given. */
  readonly maxAttempts?: number;
  /** Called before it begins anew, with the number of attempts that met others. */
  readonly onRetry?: (attempts: number) => void;
}

export interface TransactionPorts {
  readIndex(timeoutMs: number): Promise<LogIndex>;
  begin(atLeast: LogIndex, timeoutMs: number): Promise<number>;
  run(transaction: number, statement: Statement, readsOnly: boolean): Promise<StatementOutcome>;
  finish(transaction: number): Promise<TransactionRequest | null>;
  discard(transaction: number): Promise<void>;
  /** Rejects with `ResqliteError`. */
  execute(request: StateRequest, limits: CallOptions): Promise<Executed>;
}

const MAX_ATTEMPTS = 50;
/** The longest pause before the second attempt, and before any. */
const BACKOFF_MIN_MS = 16;
const BACKOFF_MAX_MS = 500;

/** On this tab's node. */
export function transact<T>(
  calls: Calls,
  work: (tx: Transaction) => Promise<T>,
  options: TransactionOptions,
): Promise<T> {
  const { node } = calls;
  const ports: TransactionPorts = {
    readIndex: (timeoutMs) => node.node('readIndex', ['linearizable', timeoutMs]),
    begin: (atLeast, leftMs) => node.reader('beginTransaction', [atLeast, leftMs]),
    run: (id, statement, readsOnly) => node.reader('runInTransaction', [id, statement, readsOnly]),
    finish: (id) => node.reader('finishTransaction', [id]),
    discard: (id) => node.reader('discardTransaction', [id]),
    execute: (request, limits) => calls.execute(request, limits),
  };
  return runTransaction(ports, work, options);
}

/** Rejects with `ResqliteError`, and with whatever `work` throws. */
export async function runTransaction<T>(
  ports: TransactionPorts,
  work: (tx: Transaction) => Promise<T>,
  options: TransactionOptions,
): Promise<T> {
  checkFunction('a transaction', work);
  const maxAttempts = checkAttempts(options.maxAttempts ?? MAX_ATTEMPTS);
  const time = new CallersTime(options);
  try {
    // The state only moves on, so one barrier serves all attempts.
    const barrier = await time.limit(() => ports.readIndex(time.leftMs));
    for (let attempts = 1; ; attempts += 1) {
      const id = await begin(ports, barrier, time);
      const end = await new Attempt(ports, id, time).run(work);
      if (end.type === 'done') return end.value;
      if (attempts >= maxAttempts) throw conflict(attempts);
      callBack(options.onRetry, attempts);
      await time.pause(Math.random() * Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** attempts));
    }
  } finally {
    time.end();
  }
}

async function begin(
  ports: TransactionPorts,
  barrier: LogIndex,
  time: CallersTime,
): Promise<number> {
  const begun = ports.begin(barrier, time.leftMs);
  try {
    return await time.limit(() => begun);
  } catch (error) {
    // Nobody waits for it any more.
    begun.then((id) => ports.discard(id)).catch(() => undefined);
    throw error;
  }
}

type AttemptEnd<T> = { readonly type: 'done'; readonly value: T } | { readonly type: 'conflict' };

class Attempt {
  readonly #ports: TransactionPorts;
  readonly #id: number;
  readonly #time: CallersTime;
  /** Its calls, one after the other. */
  #queue: Promise<unknown> = Promise.resolve();
  #hasEnded = false;
  /** Why the worker has given it up. */
  #lost: ResqliteError | null = null;

  constructor(ports: TransactionPorts, id: number, time: CallersTime) {
    this.#ports = ports;
    this.#id = id;
    this.#time = time;
  }

  async run<T>(work: (tx: Transaction) => Promise<T>): Promise<AttemptEnd<T>> {
    let value: T;
    let request: TransactionRequest | null;
    try {
      value = await this.#time.wait(async () => work(this.#face()));
      this.#hasEnded = true;
      await this.#time.wait(() => this.#queue);
      if (this.#lost !== null) throw this.#lost;
      request = await this.#time.wait(() => this.#telling(this.#ports.finish(this.#id)));
    } catch (error) {
      this.#hasEnded = true;
      this.#ports.discard(this.#id).catch(() => undefined);
      if (!this.#time.isUp && this.#lost?.code === 'Conflict') return { type: 'conflict' };
      throw error;
    }
    return request === null ? { type: 'done', value } : this.#commit(request, value);
  }

  async #commit<T>(request: TransactionRequest, value: T): Promise<AttemptEnd<T>> {
    const { response } = await this.#ports.execute(request, this.#time.limits);
    if (response.committed) return { type: 'done', value };
    for (const outcome of response.outcomes) {
      if (outcome.type !== 'error' || outcome.error.code === 'Conflict') continue;
      throw statementRefused(outcome.error, outcome.error.sqlite.statement);
    }
    return { type: 'conflict' };
  }

  /** What the callback gets: it works wherever it is called from. */
  #face(): Transaction {
    return {
      execute: async (statement) => this.#call(checkStatement(statement), false),
      query: async (sql, params = []) => {
        const statement = { sql: checkSql(sql), params: checkParams(params) };
        const { columns, rows } = await this.#call(statement, true);
        return { columns, rows };
      },
      sql: async <R extends object>(
        strings: TemplateStringsArray,
        ...values: readonly (SqlValue | boolean)[]
      ) => asObjects<R>(await this.#call(statementOf(strings, values), false)),
    };
  }

  #call(statement: Statement, readsOnly: boolean): Promise<StatementResult> {
    if (this.#hasEnded) throw hasEnded();
    const own = copyOf(statement);
    const answer = this.#queue.then(() => this.#send(own, readsOnly));
    this.#queue = answer.catch(() => undefined);
    return answer;
  }

  async #send(statement: Statement, readsOnly: boolean): Promise<StatementResult> {
    if (this.#lost !== null) throw this.#lost;
    if (this.#time.isUp) throw hasEnded();
    const outcome = await this.#telling(this.#ports.run(this.#id, statement, readsOnly));
    if (outcome.type === 'result') return outcome.result;
    throw statementRefused(outcome.error, outcome.error.sqlite.statement);
  }

  /** The worker's answer; a failure that ends the transaction is remembered. */
  async #telling<Answer>(asked: Promise<Answer>): Promise<Answer> {
    try {
      return await asked;
    } catch (thrown) {
      const error = toReadError(thrown);
      if (error.code !== 'InvalidArgument') this.#lost = error;
      throw error;
    }
  }
}

/** The caller's time and its signal, from the first attempt to the last. */
class CallersTime {
  readonly #deadlineMs: number;
  readonly #signal: AbortSignal | undefined;
  readonly #over: Promise<never>;
  readonly #ending = new AbortController();
  #isUp = false;

  constructor({ timeoutMs: given, signal }: TransactionOptions) {
    const timeoutMs = checkTimeout(given ?? REQUEST_TIMEOUT_MS);
    this.#signal = signal;
    if (signal?.aborted === true) throw aborted('no');
    this.#deadlineMs = performance.now() + timeoutMs;
    this.#over = new Promise((_, reject) => {
      const end = (error: ResqliteError): void => {
        this.#isUp = true;
        reject(error);
      };
      const timer = setTimeout(() => end(timedOut(timeoutMs)), timeoutMs);
      signal?.addEventListener('abort', () => end(aborted('no')), { signal: this.#ending.signal });
      this.#ending.signal.addEventListener('abort', () => clearTimeout(timer));
    });
    this.#over.catch(() => undefined);
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  get leftMs(): number {
    return Math.max(1, this.#deadlineMs - performance.now());
  }

  get limits(): CallOptions {
    return { timeoutMs: this.leftMs, signal: this.#signal };
  }

  /** Waits for `work` as long as there is time. */
  wait<T>(work: () => Promise<T>): Promise<T> {
    return Promise.race([work(), this.#over]);
  }

  /** The same for calls that change nothing. */
  async limit<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.wait(work);
    } catch (error) {
      throw toReadError(error);
    }
  }

  async pause(durationMs: number): Promise<void> {
    await this.wait(async () => new Promise((resolve) => setTimeout(resolve, durationMs)));
  }

  end(): void {
    this.#ending.abort();
  }
}

/** What the caller does to its own later changes nothing then. Throws `ResqliteError` 'InvalidArgument'. */
export function copyOf(statement: Statement): Statement {
  try {
    return structuredClone(statement);
  } catch (error) {
    throw invalidArgument(error instanceof Error ? error.message : String(error));
  }
}

function checkAttempts(maxAttempts: unknown): number {
  if (typeof maxAttempts === 'number' && maxAttempts >= 1) return maxAttempts;
  throw invalidArgument('maxAttempts must be a positive number');
}

function hasEnded(): ResqliteError {
  return invalidArgument('the transaction has ended: every attempt has a tx of its own');
}

function timedOut(timeoutMs: number): ResqliteError {
  const message = `the transaction took longer than its ${timeoutMs} ms`;
  return new ResqliteError({ code: 'Timeout', applied: 'no', message, sqlite: null });
}

function conflict(attempts: number): ResqliteError {
  const message = `the transaction met others at each of ${attempts} attempts: nothing was changed`;
  return new ResqliteError({ code: 'Conflict', applied: 'no', message, sqlite: null });
}
