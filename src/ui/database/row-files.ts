/** A whole result as a file. Rows that are not all here are read again. */

import { exportCsv } from '../../client/csv-export.ts';
import type { RowBatch } from '../../client/cursor.ts';
import type { Database } from '../../client/database.ts';
import type { ReadLevel, SqlParams } from '../../node/sql.ts';
import { firstRowsOf, type TableRows } from '../table-rows.ts';
import { jsonLines } from './row-text.ts';

/** What rows are read by. */
export interface RowQuery {
  readonly sql: string;
  readonly params: SqlParams;
  readonly level: ReadLevel;
}

export type FileFormat = 'csv' | 'json';

/** Rejects with `ResqliteError`. `rows` are taken where there is no query for them. */
export async function fileOf(
  format: FileFormat,
  database: Database,
  query: RowQuery | null,
  rows: TableRows | null,
): Promise<Blob> {
  const batches =
    query === null
      ? heldBatches(rows)
      : database.iterate(query.sql, query.params, { level: query.level });
  return format === 'csv' ? exportCsv(batches, {}) : jsonFile(batches);
}

async function* heldBatches(rows: TableRows | null): AsyncGenerator<RowBatch, void> {
  if (rows === null) return;
  yield { columns: rows.columns, rows: await firstRowsOf(rows, rows.rowCount) };
}

async function jsonFile(batches: AsyncIterable<RowBatch>): Promise<Blob> {
  const parts: BlobPart[] = ['['];
  let between = '\n';
  for await (const { columns, rows } of batches) {
    if (rows.length === 0) continue;
    // A Blob of its own for each batch: the browser may keep it outside of this page's memory.
    parts.push(new Blob([between, jsonLines(columns, rows).join(',\n')]));
    between = ',\n';
  }
  parts.push('\n]\n');
  return new Blob(parts, { type: 'application/json' });
}
