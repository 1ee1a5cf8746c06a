/** What callers of `db.importCsv` say, and what they are told. Types only. */

import type { LogIndex } from '../raft/types.ts';
import type { ResqliteError } from './errors.ts';

/**
 * How far a CSV import is.
 *
 * @category Files
 *
 * @example
 * ```ts
 * import { open, type CsvImportProgress } from 'resqlite';
 *
 * const told: CsvImportProgress[] = [];
 * const db = await open();
 * await db.importCsv('item', 'name\nmilk\n', { onProgress: (progress) => told.push(progress) });
 * told.at(-1); // => { rows: 1, errors: 0, fraction: 1 }
 * ```
 */
export interface CsvImportProgress {
  /** Rows that are in. */
  readonly rows: number;
  /** Rows that are not. */
  readonly errors: number;
  /** How much of the file is done, from 0 to 1. */
  readonly fraction: number;
}

/**
 * How a CSV file is read.
 *
 * @category Files
 *
 * @example
 * ```ts
 * import { open, type CsvImportOptions } from 'resqlite';
 *
 * const options: CsvImportOptions = { separator: ';', skip: 1, columns: ['name', 'price'] };
 * const db = await open();
 * await db.execute('CREATE TABLE item (id INTEGER PRIMARY KEY, price REAL, name TEXT)');
 * await db.importCsv('item', 'Name;Price\nmilk;1.5\n', options);
 * await db.sql`SELECT * FROM item`; // => [{ id: 1, price: 1.5, name: 'milk' }]
 * ```
 */
export interface CsvImportOptions {
  /** One character; a comma where not given. */
  readonly separator?: string;
  /** Rows left out at the file's beginning. */
  readonly skip?: number;
  /**
   * Whether the first row names columns. Where not given it does when the table has to be made, and
   * `columns` are not given: as in sqlite3, which takes it for a row of a table that is there.
   */
  readonly header?: boolean;
  /** The columns that the fields are for, in their order; all of the table's where not given. */
  readonly columns?: readonly string[];
  /**
   * Tells types by the fields that are not quoted: `X'…'` is a BLOB, and a number, in a column without
   * a type, an INTEGER or a REAL (one without a fraction becomes an INTEGER). A table that has to be
   * made gets columns without types then, else of type TEXT.
   */
  readonly infer?: boolean;
  /** What an empty field without quotes is: 'null', where not given, or an empty 'text'. */
  readonly empty?: 'null' | 'text';
  /** Stop at the first error; the batch it happens in is not in then. */
  readonly bail?: boolean;
  /** Called behind every batch. */
  readonly onProgress?: (progress: CsvImportProgress) => void;
  /**
   * Its abort ends the import with 'Aborted'; whole batches from the file's beginning are in then.
   */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Why a row of a CSV file is not in.
 *
 * @category Files
 *
 * @example
 * ```ts
 * import { open, type CsvError } from 'resqlite';
 *
 * const describe = ({ line, error }: CsvError) => `${line}: ${error.code}`;
 *
 * const db = await open();
 * await db.execute('CREATE TABLE item (name TEXT UNIQUE)');
 * const { firstErrors } = await db.importCsv('item', 'milk\nbread\nmilk\n');
 * firstErrors.map(describe); // => ['3: Sql']
 * ```
 */
export interface CsvError {
  /** The line the row begins in, counted from 1. */
  readonly line: number;
  /** Why. */
  readonly error: ResqliteError;
}

/**
 * What came of a CSV import.
 *
 * @category Files
 *
 * @example
 * ```ts
 * import { open, type CsvImportResult } from 'resqlite';
 *
 * const describe = ({ rows, errors }: CsvImportResult) => `${rows} rows, ${errors} errors`;
 *
 * const db = await open();
 * describe(await db.importCsv('item', 'name,price\nmilk,1\nbread\n')); // => '1 rows, 1 errors'
 * ```
 */
export interface CsvImportResult {
  /** Rows that are in. */
  readonly rows: number;
  /** Rows that are not: they cannot be read, have another number of fields, or SQLite refused them. */
  readonly errors: number;
  /** The first of them. */
  readonly firstErrors: readonly CsvError[];
  /** The table was made. */
  readonly created: boolean;
  /** The last log entry; 0: there was none. */
  readonly index: LogIndex;
  /** Stands for `index` in a later read's `atLeast`. */
  readonly bookmark: string;
}
