/** What a database is changed by. Types only. */

import type { SqlValue, Statement } from '../node/sql.ts';
import type { CallOptions } from './call-limits.ts';
import type { ExecuteAnswer } from './execute-answer.ts';
import type { MigrateOptions, MigrateResult, Migration } from './migration.ts';
import type { ExecuteOptions } from './queueing.ts';
import type { Row } from './row.ts';
import type { CursorRunOptions, RunOptions, RunResult } from './script-runs.ts';
import type { Transaction, TransactionOptions } from './transaction.ts';

/**
 * Writes: statements, transactions and scripts. What was answered is on the disks of a majority and is
 * not lost; every node comes to the same data. `random()`, `CURRENT_TIMESTAMP` and their like are the same
 * everywhere; what cannot be is refused ('NotReplicable'). An error's `applied` says whether the write
 * has taken effect nevertheless.
 *
 * @category Writes
 */
export interface DatabaseWrites {
  /**
   * Runs one statement; values become parameters. One that only reads is a linearizable query and
   * gives its rows; any other is executed through the log and gives its RETURNING rows. Rejects as
   * `query` and `execute` do; 'Sql' where it is not one statement. It may be taken off the handle.
   *
   * @example
   * ```ts
   * import { open } from 'resqlite';
   *
   * const { sql } = await open();
   * await sql`CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT)`;
   * const body = "it's safe";
   * await sql`INSERT INTO note (body) VALUES (${body}) RETURNING id`; // => [{ id: 1 }]
   * await sql`SELECT body FROM note WHERE id = ${1}`; // => [{ body: "it's safe" }]
   *
   * const notes = await sql<{ id: number; body: string }>`SELECT * FROM note`;
   * notes[0].body.length; // => 9
   * ```
   */
  readonly sql: <R extends object = Row>(
    strings: TemplateStringsArray,
    ...values: readonly (SqlValue | boolean)[]
  ) => Promise<R[]>;

  /**
   * One statement, or several as one atomic transaction, in one log entry. Rejects with the error of the
   * first statement that fails, its place in `statement`: then none of them has taken effect. 'TooLarge'
   * with `applied` 'yes': only what they answer was more than an answer may be.
   *
   * With `offline: 'queue'` a write that finds no quorum waits in the outbox of this browser profile, in
   * order behind others, and takes effect exactly once when there is a quorum again, whichever tab of the
   * profile is open then. This resolves when it has committed, and rejects with 'Cancelled' where it was
   * cancelled. If the page goes first, `outbox()` tells what came of it. Until then nobody reads it, also
   * not its own tab. Where the quorum is lost while the write is under way, it may still fail with
   * `applied` 'unknown', and is not queued then. Only statements that write are taken
   * ('InvalidArgument'); 256 of them wait at most, 4 MiB together ('Overloaded'); an answer above 16 KiB
   * is not kept ('TooLarge', `applied` 'yes').
   *
   * @example
   * ```ts
   * import { open } from 'resqlite';
   *
   * const db = await open();
   * await db.execute('CREATE TABLE account (name TEXT PRIMARY KEY, balance INTEGER CHECK (balance >= 0))');
   * await db.execute("INSERT INTO account VALUES ('Ann', 100), ('Bob', 0)");
   *
   * const pay = (amount: number) => [
   *   { sql: "UPDATE account SET balance = balance + ? WHERE name = 'Bob'", params: [amount] },
   *   { sql: "UPDATE account SET balance = balance - ? WHERE name = 'Ann'", params: [amount] },
   * ];
   * const { results, bookmark } = await db.execute(pay(30));
   * results.map(({ rowsAffected }) => rowsAffected); // => [1, 1]
   *
   * // All or nothing: Ann has not got so much.
   * await db.execute(pay(1_000)); // throws 'Sql'
   * const { rows } = await db.query('SELECT balance FROM account', [], { atLeast: bookmark });
   * rows; // => [[70], [30]]
   * ```
   */
  execute(
    request: string | Statement | readonly (string | Statement)[],
    options?: ExecuteOptions,
  ): Promise<ExecuteAnswer>;

