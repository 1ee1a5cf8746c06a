/** The rows of one statement, as the mode has them. */

import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import { toReadError } from '../client/errors.ts';
import { writeClipboard } from './clipboard.ts';
import { level } from './console-store.ts';
import { downloadFile } from './download.ts';
import { PlanTree } from './plan-tree.tsx';
import { ResultTable } from './result-table.tsx';
import type { ResultView } from './shell/shell-items.ts';
import { database } from './store.ts';
import { wholeRows, type TableRows } from './table-rows.ts';
import { formatRowCount } from './wording.ts';

interface Props {
  readonly label: string;
  readonly view: ResultView;
  /** What the rows are read by, where they can be read again. */
  readonly sql: string | null;
}

export function ResultViewer({ label, view, sql }: Props) {
  const download = sql === null ? null : <DownloadCsv sql={sql} />;
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
              {view.text !== '' && <CopyText text={view.text} />}
              {download}
            </div>
          </div>
        </>
      );
    case 'table':
    case 'blocks':
      return <Table label={label} view={view} download={download} />;
  }
}

interface TableProps {
  readonly label: string;
  readonly view: Extract<ResultView, { type: 'table' | 'blocks' }>;
  readonly download: ComponentChildren;
}

function Table({ label, view, download }: TableProps) {
  const rows = useMemo(() => rowsOf(view), [view]);
  const rowCount = view.type === 'table' ? view.rowCount : rows.rowCount;
  return (
    <ResultTable label={label} rows={rows} nullText={view.nullText} rowCount={rowCount}>
      {download}
    </ResultTable>
  );
}

function rowsOf(view: TableProps['view']): TableRows {
  if (view.type === 'table') return wholeRows(view.columns, view.rows);
  const { blocks } = view;
  const { columns, rowCount, sample } = blocks;
  return { columns, rowCount, sample, rowAt: (at) => blocks.rowAt(at), later: blocks };
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

export function CopyText({ text }: { readonly text: string }) {
  const copied = useSignal(false);

  async function copy(): Promise<void> {
    if (await writeClipboard(text)) copied.value = true;
  }

  return (
    <button type="button" class="link" onClick={() => void copy()}>
      {copied.value ? 'Copied' : 'Copy'}
    </button>
  );
}

/** Reads everything again: what is kept is not all, or not for long. */
function DownloadCsv({ sql }: { readonly sql: string }) {
  const state = useSignal<string>('Download CSV');
  const isBusy = useSignal(false);

  async function download(): Promise<void> {
    const { value: from } = database;
    if (from === null || isBusy.value) return;
    isBusy.value = true;
    state.value = 'Reading…';
    try {
      downloadFile('result.csv', await from.exportCsv(sql, [], { level: level.value }));
      state.value = 'Download CSV';
    } catch (error) {
      state.value = toReadError(error).message;
    }
    isBusy.value = false;
  }

  return (
    <button type="button" class="link" onClick={() => void download()}>
      {state.value}
    </button>
  );
}
