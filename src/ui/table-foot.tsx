/** What stands below a table: how many rows there are, the selected cell, and what can be done with it. */

import type { Signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import type { SqlValue } from '../node/sql.ts';
import { writeClipboard } from './clipboard.ts';
import { CopyButton } from './copy-button.tsx';
import { valueText } from './shell/value-text.ts';
import type { CellPlace, TableRows } from './table-rows.ts';
import { cellOf, formatCount, formatRowCount } from './wording.ts';

interface FootProps {
  readonly rows: TableRows;
  readonly rowCount: number;
  readonly selected: Signal<CellPlace | null>;
  readonly onEdit: ((place: CellPlace) => void) | null;
  readonly children: ComponentChildren;
}

/** Shorter texts are seen in their cell as a whole. */
const SHORT_CHARACTERS = 36;
const SHOWN_CHARACTERS = 20_000;

export function TableFoot({ rows, rowCount, selected, onEdit, children }: FootProps) {
  const { value: cell } = selected;
  const value = cell === null ? undefined : valueAt(rows, cell);
  const hasFailed = rows.later !== null && rows.later.error !== null;
  const whole = value === undefined ? null : wholeText(value, rows.later !== null);
  return (
    <div class="table-foot">
      <div class="table-facts">
        <span>
          {cell === null
            ? formatRowCount(rows.rowCount, rowCount)
            : `Row ${formatCount(cell.row + 1)} of ${formatCount(rowCount)}, ${rows.columns[cell.column]}`}
        </span>
        {hasFailed && <span class="bad">No more rows can be read; run it again.</span>}
        {value !== undefined && (
          <CopyButton
            label="Copy cell"
            of={cell}
            read={() => ({ text: valueText(value, ''), done: 'Copied' })}
          />
        )}
        {value !== undefined && cell !== null && onEdit !== null && (
          <button type="button" class="link" onClick={() => onEdit(cell)}>
            Edit cell
          </button>
        )}
        {children}
      </div>
      {whole !== null && <pre class="cell-whole">{whole}</pre>}
    </div>
  );
}

/** What the cell itself does not show of its value; null where it shows all. */
function wholeText(value: SqlValue, isOneLine: boolean): string | null {
  // A large blob would be a far larger text.
  const part = value instanceof Uint8Array ? value.subarray(0, SHOWN_CHARACTERS / 2) : value;
  const text = valueText(part, '');
  const isCut = isOneLine ? text.length > SHORT_CHARACTERS : cellOf(value).note !== null;
  return isCut ? text.slice(0, SHOWN_CHARACTERS) : null;
}

/** Answers whether it could. */
export async function copyCell(rows: TableRows, place: CellPlace): Promise<boolean> {
  const value = valueAt(rows, place);
  return value !== undefined && (await writeClipboard(valueText(value, '')));
}

/** Undefined: it is not here. */
function valueAt(rows: TableRows, { row, column }: CellPlace): SqlValue | undefined {
  return rows.rowAt(row)?.[column];
}
