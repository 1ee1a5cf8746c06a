/** What came of a form, under it. Where it is there before its text, it is said aloud when it changes. */

import type { FormState } from './form-state.ts';

interface Props {
  readonly form: FormState;
  /** False: something else says it. */
  readonly isHeard?: boolean;
}

export function Outcome({ form, isHeard = true }: Props) {
  const { value: problem } = form.problem;
  const live = isHeard ? 'polite' : 'off';
  return (
    <p class={`chat-outcome ${problem === null ? 'hint' : 'bad'}`} aria-live={live}>
      {problem ?? form.success.value}
    </p>
  );
}
