/** Whole files that go into a database and come out of it. Types only. */

import type { SqlParams } from '../node/sql.ts';
import type { CsvExportOptions } from './csv-export.ts';
import type { CsvImportOptions, CsvImportResult } from './csv-import-options.ts';
import type { DumpOptions } from './dump.ts';
import type { ExportOptions } from './export.ts';
import type { ImportedFile, ImportOptions } from './import.ts';

/**
 * Whole files in and out: SQLite's own, SQL, and comma-separated values.
 *
 * @category Files
 */
export interface DatabaseFiles {
  /**
   * A SQLite file takes the place of all data, on every node. It goes through the log in chunks; until
   * the last one nothing changes, and others may go on to write what will then be gone. A file that did
   * not come whole goes on where it stopped when it is imported again within a day, in whatever tab.
   * 'InvalidArgument': it is damaged, or holds what cannot be replicated; 'Refused': another file is
   * being imported.
   *
   * @example
   * ```ts
   * import { open } from 'resqlite';
   *
   * const db = await open();
   * await db.execute(['CREATE TABLE note (body TEXT)', "INSERT INTO note VALUES ('milk')"]);
   * const kept = await db.export();
   * await db.execute('DROP TABLE note');
   *
   * const { bookmark } = await db.import(kept);
   * const { rows } = await db.query('SELECT body FROM note', [], { level: 'none', atLeast: bookmark });
   * rows; // => [['milk']]
   * await db.import(new Blob(['no database'])); // throws 'InvalidArgument'
   * ```
   */
  import(file: Blob, options?: ImportOptions): Promise<ImportedFile>;

  /**
   * This node's database as a standard SQLite file, without what is only ours. 'Overloaded': another
   * export is under way in this tab, or so much is being written that no copy can be made.
   *
   * @example
   * ```ts
   * import { open } from 'resqlite';
   *
   * const db = await open();
   * await db.execute('CREATE TABLE note (body TEXT)');
   * const file = await db.export();
   * file.type; // => 'application/vnd.sqlite3'
   * await file.slice(0, 15).text(); // => 'SQLite format 3'
   *
   * // For a person to keep.
   * const link = document.createElement('a');
   * link.href = URL.createObjectURL(file);
   * link.download = 'notes.sqlite';
   * document.body.append(link);
   * ```
   */
  export(options?: ExportOptions): Promise<Blob>;

  /**
   * The database as SQL that makes it again, all of one state: what sqlite3's `.dump` writes, and what
   * it and `run` read. Virtual tables are made and filled through themselves; one that keeps no content
   * is made empty, and a comment says so. Rejects with 'InvalidArgument' where a name in `objects` is
   * no table's and no view's; its time limit is 2 minutes where not given.
   *
   * @example
   * ```ts
   * import { open } from 'resqlite';
   *
   * const db = await open();
   * await db.execute(['CREATE TABLE note (body TEXT)', "INSERT INTO note VALUES ('milk')"]);
   * const script = await (await db.dump({ objects: ['note'] })).text();
   * script.includes('CREATE TABLE note (body TEXT);'); // => true
   *
   * await db.execute('DROP TABLE note');
   * await db.run(script);
   * await db.sql`SELECT body FROM note`; // => [{ body: 'milk' }]
   * await db.dump({ objects: ['missing'] }); // throws 'InvalidArgument'
   * ```
   */
  dump(options?: DumpOptions): Promise<Blob>;

  /**
   * Puts the rows of a CSV file (RFC 4180, UTF-8) into a table, which is made where it is missing. Rows
   * go in in batches, each an atomic log entry; a row that fails does nothing and is counted. Rejects
   * only where the file cannot be taken at all, or the cluster fails; the error's `applied` and message
   * tell whether rows have gone in before.
   *
   * @example
   * ```ts
   * import { open } from 'resqlite';
   *
   * const db = await open();
   * const file = 'name,price\r\nmilk,1.25\r\nbread,2.5\r\n';
   * const { rows, created } = await db.importCsv('item', file);
   * [rows, created]; // => [2, true]
   * await db.sql`SELECT name, CAST(price AS REAL) AS price FROM item WHERE name = ${'milk'}`;
   * // => [{ name: 'milk', price: 1.25 }]
   * ```
   */
  importCsv(
    table: string,
    file: Blob | string,
    options?: CsvImportOptions,
  ): Promise<CsvImportResult>;

  /**
   * A query's whole result as CSV, all of one state. NULL is an empty field and an empty text a quoted
   * one; integers are exact; blobs are `X'…'` or base64. For the rest see `iterate`.
   *
   * @example
   * ```ts
   * import { open } from 'resqlite';
   *
   * const db = await open();
   * const csv = await db.exportCsv("SELECT 1 AS id, 'milk, bread' AS body, NULL AS due");
   * await csv.text(); // => 'id,body,due\r\n1,"milk, bread",\r\n'
   * ```
   */
  exportCsv(sql: string, params?: SqlParams, options?: CsvExportOptions): Promise<Blob>;
}
