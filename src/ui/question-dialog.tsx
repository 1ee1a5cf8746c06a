/** Asks the person what a command needs to know: a file, a name, or whether it is really meant. */

import { useSignal, type Signal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { openQuestion, type OpenQuestion } from './shell-host.ts';

export function QuestionDialog() {
  const { value: open } = openQuestion;
  // A question of its own is a dialog of its own: nothing of the last answer is left in it.
  return open === null ? null : <Dialog key={open.number} open={open} />;
}

const TITLE_ID = 'question-title';

function Dialog({ open: { question, answer } }: { readonly open: OpenQuestion }) {
  const dialog = useRef<HTMLDialogElement>(null);
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
    const { current } = dialog;
    current?.showModal();
    // Spares a click where the browser lets a page do so: right after the person did something.
    if (question.file !== null && navigator.userActivation?.isActive) picker.current?.click();
    // Gives the focus back to where it was.
    return () => current?.close();
  }, []);

  return (
    <dialog ref={dialog} class="dialog" aria-labelledby={TITLE_ID} onClose={() => answer(null)}>
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) answer({ file: file.value, text: text.value });
        }}
      >
        <h2 id={TITLE_ID}>{question.title}</h2>
        <p class={question.isDangerous ? 'bad' : 'dialog-text'}>{question.text}</p>
        {question.file !== null && (
          <FileField picker={picker} accept={question.file.accept} onChoose={choose} />
        )}
        {question.field !== null && <TextField label={question.field.label} text={text} />}
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
    </dialog>
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

function TextField({ label, text }: { readonly label: string; readonly text: Signal<string> }) {
  return (
    <label class="dialog-field">
      <span>{label}</span>
      <input
        type="text"
        value={text.value}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        onInput={({ currentTarget }) => {
          text.value = currentTarget.value;
        }}
      />
    </label>
  );
}
