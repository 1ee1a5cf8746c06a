/** Whole files that go into a database and come out of it. Types only. */

import type { SqlParams } from '../node/sql.ts';
import type { CsvExportOptions } from './csv-export.ts';
import type { CsvImportOptions, CsvImportResult } from './csv-import.ts';
import type { DumpOptions } from './dump.ts';
import type { ExportOptions } from './export.ts';
import type { ImportedFile, ImportOptions } from './import.ts';

/** Whole files in and out: of SQLite, SQL, comma-separated values. */
export interface DatabaseFiles {
  /**
   * A SQLite file takes the place of all data, on every node. It goes through the log in chunks; until
   * the last one nothing changes, and others may go on to write what will then be gone. A file that did
   * not come whole goes on where it stopped when it is imported again within a day, in whatever tab.
   * 'InvalidArgument': it is damaged, or holds what cannot be replicated; 'Refused': another file is
   * being imported.
   */
  import(file: Blob, options?: ImportOptions): Promise<ImportedFile>;

  /**
   * This node's database as a standard SQLite file, without what is only ours. 'Overloaded': another
   * export is under way in this tab, or so much is being written that no copy can be made.
   */
  export(options?: ExportOptions): Promise<Blob>;

  /**
   * The database as SQL that makes it again, all of one state: what sqlite3's `.dump` writes, and what
   * it and `run` read. Virtual tables are made and filled through themselves; one that keeps no content
   * is made empty, and a comment says so. Rejects with 'InvalidArgument' where a name in `objects` is
   * no table's and no view's; its time limit is 2 minutes where not given.
   */
  dump(options?: DumpOptions): Promise<Blob>;

  /**
   * Puts the rows of a CSV file (RFC 4180, UTF-8) into a table, which is made where it is missing. Rows
   * go in in batches, each an atomic log entry; a row that fails does nothing and is counted. Rejects
   * only where the file cannot be taken at all, or the cluster fails; the error's `applied` and message
   * tell whether rows have gone in before.
   */
  importCsv(
    table: string,
    file: Blob | string,
    options?: CsvImportOptions,
  ): Promise<CsvImportResult>;

  /**
   * A query's whole result as CSV, all of one state. NULL is an empty field and an empty text a quoted
   * one; integers are exact; blobs are `X'…'` or base64. For the rest see `iterate`.
   */
  exportCsv(sql: string, params?: SqlParams, options?: CsvExportOptions): Promise<Blob>;
}