  /**
   * Runs `work` as one serializable transaction: what it reads and what it writes is as if nothing
   * else had run meanwhile. It is tried on this tab's node, committed when `work` ends, and begun anew
   * where others have changed what it saw: `work` may run several times, and should do nothing else.
   * What it throws undoes the transaction and is thrown on. Rejects with 'Conflict' where every attempt
   * met others.
   *
   * @example
   * ```ts
   * import { open } from 'resqlite';
   *
   * const db = await open();
   * await db.execute('CREATE TABLE seat (number INTEGER PRIMARY KEY, person TEXT)');
   * await db.execute('INSERT INTO seat (number) VALUES (1), (2)');
   *
   * // The first free seat; null: there is none.
   * function book(person: string): Promise<number | null> {
   *   return db.transaction(async (tx) => {
   *     const [free] = await tx.sql<{ number: number }>`
   *       SELECT number FROM seat WHERE person IS NULL ORDER BY number LIMIT 1`;
   *     if (free === undefined) return null;
   *     await tx.sql`UPDATE seat SET person = ${person} WHERE number = ${free.number}`;
   *     return free.number;
   *   });
   * }
   *
   * const booked = await Promise.all(['Ann', 'Bob', 'Cid'].map(book));
   * booked.toSorted(); // => [1, 2, null]
   * ```
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>;

  /**
   * Runs any number of statements, as sqlite3 runs a file: a failing one is counted and the next one
   * runs. Rejects only where the cluster or the node fails, or its caller aborts it; then what was
   * answered before has taken effect, and the error's `applied` and message tell whether there was any.
   *
   * @example
   * ```ts
   * import { open } from 'resqlite';
   *
   * const db = await open();
   * const { statements, errors, firstErrors } = await db.run(`
   *   CREATE TABLE note (body TEXT);
   *   INSERT INTO note VALUES ('milk');
   *   INSERT INTO missing VALUES (1);
   * `);
   * statements; // => 3
   * errors; // => 1
   * firstErrors.map(({ line, error }) => [line, error.code]); // => [[4, 'Sql']]
   * ```
   */
  run(script: string, options?: RunOptions): Promise<RunResult>;
  /**
   * The same; what a statement reads is a cursor, for results of any size.
   *
   * @example
   * ```ts
   * import { open } from 'resqlite';
   *
   * const db = await open();
   * let read = 0;
   * await db.run('SELECT 1; SELECT 2', {
   *   reads: 'cursor',
   *   onResult: ({ outcome }) => {
   *     if (outcome.type !== 'rows') return;
   *     read += outcome.answer.rowCount;
   *     void outcome.answer.close();
   *   },
   * });
   * read; // => 2
   * ```
   */
  run(script: string, options: CursorRunOptions): Promise<RunResult>;

  /**
   * Applies those of the migrations that are missing, in the order of the list, each exactly once in the
   * cluster and as one atomic log entry, whatever other tabs do meanwhile. What was applied is in the table
   * `resqlite_migrations` (`version`, `name`, `hash`, `applied_at`). `open({ migrations })` does the same;
   * this is for a page that shows something until it resolves: at once, and without a majority, where this
   * tab's copy of the data has all of them; else when a majority can be reached.
   *
   * Rejects with 'NewerSchema' where a newer version of the page has applied more than the list has, with
   * 'ChangedMigration' where others were applied than it has, with 'NoQuorum' or 'Timeout' when the time
   * is up. A migration that fails has no effect, and those before it stay. It rejects then with what SQLite
   * says ('Sql', 'NotReplicable'), with 'TooLarge' where it is more than a log entry takes (8 MiB, and some
   * tens of seconds; 4 MiB and 60 s for a function), with 'FailedMigration' where a function threw. The
   * error's `migration` says which one and which statement of it; `applied` is about that one alone.
   *
   * @example
   * ```ts
   * import { open, ResqliteError, type Migration } from 'resqlite';
   *
   * const migrations: Migration[] = [
   *   { name: 'notes', up: 'CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT)' },
   *   { name: 'first note', up: "INSERT INTO note (body) VALUES ('hello')" },
   * ];
   * const db = await open();
   * document.title = 'Waiting for the others…';
   * const { applied } = await db.migrate(migrations);
   * document.title = 'Notes';
   * applied; // => ['notes', 'first note']
   * await db.sql`SELECT body FROM note`; // => [{ body: 'hello' }]
   *
   * // What a tab with an older version of the page meets from then on.
   * await db.migrate(migrations.slice(0, 1)); // throws 'NewerSchema'
   * ```
   */
  migrate(migrations: readonly Migration[], options?: MigrateOptions): Promise<MigrateResult>;

  /**
   * Rebuilds the database, on every node, so that it takes no more room than it needs. Rows of
   * tables that have neither an INTEGER PRIMARY KEY nor an index are numbered anew. The statement
   * `VACUUM` does the same. `timeoutMs` is 120 s where not given.
   *
   * @example
   * ```ts
   * import { open } from 'resqlite';
   *
   * const db = await open();
   * await db.execute(['CREATE TABLE big (x)', 'INSERT INTO big VALUES (zeroblob(1000000))']);
   * await db.execute('DROP TABLE big');
   * const before = await db.export();
   * await db.vacuum();
   * (await db.export()).size < before.size; // => true
   * ```
   */
  vacuum(options?: CallOptions): Promise<ExecuteAnswer>;
}
