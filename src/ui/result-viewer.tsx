/** The rows of one statement, as the mode has them. */

import { useMemo } from 'preact/hooks';
import { level } from './console-store.ts';
import { CopyText } from './copy-button.tsx';
import { DownloadButton } from './database/row-actions.tsx';
import type { RowQuery } from './database/row-files.ts';
import { RowsView } from './database/rows-view.tsx';
import { PlanTree } from './plan-tree.tsx';
import type { ResultView } from './shell/shell-items.ts';
import { rowsOfView } from './table-rows.ts';
import { formatRowCount } from './wording.ts';

interface Props {
  readonly label: string;
  readonly view: ResultView;
  /** What the rows are read by, where they can be read again. */
  readonly sql: string | null;
}

export function ResultViewer({ label, view, sql }: Props) {
  const query = sql === null ? null : { sql, params: [], level: level.value };
  switch (view.type) {
    case 'plan':
      return <PlanTree label={label} roots={view.roots} />;
    case 'text':
      return (
        <>
          <TextOutput label={label} text={view.text} />
          <div class="table-foot">
            <div class="table-facts">
              <span>{formatRowCount(view.shownRows, view.rowCount)}</span>
              {view.text !== '' && <CopyText label="Copy" text={view.text} />}
              {query !== null && (
                <DownloadButton format="csv" name="result" rows={null} query={query} />
              )}
            </div>
          </div>
        </>
      );
    case 'table':
    case 'blocks':
      return <Rows label={label} view={view} query={query} />;
  }
}

interface RowsProps {
  readonly label: string;
  readonly view: Extract<ResultView, { type: 'table' | 'blocks' }>;
  readonly query: RowQuery | null;
}

function Rows({ label, view, query }: RowsProps) {
  const rows = useMemo(() => rowsOfView(view), [view]);
  const rowCount = view.type === 'table' ? view.rowCount : rows.rowCount;
  return (
    <RowsView
      label={label}
      name="result"
      rows={rows}
      rowCount={rowCount}
      nullText={view.nullText}
      query={query}
      order={null}
      onEdit={null}
    />
  );
}

/** Text as a shell prints it. */
export function TextOutput({ label, text }: { readonly label: string; readonly text: string }) {
  if (text === '') return null;
  return (
    <pre class="output" role="region" aria-label={label} tabIndex={0}>
      {text}
    </pre>
  );
}
