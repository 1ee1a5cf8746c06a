/**
 * Which part of the members' logs is drawn: the end, on one axis of indexes for all, so that they can be
 * compared. Pure.
 */

import type { DrawnLog } from './drawn.ts';

export interface LogWindow {
  /** The first and the last index that have a column. */
  readonly firstIndex: number;
  readonly lastIndex: number;
}

/** Entries of one term, all committed or none. */
export interface LogSegment {
  readonly term: number;
  readonly firstIndex: number;
  readonly lastIndex: number;
  readonly isCommitted: boolean;
}

/** The end of the longest log. */
export function windowOf(logs: readonly DrawnLog[], columns: number): LogWindow {
  const longest = Math.max(0, ...logs.map(({ lastIndex }) => lastIndex));
  const lastIndex = Math.max(longest, columns);
  return { firstIndex: lastIndex - columns + 1, lastIndex };
}

/** The parts of a log within the window, in order. */
export function segmentsOf(log: DrawnLog, { firstIndex, lastIndex }: LogWindow): LogSegment[] {
  const segments: LogSegment[] = [];
  for (const [at, run] of log.runs.entries()) {
    const next = log.runs[at + 1]?.firstIndex ?? log.lastIndex + 1;
    const from = Math.max(run.firstIndex, firstIndex);
    const to = Math.min(next - 1, log.lastIndex, lastIndex);
    const committedTo = Math.min(to, log.commitIndex);
    const openFrom = Math.max(from, log.commitIndex + 1);
    if (from <= committedTo) {
      segments.push({
        term: run.term,
        firstIndex: from,
        lastIndex: committedTo,
        isCommitted: true,
      });
    }
    if (openFrom <= to) {
      segments.push({ term: run.term, firstIndex: openFrom, lastIndex: to, isCommitted: false });
    }
  }
  return segments;
}

/** The columns of what a snapshot stands for, within the window; null: none. */
export function snapshotSpan(log: DrawnLog, window: LogWindow): readonly [number, number] | null {
  const { snapshotIndex } = log;
  if (snapshotIndex === null || snapshotIndex < window.firstIndex) return null;
  return [window.firstIndex, Math.min(snapshotIndex, window.lastIndex)];
}

/** Indexes that the axis names: every fifth, or tenth where there are many. */
export function namedIndexes({ firstIndex, lastIndex }: LogWindow): number[] {
  const step = lastIndex - firstIndex >= MANY_COLUMNS || lastIndex >= LONG_NUMBERS ? 10 : 5;
  const named: number[] = [];
  for (let index = Math.ceil(firstIndex / step) * step; index <= lastIndex; index += step) {
    if (index > 0) named.push(index);
  }
  return named;
}

const MANY_COLUMNS = 40;
const LONG_NUMBERS = 100_000;
