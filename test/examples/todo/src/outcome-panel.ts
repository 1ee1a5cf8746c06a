/** Tells what came of writes. */

import { byId } from './parts.ts';
import type { Outcome } from './saving.ts';

export function showOutcome({ isSaving, failures }: Outcome): void {
  const lines = isSaving ? [...failures, 'Saving…'] : failures;
  const place = byId('outcome');
  byId('dismiss').hidden = failures.length === 0;
  // What is said again is not read aloud again.
  const told = JSON.stringify(lines);
  if (place.dataset['told'] === told) return;
  place.dataset['told'] = told;
  place.replaceChildren(
    ...lines.map((line) => Object.assign(document.createElement('p'), { textContent: line })),
  );
}
