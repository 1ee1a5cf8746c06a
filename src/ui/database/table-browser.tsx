/** One table or view: its rows, filtered and sorted, and how it is made. */

import { useComputed, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { CopyText } from '../copy-button.tsx';
import { ErrorDetail } from '../error-detail.tsx';
import { database } from '../store.ts';
import { rowsOfView } from '../table-rows.ts';
import { formatCount, formatCounted, formatDuration } from '../wording.ts';
import { refusalOf } from './cell-edit.ts';
import { CellEditor } from './cell-editor.tsx';
import { OpenEdit } from './open-edit.ts';
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
    const isBegun = browse.rows.peek() !== null || browse.error.peek() !== null;
    if (isBegun || browse.isReading.peek()) read(browse, table, true);
  });
  useSignalEffect(() => {
    void schemaTables.value;
    // What is wanted may be there now, or be gone from what is asked for.
    if (browse.error.peek() !== null) read(browse, table, true);
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
      <CopyText label="Copy name" text={sqlName(name)} />
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
  const { hasChanged, rows } = browse;
  return (
    <div class="table-changes">
      <span>
        {/* What is new at every read is not read aloud. */}
        <span role="status">
          {hasChanged.value ? 'The table has changed since.' : countOf(browse)}
        </span>
        {!hasChanged.value && rows.value !== null && ` · ${factsOf(rows.value)}`}
      </span>
      <button type="button" class="link" onClick={onShow}>
        {hasChanged.value ? 'Show the changes' : 'Refresh'}
      </button>
    </div>
  );
}

function countOf({ rows, filter, error }: TableBrowse): string {
  const { value: shown } = rows;
  if (shown === null) return error.value === null ? 'Reading…' : '';
  const { view } = shown;
  const rowCount = view.type === 'table' ? view.rowCount : view.blocks.rowCount;
  return `${formatCounted(rowCount, 'row')}${isIdle(filter.value) ? '' : ' found'}`;
}

function factsOf({ index, elapsedMs }: BrowsedRows): string {
  return `as of index ${formatCount(index)} · ${formatDuration(elapsedMs)}`;
}

function Rows({ browse, entry }: HeadProps) {
  const card = useRef<HTMLDivElement>(null);
  const { value: edit } = browse.edit;
  const leaveEditor = (): void => {
    browse.edit.value = null;
    card.current?.querySelector<HTMLElement>('[role=grid]')?.focus();
  };
  return (
    <div ref={card}>
      {browse.error.value === null ? (
        <Grid browse={browse} entry={entry} />
      ) : (
        <div class="result-body" role="alert">
          <ErrorDetail error={browse.error.value} place={null} onGoTo={null} />
        </div>
      )}
      <Editing
        edit={edit}
        onCancel={leaveEditor}
        onSaved={() => {
          // Another one may have been begun meanwhile.
          if (browse.edit.peek() === edit) leaveEditor();
          read(browse, entry.name, false);
        }}
      />
    </div>
  );
}

function Grid({ browse, entry }: HeadProps) {
  const shown = browse.rows.value;
  const rows = useComputed(() => {
    const { value: of } = browse.rows;
    return of === null ? null : rowsOfView(of.view);
  }).value;
  if (shown === null || rows === null) return null;
  const sort = browse.sort.value;
  return (
    <RowsView
      label={`Rows of ${entry.name}`}
      name={entry.name}
      rows={rows}
      rowCount={rows.rowCount}
      nullText={shown.view.nullText}
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
        const cell = { table: entry, columns: rows.columns, row: values, column: name };
        browse.edit.value = new OpenEdit(cell);
      }}
    />
  );
}

interface EditingProps {
  /** Null: none is edited. */
  readonly edit: OpenEdit | null;
  readonly onSaved: () => void;
  readonly onCancel: () => void;
}

function Editing({ edit, onSaved, onCancel }: EditingProps) {
  if (edit === null) return null;
  const { cell } = edit;
  const refusal = refusalOf(cell);
  if (refusal !== null) {
    return (
      <p class="cell-editor" role="status">
        {refusal}
      </p>
    );
  }
  const key = JSON.stringify([cell.column, cell.row.map(String)]);
  return <CellEditor key={key} edit={edit} onSaved={onSaved} onCancel={onCancel} />;
}
