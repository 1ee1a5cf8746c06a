/** How the cluster looks after its size, as set and as in force, as signals; whoever changes it does it here. */

import { computed, signal } from '@preact/signals';
import type { AutopilotOptions } from '../../client/protocol.ts';
import {
  AUTOPILOT_KEY,
  isSameAutopilot,
  keepAutopilot,
  keptAutopilot,
} from './autopilot-choice.ts';

/** What the person has set. */
export const ownAutopilot = signal<AutopilotOptions>(keptAutopilot());
/** What this page's node was opened with; null: it was not opened yet. */
const opened = signal<AutopilotOptions | null>(null);

/** What is set is not in force here before the node is opened anew. */
export const isReloadDue = computed(
  () => opened.value !== null && !isSameAutopilot(opened.value, ownAutopilot.value),
);

/** For the node that is about to be opened. */
export function autopilotToOpen(): AutopilotOptions {
  const { value: options } = ownAutopilot;
  opened.value = options;
  return options;
}

export function changeAutopilot(options: AutopilotOptions): void {
  keepAutopilot(options);
  ownAutopilot.value = options;
}

/** What another tab of this browser sets counts here, too. */
export function followAutopilot(): void {
  addEventListener('storage', ({ key }) => {
    if (key === AUTOPILOT_KEY || key === null) ownAutopilot.value = keptAutopilot();
  });
}
