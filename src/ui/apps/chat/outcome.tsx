/** What came of a form, under it: said aloud when it changes. */

import type { FormState } from './form-state.ts';

export function Outcome({ form }: { readonly form: FormState }) {
  const { value: problem } = form.problem;
  return (
    <p class={`chat-outcome ${problem === null ? 'hint' : 'bad'}`} aria-live="polite">
      {problem ?? form.success.value}
    </p>
  );
}
