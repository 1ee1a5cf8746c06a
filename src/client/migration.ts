/**
 * What a schema migration is, as a page's code writes it down, and what asking for some of them answers.
 * Types only: what runs them is fetched when it is first called for.
 */

import type { Statement } from '../node/sql.ts';
import type { CallOptions } from './call-limits.ts';
import type { Transaction } from './transaction.ts';

/**
 * One step of a schema. A page's migrations are a list that only grows at its end: the place in it, counted
 * from 1, is the version of the schema that a migration makes, and what was applied once is never changed.
 *
 * @category Opening
 *
 * @example
 * ```ts
 * import { open, type Migration } from 'resqlite';
 *
 * const migrations: Migration[] = [
 *   {
 *     name: 'notes',
 *     up: `CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
 *          CREATE INDEX note_body ON note (body);`,
 *   },
 *   {
 *     name: 'greeting',
 *     up: [{ sql: 'INSERT INTO note (body) VALUES (?)', params: ['hello'] }],
 *   },
 *   {
 *     name: 'capitals',
 *     up: async (tx) => {
 *       for (const { id, body } of await tx.sql<{ id: number; body: string }>`SELECT * FROM note`) {
 *         await tx.sql`UPDATE note SET body = ${body.toUpperCase()} WHERE id = ${id}`;
 *       }
 *     },
 *   },
 * ];
 * const db = await open({ migrations });
 * await db.sql`SELECT body FROM note`; // => [{ body: 'HELLO' }]
 * await db.sql`SELECT version, name FROM resqlite_migrations WHERE version > 1`;
 * // => [{ version: 2, name: 'greeting' }, { version: 3, name: 'capitals' }]
 * ```
 */
export interface Migration {
  /** Not empty, and its own in the list. Kept in the table `resqlite_migrations`, and part of errors. */
  readonly name: string;
  /**
   * What brings the schema, and the data, from the version before to this one, as one atomic log entry.
   * - SQL of any number of statements.
   * - An array of such texts and of single statements with parameters.
   * - A function, for what needs code: it gets the transaction that `Database.transaction` gives, within
   *   the same bounds, and may run several times. Of a function only the name is compared later on.
   *
   * `BEGIN` and `COMMIT` mean nothing in it, and what only reads is left out. A `PRAGMA foreign_keys = off`
   * anywhere in a text holds for the whole migration, as the rebuilding of a table needs it; what breaks
   * a foreign key then is not noticed. A function has foreign keys on.
   */
  readonly up: string | readonly (string | Statement)[] | ((tx: Transaction) => Promise<void>);
}

/**
 * How long `Database.migrate` waits, and for whom.
 *
 * @category Opening
 *
 * @example
 * ```ts
 * import { open, type MigrateOptions } from 'resqlite';
 *
 * const db = await open();
 * const leaving = new AbortController();
 * const options: MigrateOptions = { timeoutMs: 120_000, signal: leaving.signal };
 * leaving.abort();
 * await db.migrate([], options); // throws 'Aborted'
 * ```
 */
export interface MigrateOptions extends CallOptions {
  /** How long to wait for a majority, and for all of it; 30 s where not given, `Infinity`: until it is there. */
  readonly timeoutMs?: number;
}

/**
 * What `Database.migrate` has come to.
 *
 * @category Opening
 *
 * @example
 * ```ts
 * import { open, type MigrateResult } from 'resqlite';
 *
 * const db = await open();
 * const first = { name: 'notes', up: 'CREATE TABLE note (body TEXT)' };
 * const second = { name: 'authors', up: 'ALTER TABLE note ADD COLUMN author TEXT' };
 * await db.migrate([first]);
 * const result: MigrateResult = await db.migrate([first, second]);
 * [result.version, result.applied]; // => [2, ['authors']]
 * const read = { level: 'none', atLeast: result.bookmark } as const;
 * (await db.query('SELECT author FROM note', [], read)).rows; // => []
 * ```
 */
export interface MigrateResult {
  /** Of the schema as it is now: how many migrations have been applied to it. */
  readonly version: number;
  /**
   * The names of those that this call was told it has applied. Others were there before, came from other
   * tabs, or are of this call, which heard of it by the records alone, as the answer was lost.
   */
  readonly applied: readonly string[];
  /** Stands for the schema in a later read's `atLeast`. */
  readonly bookmark: string;
}

/**
 * What an error tells of the migration that it is about.
 *
 * @category Errors
 *
 * @example
 * ```ts
 * import { open, ResqliteError, type MigrationDetail } from 'resqlite';
 *
 * const db = await open();
 * const up = 'CREATE TABLE note (body TEXT); CREATE INDEX by_author ON note (author);';
 * const error = await db.migrate([{ name: 'notes', up }]).catch((thrown) => thrown);
 * if (!(error instanceof ResqliteError)) throw error;
 * [error.code, error.applied, error.statement]; // => ['Sql', 'no', 1]
 * const migration: MigrationDetail | null = error.migration;
 * migration;
 * // => { version: 1, name: 'notes', sql: 'CREATE INDEX by_author ON note (author);' }
 * ```
 */
export interface MigrationDetail {
  /** Its place in the list, counted from 1. */
  readonly version: number;
  /** As the page's list has it; of one that the list has not, as it was recorded. */
  readonly name: string;
  /** The statement of it that failed; null: it was not one statement that did. */
  readonly sql: string | null;
}
