/** Rows of a result: a table that scrolls by itself and shows a bounded number of rows at a time. */

import { useSignal } from '@preact/signals';
import type { SqlValue } from '../node/sql.ts';
import { cellOf, formatCount } from './wording.ts';

interface Props {
  readonly label: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly SqlValue[])[];
}

const FIRST_ROWS = 100;
const MORE_ROWS = 500;

export function ResultTable({ label, columns, rows }: Props) {
  const limit = useSignal(FIRST_ROWS);
  const shown = rows.slice(0, limit.value);
  const more = Math.min(MORE_ROWS, rows.length - shown.length);
  const kinds = columns.map((_, at) => kindOfColumn(shown, at));
  return (
    <>
      <div class="table-scroll" role="region" aria-label={label} tabIndex={0}>
        <table class="rows">
          <thead>
            <tr>
              {columns.map((name, at) => (
                <th key={at} scope="col" class={kinds[at] === 'number' ? 'cell-right' : ''}>
                  {name}
                </th>
              ))}
              <td class="cell-rest" />
            </tr>
          </thead>
          <tbody>
            {shown.map((row, at) => (
              <tr key={at}>
                {row.map((value, column) => (
                  <Value key={column} value={value} isRight={kinds[column] === 'number'} />
                ))}
                <td class="cell-rest" />
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {more > 0 && (
        <p class="table-more">
          {formatCount(shown.length)} of {formatCount(rows.length)} rows shown{' '}
          <button
            type="button"
            class="link"
            onClick={() => {
              limit.value += MORE_ROWS;
            }}
          >
            Show {formatCount(more)} more
          </button>
        </p>
      )}
    </>
  );
}

/** A column of numbers is headed like one. */
function kindOfColumn(rows: Props['rows'], at: number): 'number' | 'text' {
  const isNumber = (row: readonly SqlValue[]): boolean => {
    const value = row[at];
    return typeof value === 'number' || typeof value === 'bigint';
  };
  const known = rows.filter((row) => row[at] !== null);
  return known.length > 0 && known.every(isNumber) ? 'number' : 'text';
}

interface ValueProps {
  readonly value: SqlValue;
  /** Aligned like the numbers of its column. */
  readonly isRight: boolean;
}

function Value({ value, isRight }: ValueProps) {
  const { kind, text, note } = cellOf(value);
  return (
    <td class={`cell-${kind} ${isRight ? 'cell-right' : ''}`}>
      <span class="cell-value">{text}</span>
      {note !== null && <span class="cell-note"> {note}</span>}
    </td>
  );
}
