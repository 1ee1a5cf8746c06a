/** A cell as a form: its new value, and the UPDATE that is run when it is saved. */

import { useEffect, useRef } from 'preact/hooks';
import { ErrorDetail } from '../error-detail.tsx';
import { database } from '../store.ts';
import type { CellUpdate, TypedValue, ValueKind } from './cell-edit.ts';
import type { OpenEdit } from './open-edit.ts';

interface Props {
  readonly edit: OpenEdit;
  /** It was written. */
  readonly onSaved: () => void;
  readonly onCancel: () => void;
}

const KINDS: Readonly<Record<ValueKind, string>> = { text: 'Text', number: 'Number', null: 'NULL' };

export function CellEditor({ edit, onSaved, onCancel }: Props) {
  const { cell, typed, problem, isBusy, update } = edit;
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.scrollIntoView({ block: 'nearest' }), []);

  async function save(): Promise<void> {
    const { value: db } = database;
    if (db !== null && (await edit.save(db))) onSaved();
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
