/**
 * How this page goes: with a question of the browser's where the others would be left without a quorum
 * (browsers ask only where a person has used the page), and without one where the page itself reloads at
 * a person's word.
 */

import { computed, effect } from '@preact/signals';
import { leavingBreaksQuorum } from './leave-warning.ts';
import { status } from './store.ts';
import { wokenNodes } from './stored-nodes.ts';

let isMeant = false;

const breaksQuorum = computed(() => {
  const { value: known } = status;
  return known !== null && leavingBreaksQuorum(known, [known.nodeId, ...wokenNodes.value]);
});

function ask(event: BeforeUnloadEvent): void {
  if (isMeant) return;
  event.preventDefault();
  // What older engines look at.
  event.returnValue = true;
}

/** Listens only while there is a reason: a page with such a listener may be kept out of some caches. */
export function watchLeaving(): void {
  effect(() => {
    if (!breaksQuorum.value) return undefined;
    addEventListener('beforeunload', ask);
    return () => removeEventListener('beforeunload', ask);
  });
}

/** Somebody asked for it: no further question. */
export function reloadPage(): void {
  isMeant = true;
  location.reload();
}
