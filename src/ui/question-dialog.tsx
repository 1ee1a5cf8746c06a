/** Asks the person what a command needs to know: a file, a name, or whether it is really meant. */

import { useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { Dialog } from './dialog.tsx';
import { openQuestion, type OpenQuestion } from './shell-host.ts';
import { TextField } from './text-field.tsx';

export function QuestionDialog() {
  const { value: open } = openQuestion;
  // A question of its own is a dialog of its own: nothing of the last answer is left in it.
  return open === null ? null : <Asked key={open.number} open={open} />;
}

function Asked({ open: { question, answer } }: { readonly open: OpenQuestion }) {
  const picker = useRef<HTMLInputElement>(null);
  const file = useSignal<File | null>(null);
  const text = useSignal(question.field?.value ?? '');
  const isReady =
    (question.file === null || file.value !== null) &&
    (question.field === null || text.value.trim() !== '');

  function choose(chosen: File | null): void {
    file.value = chosen;
    const isEmpty = text.value.trim() === '';
    if (isEmpty && chosen !== null && question.field !== null) {
      text.value = question.field.suggest(chosen.name);
    }
  }

  useLayoutEffect(() => {
    // Spares a click where the browser lets a page do so: right after the person did something.
    if (question.file !== null && navigator.userActivation?.isActive) picker.current?.click();
  }, []);

  return (
    <Dialog title={question.title} size="small" onClose={() => answer(null)}>
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) answer({ file: file.value, text: text.value });
        }}
      >
        <p class={question.isDangerous ? 'bad' : 'dialog-text'}>{question.text}</p>
        {question.file !== null && (
          <FileField picker={picker} accept={question.file.accept} onChoose={choose} />
        )}
        {question.field !== null && (
          <TextField
            label={question.field.label}
            value={text.value}
            onChange={(typed) => {
              text.value = typed;
            }}
          />
        )}
        <div class="dialog-actions">
          <button type="button" class="button" onClick={() => answer(null)}>
            Cancel
          </button>
          <button
            type="submit"
            class={`button ${question.isDangerous ? 'button-danger' : 'button-main'}`}
            disabled={!isReady}
          >
            {question.action}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

interface FileFieldProps {
  readonly picker: RefObject<HTMLInputElement | null>;
  readonly accept: string;
  readonly onChoose: (file: File | null) => void;
}

function FileField({ picker, accept, onChoose }: FileFieldProps) {
  return (
    <label class="dialog-field">
      <span>File</span>
      <input
        ref={picker}
        type="file"
        accept={accept}
        onChange={({ currentTarget }) => {
          onChoose(currentTarget.files?.[0] ?? null);
        }}
      />
    </label>
  );
}
