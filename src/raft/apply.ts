/**
 * Committed entries on their way to the state machine: handed out in slices, one at a time, and
 * reported back when they are applied.
 *
 * Applying can be suspended: for good, until a snapshot is restored, where the state is not to be
 * trusted; or for a while, where the state machine cannot take the next entry. What was handed out and
 * not applied by then is handed out again.
 */

import { assertInvariant } from './invariants.ts';
import type { ServerState } from './state.ts';
import type { Entry, LogIndex } from './types.ts';

const NO_ENTRIES: readonly Entry[] = [];

/** The next slice, once. */
export function takeCommittedEntries(state: ServerState): readonly Entry[] {
  if (state.handedToApplyIndex > state.appliedIndex || state.isApplySuspended) return NO_ENTRIES;
  const { log, limits } = state;
  const to = Math.min(state.commitIndex, log.durableIndex) as LogIndex;
  if (to <= state.appliedIndex) return NO_ENTRIES;
  const from = (state.appliedIndex + 1) as LogIndex;
  const { entries } = log.batch(from, to, limits.maxApplyEntries, limits.maxApplyBytes);
  state.handedToApplyIndex = (state.appliedIndex + entries.length) as LogIndex;
  return entries;
}

/** The slice is applied up to `index`. */
export function entriesApplied(state: ServerState, index: LogIndex): void {
  const isHanded = index <= state.handedToApplyIndex && index > state.appliedIndex;
  assertInvariant(state.restoring === null, 'nothing is applied while a snapshot is restored');
  assertInvariant(isHanded, 'what was handed out is applied, in order and once');
  state.appliedIndex = index;
}

/** Nothing of the present slice is being applied any more. */
export function stallApply(state: ServerState): void {
  assertInvariant(state.restoring === null, 'what is restored is not given up');
  state.isApplySuspended = true;
  state.handedToApplyIndex = state.appliedIndex;
}

export function resumeApply(state: ServerState): void {
  state.isApplySuspended = false;
}
