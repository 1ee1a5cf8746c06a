/** What of the benchmark one can choose in the page, and how far a run has come, in words. Pure. */

import type { Progress } from '../../bench/measurement.ts';
import type { Scale } from '../../bench/context.ts';
import { formatCounted } from '../wording.ts';

export interface Group {
  readonly label: string;
  readonly hint: string;
  /** Beginnings of names of measurements. */
  readonly only: readonly string[];
}

export const GROUPS: readonly Group[] = [
  { label: 'Commits', hint: 'one after the other', only: ['commit'] },
  { label: 'Concurrent writes', hint: 'of 1, 16, 64 and 256 clients', only: ['concurrent'] },
  { label: 'Batches', hint: 'of 100 rows', only: ['batches'] },
  { label: 'Reads', hint: 'at each level', only: ['reads'] },
  {
    label: 'Files',
    hint: 'of thousands of statements',
    only: ['write-only', 'read-only', 'write-heavy', 'read-heavy'],
  },
];

export interface Amount {
  readonly label: string;
  readonly hint: string;
  readonly scale: Scale;
  readonly rounds: number;
}

export const QUICK: Amount = {
  label: 'Quick',
  hint: 'a tenth, in two rounds: for trying',
  scale: 'quick',
  rounds: 2,
};
export const FULL: Amount = {
  label: 'Full',
  hint: 'five rounds: what figures are told of',
  scale: 'full',
  rounds: 5,
};

/** Of whose failures single ones are survived. */
const FULL_CLUSTER = 3;

/** How many tabs are still to be opened before the cluster is one of three. */
export function missingTabs(voters: number): number {
  return Math.max(0, FULL_CLUSTER - voters);
}

export function describeCluster(voters: number): string {
  const missing = missingTabs(voters);
  const known = `This cluster has ${formatCounted(voters, 'voter')}`;
  if (missing === 0) return `${known}.`;
  return `${known}: open ${formatCounted(missing, 'more tab')} first to measure one of three.`;
}

/** From 0 to 1. `measurements`: those of the run, in their order. */
export function shareDone(
  { measurement, round, rounds }: Progress,
  measurements: readonly string[],
): number {
  const before = Math.max(0, measurements.indexOf(measurement));
  return (before + round / (rounds + 1)) / measurements.length;
}

export function describeProgress({ measurement, subject, round, rounds }: Progress): string {
  const step = round === 0 ? 'warming up' : `round ${round} of ${rounds}`;
  return `${measurement}: ${subject}, ${step}`;
}
