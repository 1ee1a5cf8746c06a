/**
 * Beside the tabs: the schema, and whether every member has the same state. On a narrow screen it is
 * folded above them.
 */

import '../style/results.css';
import '../style/database.css';
import { useSignal, useSignalEffect } from '@preact/signals';
import { database } from '../store.ts';
import { formatCounted } from '../wording.ts';
import { SchemaTree } from './schema-tree.tsx';
import { followTables, schemaTables } from './schema-store.ts';
import { StatePanel } from './state-panel.tsx';

const CONTENT_ID = 'schema';

export function Sidebar() {
  const isUnfolded = useSignal(false);
  const { value: tables } = schemaTables;
  useSignalEffect(() => (database.value === null ? undefined : followTables(database.value)));
  return (
    <aside aria-label="Schema" class={`card schema ${isUnfolded.value ? 'schema-unfolded' : ''}`}>
      <h2 class="schema-title">
        <span>Schema</span>
        {tables !== null && (
          <span class="schema-count">{formatCounted(tables.length, 'table')}</span>
        )}
      </h2>
      <button
        type="button"
        class="schema-fold"
        aria-expanded={isUnfolded.value}
        aria-controls={CONTENT_ID}
        onClick={() => {
          isUnfolded.value = !isUnfolded.value;
        }}
      >
        <span class="fold-sign" aria-hidden="true" />
        Schema
        {tables !== null && (
          <span class="schema-count">{formatCounted(tables.length, 'table')}</span>
        )}
      </button>
      <div id={CONTENT_ID} class="schema-content">
        <div class="schema-tree">
          <SchemaTree
            onOpened={() => {
              isUnfolded.value = false;
            }}
          />
        </div>
        <StatePanel />
      </div>
    </aside>
  );
}
