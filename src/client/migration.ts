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

export interface MigrateOptions extends CallOptions {
  /** How long to wait for a majority, and for all of it; 30 s where not given. */
  readonly timeoutMs?: number;
}

export interface MigrateResult {
  /** Of the schema as it is now: how many migrations have been applied to it. */
  readonly version: number;
  /** The names of those that this call has applied. Others were there before, or came from other tabs. */
  readonly applied: readonly string[];
  /** Stands for the schema in a later read's `atLeast`. */
  readonly bookmark: string;
}

/** What an error tells of the migration that it is about. */
export interface MigrationDetail {
  /** Its place in the list, counted from 1. */
  readonly version: number;
  readonly name: string;
  /** The statement of it that failed; null: it was not one statement that did. */
  readonly sql: string | null;
}
