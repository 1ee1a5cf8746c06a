/**
 * Followers whose answer no commit waits for. With three voters a leader needs one other, and the third
 * copy is for the day when one of them is lost. Entries for such a follower may wait for others a moment,
 * `spareDelayMs` at most: then it writes once for several, and the disk, the processor and the network
 * that it shares with the rest are free while the commit waits for them. What is acknowledged is durable
 * on a majority all the same. A follower that asked for an entry is no spare one, nor is the one that is
 * taking over; and there is none while a change of who belongs, or the first entry of a term, is under way.
 *
 * Who has most of the log, or else was sent most, is waited for. One that is slow falls behind the spare
 * ones thereby, after their delay, and is a spare one itself from then on.
 */

import { isJoint } from './configuration.ts';
import type { Progress } from './progress.ts';
import type { Leadership, ServerState } from './state.ts';

const NOBODY: ReadonlySet<Progress> = new Set();

export function spareFollowers(
  { log, commitIndex, nodeId, limits }: ServerState,
  { progressByNode, noopIndex, transfer }: Leadership,
): ReadonlySet<Progress> {
  const { configuration, configurationIndex } = log;
  const isSettled = Math.max(noopIndex, configurationIndex) <= commitIndex;
  if (limits.spareDelayMs === 0 || !isSettled || isJoint(configuration)) return NOBODY;
  const { voters } = configuration;
  const candidates = [...progressByNode.values()].filter(
    (progress) => progress.state === 'replicate' && progress.nodeId !== transfer?.target,
  );
  // Most turns send nothing.
  if (candidates.every(({ nextIndex }) => nextIndex > log.lastIndex)) return NOBODY;
  const rank = (progress: Progress): number => {
    if (!voters.includes(progress.nodeId)) return -1;
    return isAsked(progress) ? Infinity : progress.matchIndex;
  };
  const ranked = candidates.toSorted((one, other) => {
    const [a, b] = [rank(one), rank(other)];
    return a === b ? other.nextIndex - one.nextIndex : b - a;
  });
  const majority = Math.floor(voters.length / 2) + 1;
  const needed = majority - (voters.includes(nodeId) ? 1 : 0);
  return new Set(ranked.slice(needed).filter((progress) => !isAsked(progress)));
}

/** It asked for an entry that it has not been sent. */
function isAsked({ awaitedIndex, nextIndex }: Progress): boolean {
  return awaitedIndex >= nextIndex;
}
