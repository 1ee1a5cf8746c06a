/** What a table's rows are filtered by: one column or any, how it compares, and to what. */

import { useEffect, useRef } from 'preact/hooks';
import type { ColumnEntry } from './schema-list.ts';
import { FILTER_OPERATORS, needsValue, type FilterOperator } from './table-query.ts';
import type { TableBrowse } from './table-store.ts';

/** While one types, a query runs for what is there when the keys rest. */
const TYPING_MS = 250;

interface Props {
  readonly browse: TableBrowse;
  readonly columns: readonly ColumnEntry[];
}

export function FilterBar({ browse, columns }: Props) {
  const { filter } = browse;
  const { take, type } = useTyping(browse);
  const { column, operator, value } = filter.value;

  return (
    <form
      class="table-filter"
      role="search"
      aria-label="Filter the rows"
      onSubmit={(event) => {
        event.preventDefault();
        take();
      }}
    >
      <span class="table-filter-label" aria-hidden="true">
        Where
      </span>
      <select
        class="text-input"
        aria-label="Column to filter by"
        value={column ?? ''}
        onChange={({ currentTarget }) => {
          const { value: name } = currentTarget;
          filter.value = { ...filter.value, column: name === '' ? null : name };
        }}
      >
        <option value="">any column</option>
        {columns.map(({ name }) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
      <select
        class="text-input"
        aria-label="How it compares"
        value={operator}
        onChange={({ currentTarget }) => {
          filter.value = { ...filter.value, operator: currentTarget.value as FilterOperator };
        }}
      >
        {FILTER_OPERATORS.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      {needsValue(operator) && (
        <input
          type="search"
          class="text-input table-filter-value"
          aria-label="Value to filter by"
          placeholder="a value"
          autocapitalize="off"
          spellcheck={false}
          defaultValue={value}
          onInput={({ currentTarget }) => type(currentTarget.value)}
        />
      )}
    </form>
  );
}

/** What is typed counts when the keys rest, at once by `take`, and where the field goes. */
function useTyping({ filter }: TableBrowse) {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const typed = useRef<string | null>(null);

  function take(): void {
    clearTimeout(timer.current);
    const { current } = typed;
    typed.current = null;
    if (current !== null) filter.value = { ...filter.peek(), value: current };
  }

  function type(text: string): void {
    typed.current = text;
    clearTimeout(timer.current);
    timer.current = setTimeout(take, TYPING_MS);
  }

  useEffect(() => take, []);
  return { take, type };
}
