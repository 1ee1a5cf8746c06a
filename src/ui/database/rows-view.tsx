/** Rows as a table or as JSON, as the person has chosen. Of very many JSON shows the first. */

import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { toReadError } from '../../client/errors.ts';
import { ResultTable, type RowOrder } from '../result-table.tsx';
import { firstRowsOf, type CellPlace, type TableRows } from '../table-rows.ts';
import { formatRowCount } from '../wording.ts';
import { resultForm } from './result-form.ts';
import { RowActions } from './row-actions.tsx';
import type { RowQuery } from './row-files.ts';
import { jsonRows } from './row-text.ts';

const JSON_ROWS = 1_000;
const JSON_CHARACTERS = 500_000;

interface Props {
  readonly label: string;
  /** Of the file that they are downloaded as. */
  readonly name: string;
  readonly rows: TableRows;
  readonly rowCount: number;
  readonly nullText: string | null;
  /** What they are read by, where they can be read again. */
  readonly query: RowQuery | null;
  readonly order: RowOrder | null;
  readonly onEdit: ((place: CellPlace) => void) | null;
}

export function RowsView(props: Props) {
  const { label, name, rows, rowCount, query } = props;
  const actions = <RowActions name={name} rows={rows} query={query} />;
  if (resultForm.value === 'json') {
    return (
      <JsonRows label={label} rows={rows} rowCount={rowCount}>
        {actions}
      </JsonRows>
    );
  }
  return (
    <ResultTable
      label={label}
      rows={rows}
      nullText={props.nullText}
      rowCount={rowCount}
      order={props.order}
      onEdit={props.onEdit}
    >
      {actions}
    </ResultTable>
  );
}

interface JsonProps extends Pick<Props, 'label' | 'rows' | 'rowCount'> {
  readonly children: ComponentChildren;
}

function JsonRows({ label, rows, rowCount, children }: JsonProps) {
  const shown = useSignal<{ readonly text: string; readonly count: number } | null>(null);
  const problem = useSignal<string | null>(null);

  useEffect(() => {
    let isCurrent = true;
    void (async () => {
      try {
        const some = await firstRowsOf(rows, JSON_ROWS);
        if (isCurrent) shown.value = cut(rows.columns, some);
      } catch (error) {
        if (isCurrent) problem.value = toReadError(error).message;
      }
    })();
    return () => {
      isCurrent = false;
    };
  }, [rows]);

  return (
    <>
      <pre class="output" role="region" aria-label={`${label} as JSON`} tabIndex={0}>
        {shown.value?.text}
      </pre>
      <div class="table-foot">
        <div class="table-facts">
          {shown.value !== null && <span>{formatRowCount(shown.value.count, rowCount)}</span>}
          {problem.value !== null && <span class="bad">{problem.value}</span>}
          {children}
        </div>
      </div>
    </>
  );
}

/** As many of the rows as fit. */
function cut(columns: TableRows['columns'], rows: Parameters<typeof jsonRows>[1]) {
  let count = rows.length;
  let text = jsonRows(columns, rows);
  while (text.length > JSON_CHARACTERS && count > 1) {
    count = Math.floor(count / 2);
    text = jsonRows(columns, rows.slice(0, count));
  }
  return { text, count };
}
