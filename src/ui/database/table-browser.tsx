/** One table or view: its rows, filtered and sorted, and how it is made. */

import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { ErrorDetail } from '../error-detail.tsx';
import { database } from '../store.ts';
import { rowsOfView } from '../table-rows.ts';
import { formatCount, formatCounted, formatDuration } from '../wording.ts';
import { refusalOf, type EditedCell } from './cell-edit.ts';
import { CellEditor } from './cell-editor.tsx';
import { CopyName } from './copy-name.tsx';
import { RowsView } from './rows-view.tsx';
import type { TableEntry } from './schema-list.ts';
import { schemaTables } from './schema-store.ts';
import { focusEditor, openQueryTab } from './tab-store.ts';
import { FilterBar } from './table-filter.tsx';
import { isIdle, nextSort, sqlName } from './table-query.ts';
import { browseOf, type BrowsedRows, type TableBrowse } from './table-store.ts';
import { TableStructure } from './table-structure.tsx';

interface Props {
  /** The tab's. */
  readonly id: number;
  readonly table: string;
}

export function TableBrowser({ id, table }: Props) {
  const browse = browseOf(id);
  const entry = useComputed(() => entryOf(table)).value;
  const isThere = useComputed(() => entryOf(table) !== null);

  useEffect(() => () => browse.leave(), [browse]);
  useSignalEffect(() => {
    const { value: db } = database;
    if (db === null || !isThere.value) return undefined;
    return browse.follow(db, table, () => read(browse, table, false));
  });
  useSignalEffect(() => {
    void browse.filter.value;
    void browse.sort.value;
    // What is shown first waits until changes are followed.
    if (browse.rows.peek() !== null || browse.isReading.peek()) read(browse, table, true);
  });

  if (entry === null) {
    const isKnown = schemaTables.value !== null;
    return (
      <p class="card table-missing" role="status">
        {isKnown ? `There is no table ${table} in the database now.` : 'The schema is being read…'}
      </p>
    );
  }
  return (
    <section class="card table-browser" aria-label={`${KINDS[entry.kind]} ${table}`}>
      <TableHead browse={browse} entry={entry} />
      {browse.isStructureShown.value ? (
        <TableStructure entry={entry} />
      ) : (
        <>
          <FilterBar browse={browse} columns={entry.columns} />
          <Changes browse={browse} onShow={() => read(browse, table, false)} />
          <Rows browse={browse} entry={entry} />
        </>
      )}
    </section>
  );
}

const KINDS = { table: 'Table', view: 'View', virtual: 'Virtual table' } as const;

function entryOf(table: string): TableEntry | null {
  return schemaTables.value?.find(({ name }) => name === table) ?? null;
}

function read(browse: TableBrowse, table: string, isOther: boolean): void {
  const db = database.peek();
  const entry = schemaTables.peek()?.find(({ name }) => name === table);
  if (db !== null && entry !== undefined) browse.show(db, entry, isOther);
}

interface HeadProps {
  readonly browse: TableBrowse;
  readonly entry: TableEntry;
}

function TableHead({ browse, entry: { name, kind } }: HeadProps) {
  const { isStructureShown } = browse;
  return (
    <div class="table-head">
      <h2>
        <span class="table-kind">{KINDS[kind]}</span> {name}
      </h2>
      <CopyName name={name} />
      <button
        type="button"
        class="link"
        onClick={() => {
          if (openQueryTab(`select * from ${sqlName(name)} limit 100;`)) focusEditor();
        }}
      >
        Query it
      </button>
      <span class="toolbar-space" />
      <span class="segments" role="group" aria-label="Show">
        {[false, true].map((isStructure) => (
          <button
            key={String(isStructure)}
            type="button"
            class="segment"
            aria-pressed={isStructureShown.value === isStructure}
            onClick={() => {
              isStructureShown.value = isStructure;
            }}
          >
            {isStructure ? 'Structure' : 'Rows'}
          </button>
        ))}
      </span>
    </div>
  );
}

interface ChangesProps {
  readonly browse: TableBrowse;
  readonly onShow: () => void;
}

/** How fresh the rows are. What changes under a reader's eyes is only told. */
function Changes({ browse, onShow }: ChangesProps) {
  const shown = browse.rows.value;
  const facts = shown === null ? 'Reading…' : factsOf(shown, browse);
  return (
    <div class="table-changes">
      <span role="status">{browse.hasChanged.value ? 'The table has changed since.' : facts}</span>
      <button type="button" class="link" onClick={onShow}>
        {browse.hasChanged.value ? 'Show the changes' : 'Refresh'}
      </button>
    </div>
  );
}

function factsOf({ index, elapsedMs, view }: BrowsedRows, { filter }: TableBrowse): string {
  const rowCount = view.type === 'table' ? view.rowCount : view.blocks.rowCount;
  const found = isIdle(filter.value) ? '' : ' found';
  return [
    `${formatCounted(rowCount, 'row')}${found}`,
    `as of index ${formatCount(index)}`,
    formatDuration(elapsedMs),
  ].join(' · ');
}

function Rows({ browse, entry }: HeadProps) {
  const table = entry.name;
  const edited = useSignal<EditedCell | null>(null);
  const card = useRef<HTMLDivElement>(null);
  const shown = browse.rows.value;
  const view = shown?.view ?? null;
  const rows = useComputed(() => {
    const { value: of } = browse.rows;
    return of === null ? null : rowsOfView(of.view);
  }).value;
  if (browse.error.value !== null) {
    return (
      <div class="result-body" role="alert">
        <ErrorDetail error={browse.error.value} place={null} onGoTo={null} />
      </div>
    );
  }
  if (shown === null || rows === null || view === null) return null;
  const sort = browse.sort.value;
  const leaveEditor = (): void => {
    edited.value = null;
    card.current?.querySelector<HTMLElement>('[role=grid]')?.focus();
  };
  return (
    <div ref={card}>
      <RowsView
        label={`Rows of ${table}`}
        name={table}
        rows={rows}
        rowCount={rows.rowCount}
        nullText={view.nullText}
        query={{ ...shown.query, level: 'none' }}
        order={{
          key: JSON.stringify([sort, browse.filter.value]),
          sort,
          onSort: (column) => {
            browse.sort.value = nextSort(sort, column);
          },
        }}
        onEdit={({ row, column }) => {
          const values = rows.rowAt(row);
          const name = rows.columns[column];
          if (values === null || name === undefined) return;
          edited.value = { table: entry, columns: rows.columns, row: values, column: name };
        }}
      />
      <Editing
        cell={edited.value}
        onCancel={leaveEditor}
        onSaved={() => {
          leaveEditor();
          read(browse, table, false);
        }}
      />
    </div>
  );
}

interface EditingProps {
  /** Null: none is edited. */
  readonly cell: EditedCell | null;
  readonly onSaved: () => void;
  readonly onCancel: () => void;
}

function Editing({ cell, onSaved, onCancel }: EditingProps) {
  if (cell === null) return null;
  const refusal = refusalOf(cell);
  if (refusal !== null) {
    return (
      <p class="cell-editor" role="status">
        {refusal}
      </p>
    );
  }
  const key = JSON.stringify([cell.column, cell.row.map(String)]);
  return <CellEditor key={key} cell={cell} onSaved={onSaved} onCancel={onCancel} />;
}
