/** `db.exportCsv`: a query's whole result as comma-separated values (RFC 4180), one header row first. */

import { callBack } from './callback.ts';
import { csvLine, type CsvBlobs } from './csv-text.ts';
import { checkSeparator } from './csv-import.ts';
import type { RowBatch } from './cursor.ts';
import { invalidArgument } from './errors.ts';
import type { QueryOptions } from './reads.ts';

/**
 * How far a CSV export is.
 *
 * @category Files
 *
 * @example
 * ```ts
 * import { open, type CsvExportProgress } from 'resqlite';
 *
 * const told: CsvExportProgress[] = [];
 * const db = await open();
 * await db.exportCsv('VALUES (1), (2)', [], { onProgress: (progress) => told.push(progress) });
 * told.at(-1); // => { rows: 2 }
 * ```
 */
export interface CsvExportProgress {
  /** Rows written so far. */
  readonly rows: number;
}

/**
 * How a CSV file is written.
 *
 * @category Files
 *
 * @example
 * ```ts
 * import { open, type CsvExportOptions } from 'resqlite';
 *
 * const tabbed: CsvExportOptions = { separator: '\t', header: false, level: 'none' };
 * const db = await open();
 * await (await db.exportCsv("SELECT 1, 'milk'", [], tabbed)).text(); // => '1\tmilk\r\n'
 * ```
 */
export interface CsvExportOptions extends QueryOptions {
  /** One character; a comma where not given. */
  readonly separator?: string;
  /** Whether the first row is the columns' names; true where not given. */
  readonly header?: boolean;
  /** How blobs are written: `X'0aff'` ('hex', where not given), which can be imported, or 'base64'. */
  readonly blobs?: CsvBlobs;
  /** Called behind every batch of rows. */
  readonly onProgress?: (progress: CsvExportProgress) => void;
}

const CSV_FILE = 'text/csv;charset=utf-8';

/** All of it is of one state of the database. */
export async function exportCsv(
  batches: AsyncIterable<RowBatch>,
  options: CsvExportOptions,
): Promise<Blob> {
  const { header = true, blobs = 'hex', onProgress } = options;
  const separator = checkSeparator(options.separator ?? ',');
  if (blobs !== 'hex' && blobs !== 'base64') throw invalidArgument("blobs are 'hex' or 'base64'");
  const parts: BlobPart[] = [];
  let rowCount = 0;
  for await (const { columns, rows } of batches) {
    if (parts.length === 0) parts.push(header ? csvLine(columns, separator, blobs) : '');
    // A Blob of its own for each batch: the browser may keep it outside of this page's memory.
    parts.push(new Blob([rows.map((row) => csvLine(row, separator, blobs)).join('')]));
    rowCount += rows.length;
    callBack(onProgress, { rows: rowCount });
  }
  return new Blob(parts, { type: CSV_FILE });
}
