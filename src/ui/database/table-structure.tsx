/** How a table is made: its columns, and the statements that make it, its indexes and its triggers. */

import { CopyText } from '../copy-button.tsx';
import type { ColumnEntry, TableEntry } from './schema-list.ts';
import { columnFacts } from './schema-words.ts';

export function TableStructure({ entry }: { readonly entry: TableEntry }) {
  const { name, sql, columns, indexes, triggers } = entry;
  const made = [sql, ...indexes.flatMap((of) => of.sql ?? []), ...triggers.map((of) => of.sql)];
  const script = made.map((statement) => `${statement};`).join('\n\n');
  return (
    <div class="structure">
      <div class="structure-columns">
        <table class="rows">
          <caption class="sr-only">Columns of {name}</caption>
          <thead>
            <tr>
              <th scope="col">Column</th>
              <th scope="col">Type</th>
              <th scope="col">About it</th>
            </tr>
          </thead>
          <tbody>
            {columns.map((column) => (
              <ColumnRow key={column.name} column={column} />
            ))}
          </tbody>
        </table>
      </div>
      <pre class="output" role="region" aria-label={`Statements that make ${name}`} tabIndex={0}>
        {script}
      </pre>
      <div class="table-foot">
        <div class="table-facts">
          <span>To change or drop it, run SQL in a query tab.</span>
          <CopyText label="Copy" text={script} />
        </div>
      </div>
    </div>
  );
}

function ColumnRow({ column }: { readonly column: ColumnEntry }) {
  return (
    <tr>
      <th scope="row">{column.name}</th>
      <td>{column.type}</td>
      <td>{columnFacts(column).join(', ')}</td>
    </tr>
  );
}
