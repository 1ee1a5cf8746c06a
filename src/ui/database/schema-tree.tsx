/** Tables, views and virtual tables; below each its columns, indexes and triggers, when unfolded. */

import { useComputed, useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { CopyText } from '../copy-button.tsx';
import { database } from '../store.ts';
import { formatCounted } from '../wording.ts';
import type { ColumnEntry, TableEntry } from './schema-list.ts';
import { countRows, rowCounts, schemaProblem, schemaTables } from './schema-store.ts';
import { columnFacts } from './schema-words.ts';
import { activeTab, openTableTab } from './tab-store.ts';
import { sqlName } from './table-query.ts';

/** With fewer there is nothing to look for. */
const MANY_TABLES = 12;

interface Props {
  /** A table was to be opened. */
  readonly onOpened: () => void;
}

export function SchemaTree({ onOpened }: Props) {
  const wanted = useSignal('');
  const found = useComputed(() => {
    const text = wanted.value.trim().toLowerCase();
    return schemaTables.value?.filter(({ name }) => name.toLowerCase().includes(text)) ?? [];
  }).value;
  const { value: all } = schemaTables;
  if (schemaProblem.value !== null) return <p class="schema-empty bad">{schemaProblem.value}</p>;
  if (all === null) return <p class="schema-empty">Reading…</p>;
  if (all.length === 0) {
    return <p class="schema-empty">No tables yet. A CREATE TABLE in a query tab makes one.</p>;
  }
  return (
    <>
      {all.length >= MANY_TABLES && (
        <input
          type="search"
          class="text-input schema-find"
          aria-label="Find a table"
          placeholder="Find a table"
          onInput={({ currentTarget }) => {
            wanted.value = currentTarget.value;
          }}
        />
      )}
      {(['table', 'virtual', 'view'] as const).map((kind) => (
        <Kind
          key={kind}
          title={KIND_TITLES[kind]}
          tables={found.filter((table) => table.kind === kind)}
          onOpened={onOpened}
        />
      ))}
    </>
  );
}

const KIND_TITLES = { table: 'Tables', virtual: 'Virtual tables', view: 'Views' } as const;

interface KindProps extends Props {
  readonly title: string;
  readonly tables: readonly TableEntry[];
}

function Kind({ title, tables, onOpened }: KindProps) {
  if (tables.length === 0) return null;
  return (
    <>
      <p class="schema-kind" aria-hidden="true">
        {title}
      </p>
      <ul class="schema-list" aria-label={title}>
        {tables.map((table) => (
          <Table key={table.name} table={table} onOpened={onOpened} />
        ))}
      </ul>
    </>
  );
}

function Table({ table, onOpened }: Props & { readonly table: TableEntry }) {
  const isUnfolded = useSignal(false);
  const { name } = table;
  const isOpen = activeTab.value?.table === name;
  return (
    <li class={`schema-table ${isOpen ? 'schema-open' : ''}`}>
      <div class="schema-line">
        <button
          type="button"
          class="fold"
          aria-expanded={isUnfolded.value}
          aria-label={`Columns of ${name}`}
          onClick={() => {
            isUnfolded.value = !isUnfolded.value;
          }}
        >
          <span class="fold-sign" aria-hidden="true" />
        </button>
        <button
          type="button"
          class="schema-name"
          aria-current={isOpen ? 'true' : undefined}
          title={`Show the rows of ${name}`}
          onClick={() => {
            openTableTab(name);
            // Where it could not be opened, the tabs say so.
            onOpened();
          }}
        >
          {name}
        </button>
      </div>
      {isUnfolded.value && <TableParts table={table} />}
    </li>
  );
}

function TableParts({ table }: { readonly table: TableEntry }) {
  const { name, columns, indexes, triggers } = table;
  return (
    <div class="schema-parts">
      <ul aria-label={`Columns of ${name}`}>
        {columns.map((column) => (
          <Column key={column.name} column={column} />
        ))}
      </ul>
      <Parts title="Indexes" of={name}>
        {indexes.map((index) => (
          <li key={index.name} class="schema-part" title={index.sql ?? 'Made by a constraint'}>
            <span class="schema-part-name">
              {index.sql === null ? `(${index.columns})` : index.name}
            </span>{' '}
            <span class="schema-type">
              {index.isUnique ? 'unique ' : ''}
              {index.sql === null ? 'by constraint' : `(${index.columns})`}
            </span>
          </li>
        ))}
      </Parts>
      <Parts title="Triggers" of={name}>
        {triggers.map((trigger) => (
          <li key={trigger.name} class="schema-part" title={trigger.sql}>
            <span class="schema-part-name">{trigger.name}</span>
          </li>
        ))}
      </Parts>
      <p class="schema-actions">
        <CountButton table={name} />
        <CopyText label="Copy name" text={sqlName(name)} />
      </p>
    </div>
  );
}

interface PartsProps {
  readonly title: string;
  readonly of: string;
  readonly children: ComponentChildren[];
}

function Parts({ title, of, children }: PartsProps) {
  if (children.length === 0) return null;
  return (
    <>
      <p class="schema-part-kind">{title}</p>
      <ul aria-label={`${title} of ${of}`}>{children}</ul>
    </>
  );
}

function Column({ column }: { readonly column: ColumnEntry }) {
  const { name, type, isKey, refersTo } = column;
  const facts = columnFacts(column);
  return (
    <li class="schema-part" title={[type, ...facts].filter((fact) => fact !== '').join(', ')}>
      <span class="schema-part-name">{name}</span> <span class="schema-type">{type}</span>
      {isKey && <span class="schema-mark">key</span>}
      {refersTo !== null && <span class="schema-refers">→ {refersTo}</span>}
    </li>
  );
}

function CountButton({ table }: { readonly table: string }) {
  const count = rowCounts.value.get(table);
  const { value: db } = database;
  const problem = typeof count === 'object' ? count.problem : null;
  return (
    <>
      <button
        type="button"
        class="link"
        disabled={db === null || count === 'counting'}
        onClick={() => {
          if (db !== null) void countRows(db, table);
        }}
      >
        {count === undefined ? 'Count rows' : count === 'counting' ? 'Counting…' : 'Count again'}
      </button>
      <span role="status" class={problem === null ? '' : 'bad'}>
        {problem ?? (typeof count === 'number' ? formatCounted(count, 'row') : '')}
      </span>
    </>
  );
}
