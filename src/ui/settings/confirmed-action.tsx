/**
 * A button for what cannot be taken back: it says first what it means, and does it by a second button
 * that names it. Escape, and the first of the two, take the question back.
 */

import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { toReadError } from '../../client/errors.ts';

export interface ConfirmedActionProps {
  readonly label: string;
  /** What the button says that does it. */
  readonly confirm: string;
  readonly isDisabled: boolean;
  /** Rejects with what a person is told. */
  readonly run: () => Promise<void>;
  /** What it means. */
  readonly children: ComponentChildren;
}

export function ConfirmedAction(props: ConfirmedActionProps) {
  const { label, isDisabled } = props;
  const isAsked = useSignal(false);
  const first = useRef<HTMLButtonElement>(null);

  function takeBack(): void {
    isAsked.value = false;
    first.current?.focus();
  }

  return (
    <div
      class="danger-action"
      onKeyDown={({ key }) => {
        if (key === 'Escape' && isAsked.value) takeBack();
      }}
    >
      <button
        ref={first}
        type="button"
        class="button button-danger"
        disabled={isDisabled}
        aria-expanded={isAsked.value}
        onClick={() => (isAsked.value = !isAsked.value)}
      >
        {label}
      </button>
      {isAsked.value && !isDisabled && <Question {...props} onTakeBack={takeBack} />}
    </div>
  );
}

function Question(props: ConfirmedActionProps & { readonly onTakeBack: () => void }) {
  const { confirm, run, children, onTakeBack } = props;
  const words = useId();
  const group = useRef<HTMLDivElement>(null);
  const isBusy = useSignal(false);
  const problem = useSignal<string | null>(null);

  useLayoutEffect(() => group.current?.focus(), []);

  async function doIt(): Promise<void> {
    isBusy.value = true;
    problem.value = null;
    try {
      await run();
    } catch (error) {
      problem.value = toReadError(error).message;
    } finally {
      isBusy.value = false;
    }
  }

  return (
    <div
      ref={group}
      class="danger-question"
      role="group"
      tabIndex={-1}
      aria-describedby={words}
      aria-label={confirm}
    >
      <div id={words} class="danger-words">
        {children}
      </div>
      {problem.value !== null && (
        <p class="settings-problem" role="alert">
          It was not done: {problem.value}
        </p>
      )}
      <div class="settings-actions">
        <button type="button" class="button" disabled={isBusy.value} onClick={onTakeBack}>
          Cancel
        </button>
        <button
          type="button"
          class="button button-danger"
          disabled={isBusy.value}
          onClick={() => void doIt()}
        >
          {isBusy.value ? 'Under way…' : confirm}
        </button>
      </div>
    </div>
  );
}
