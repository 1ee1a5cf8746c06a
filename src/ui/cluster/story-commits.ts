/** Entries that a leader saw committed, one after the other, and how long they took. Pure. */

import type { CommitTimes, Inspection } from '../../node/inspection.ts';

export interface CommitFacts {
  readonly leader: string;
  readonly term: number;
  readonly firstIndex: number;
  readonly lastIndex: number;
  readonly startMs: number;
  /** Of each inspection, from the leader's log to the commit. */
  readonly times: readonly CommitTimes[];
}

/** `firstIndex`: the first that `now` tells of. */
export function newCommits(firstIndex: number, now: Inspection): CommitFacts {
  const { nodeId: leader, term, commitIndex: lastIndex, atMs, commitTimes } = now;
  return { leader, term, firstIndex, lastIndex, startMs: atMs, times: [commitTimes] };
}

export function withCommits(commits: CommitFacts, now: Inspection): CommitFacts {
  const times = [...commits.times, now.commitTimes];
  return { ...commits, lastIndex: now.commitIndex, times };
}

/**
 * The median of the inspections' medians, each weighing as much as it counts: about half of all entries
 * took no longer. Milliseconds; null: none was measured.
 */
export function usualCommitMs({ times }: CommitFacts): number | null {
  const measured = times.flatMap(({ count, p50Ms }) => (p50Ms === null ? [] : [{ count, p50Ms }]));
  const all = measured.reduce((sum, { count }) => sum + count, 0);
  let counted = 0;
  for (const { count, p50Ms } of measured.toSorted((a, b) => a.p50Ms - b.p50Ms)) {
    counted += count;
    if (counted * 2 >= all) return p50Ms;
  }
  return null;
}
