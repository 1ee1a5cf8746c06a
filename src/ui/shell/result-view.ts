/**
 * Makes of a result what is shown of it, in the mode that is set. Small results are taken over and
 * their cursor is closed; of large ones a table keeps the cursor, and text has the first rows only:
 * nobody reads further, and a browser would lay it out for minutes.
 */

import { RowBlocks, type Row, type RowSource } from '../row-source.ts';
import { isQueryPlan, planText, planTree } from './query-plan.ts';
import type { Settings } from './settings.ts';
import type { ResultView } from './shell-items.ts';
import { formatRows, type TextFormat } from './text-format.ts';

const TEXT_ROWS = 1_000;
const SAMPLE_ROWS = 50;
/** Of a block of a table, where its rows are not too large for that. */
const BLOCK_ROWS = 200;
/** About as much is read at once, in characters and bytes: the page shall not notice. */
const READ_SIZE = 2_000_000;

/**
 * `mayKeep` is asked where a cursor would stay open. Closes the source unless the view has it;
 * rejects with `ResqliteError`.
 */
export async function viewOfSource(
  source: RowSource,
  sql: string,
  settings: Settings,
  mayKeep: () => boolean,
): Promise<ResultView> {
  let isKept = false;
  try {
    const { columns, rowCount } = source;
    const isText = settings.mode !== 'table';
    const rows = await firstRows(source, isText ? TEXT_ROWS : BLOCK_ROWS);
    if (isText || rows.length === rowCount || !mayKeep()) {
      return viewOfRows({ columns, rows, rowCount }, sql, settings);
    }
    const some = Math.min(SAMPLE_ROWS, rows.length);
    const last = await source.read(rowCount - some, some);
    const blocks = new RowBlocks(source, rows, [...rows.slice(0, some), ...last]);
    isKept = true;
    return { type: 'blocks', blocks, nullText: settings.nullText };
  } finally {
    // One that cannot be closed goes with the worker, or in its time.
    if (!isKept) void source.close();
  }
}

/** `count` rows, or fewer where they are large: a few of them tell. */
async function firstRows(source: RowSource, count: number): Promise<readonly Row[]> {
  const few = await source.read(0, FEW_ROWS);
  if (few.length < FEW_ROWS || source.rowCount === FEW_ROWS) return few;
  const size = few.reduce((sum, row) => sum + sizeOf(row), 0) / few.length;
  const fitting = Math.max(FEW_ROWS, Math.floor(READ_SIZE / size));
  const wanted = Math.min(count, fitting);
  return [...few, ...(await source.read(FEW_ROWS, wanted - FEW_ROWS))];
}

const FEW_ROWS = 20;

function sizeOf(row: Row): number {
  let size = 1;
  for (const value of row) {
    size += typeof value === 'string' || value instanceof Uint8Array ? value.length : 8;
  }
  return size;
}

export function viewOfRows(
  result: {
    readonly columns: readonly string[];
    readonly rows: readonly Row[];
    readonly rowCount: number;
  },
  sql: string,
  settings: Settings,
): ResultView {
  const { columns, rows, rowCount } = result;
  const { mode, nullText } = settings;
  const roots = isQueryPlan(sql) ? planTree(rows) : null;
  if (mode === 'table') {
    if (roots !== null) return { type: 'plan', roots };
    if (rows.length > BLOCK_ROWS)
      return { type: 'blocks', blocks: heldBlocks(columns, rows), nullText };
    return { type: 'table', columns, rows, rowCount, nullText };
  }
  const format: TextFormat = {
    mode,
    headers: settings.headers,
    nullText: nullText ?? '',
    columnSeparator: settings.columnSeparator,
    rowSeparator: settings.rowSeparator,
    widths: settings.widths,
    table: settings.insertTable,
  };
  const shown = rows.slice(0, TEXT_ROWS);
  const text = roots === null ? formatRows(format, columns, shown) : planText(roots);
  return { type: 'text', text, shownRows: shown.length, rowCount };
}

/** Rows that are here, and too many to be drawn as a whole. */
function heldBlocks(columns: readonly string[], rows: readonly Row[]): RowBlocks {
  const source: RowSource = {
    columns,
    rowCount: rows.length,
    read: async (from, count) => rows.slice(from, from + count),
    close: async () => undefined,
  };
  const sample = [...rows.slice(0, SAMPLE_ROWS), ...rows.slice(-SAMPLE_ROWS)];
  return new RowBlocks(source, rows.slice(0, BLOCK_ROWS), sample);
}
