/** A cell as a form: its new value, and the UPDATE that is run when it is saved. */

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { toResqliteError, type ResqliteError } from '../../client/errors.ts';
import { ErrorDetail } from '../error-detail.tsx';
import { database } from '../store.ts';
import {
  typedOf,
  updateOf,
  valueOf,
  type CellUpdate,
  type EditedCell,
  type TypedValue,
  type ValueKind,
} from './cell-edit.ts';

interface Props {
  readonly cell: EditedCell;
  /** It was written. */
  readonly onSaved: () => void;
  readonly onCancel: () => void;
}

const KINDS: Readonly<Record<ValueKind, string>> = { text: 'Text', number: 'Number', null: 'NULL' };
const NO_ROW = 'The row has changed or gone meanwhile: nothing was written.';

export function CellEditor({ cell, onSaved, onCancel }: Props) {
  const typed = useSignal<TypedValue>(typedOf(cell));
  const problem = useSignal<ResqliteError | string | null>(null);
  const isBusy = useSignal(false);
  const form = useRef<HTMLFormElement>(null);
  const value = valueOf(typed.value);
  useEffect(() => form.current?.scrollIntoView({ block: 'nearest' }), []);
  const update = value === null ? null : updateOf(cell, value.value);

  async function save(): Promise<void> {
    const { value: db } = database;
    if (db === null || update === null || isBusy.value) return;
    isBusy.value = true;
    problem.value = null;
    try {
      const { results } = await db.execute({ sql: update.sql, params: update.params });
      if (results[0]?.rowsAffected === 1) onSaved();
      else problem.value = NO_ROW;
    } catch (error) {
      problem.value = toResqliteError(error);
    }
    isBusy.value = false;
  }

  return (
    <form
      ref={form}
      class="cell-editor"
      aria-label={`Edit ${cell.column}`}
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onCancel();
        else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void save();
        else return;
        event.preventDefault();
      }}
    >
      <ValueFields column={cell.column} typed={typed} />
      <UpdateText update={update} />
      {problem.value !== null && (
        <div class="result-body" role="alert">
          {typeof problem.value === 'string' ? (
            problem.value
          ) : (
            <ErrorDetail error={problem.value} place={null} onGoTo={null} />
          )}
        </div>
      )}
      <div class="cell-editor-actions">
        <button
          type="submit"
          class="button button-main"
          disabled={update === null || isBusy.value || database.value === null}
        >
          {isBusy.value ? 'Running…' : 'Run the UPDATE'}
        </button>
        <button type="button" class="button" onClick={onCancel}>
          Cancel
        </button>
      </div>
    </form>
  );
}

interface FieldsProps {
  readonly column: string;
  readonly typed: { value: TypedValue };
}

function ValueFields({ column, typed }: FieldsProps) {
  const field = useRef<HTMLTextAreaElement>(null);
  const { kind, text } = typed.value;
  useEffect(() => field.current?.select(), []);
  return (
    <div class="cell-editor-fields">
      <select
        class="text-input"
        aria-label="Kind of value"
        value={kind}
        onChange={({ currentTarget }) => {
          typed.value = { text, kind: currentTarget.value as ValueKind };
        }}
      >
        {Object.entries(KINDS).map(([name, title]) => (
          <option key={name} value={name}>
            {title}
          </option>
        ))}
      </select>
      {kind !== 'null' && (
        <textarea
          ref={field}
          class="text-input cell-editor-value"
          aria-label={`New value of ${column}`}
          rows={Math.min(6, text.split('\n').length)}
          spellcheck={false}
          value={text}
          onInput={({ currentTarget }) => {
            typed.value = { kind, text: currentTarget.value };
          }}
        />
      )}
    </div>
  );
}

function UpdateText({ update }: { readonly update: CellUpdate | null }) {
  if (update === null) return <p class="bad">That is no number.</p>;
  return (
    <pre class="cell-editor-update" aria-label="The statement that will be run">
      {update.text}
    </pre>
  );
}
