/** Which pairs of members have been cut from each other for a while, as a signal. */

import { effect, signal } from '@preact/signals';
import { CutWatch, reachabilityOf, type Cut } from './reachability.ts';
import { status } from './store.ts';

export const lastingCuts = signal<readonly Cut[]>([]);

/** Statuses come several times a second, so no timer is needed. */
export function watchCuts(): void {
  const watch = new CutWatch();
  effect(() => {
    const { value: known } = status;
    const cuts = known?.state === 'running' ? reachabilityOf(known).cuts : [];
    const lasting = watch.lasting(cuts, Date.now());
    if (lasting.length > 0 || lastingCuts.peek().length > 0) lastingCuts.value = lasting;
  });
}
