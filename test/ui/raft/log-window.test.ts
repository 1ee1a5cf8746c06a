/** Which part of the logs is drawn, and as what. */

import { describe, expect, test } from 'vitest';
import type { DrawnLog } from '../../../src/ui/raft/drawn.ts';
import {
  namedIndexes,
  segmentsOf,
  snapshotSpan,
  windowOf,
} from '../../../src/ui/raft/log-window.ts';

function log(more: Partial<DrawnLog>): DrawnLog {
  return {
    id: 'a',
    name: 'a',
    snapshotIndex: null,
    lastIndex: 10,
    isEndKnown: true,
    commitIndex: 8,
    appliedIndex: 8,
    runs: [
      { term: 1, firstIndex: 1 },
      { term: 3, firstIndex: 6 },
    ],
    progress: null,
    ...more,
  };
}

describe('the window', () => {
  test('ends with the longest log, and is the same for all', () => {
    const logs = [log({ lastIndex: 100 }), log({ lastIndex: 60 })];
    expect(windowOf(logs, 20)).toEqual({ firstIndex: 81, lastIndex: 100 });
  });

  test('of short logs begins at the beginning', () => {
    expect(windowOf([log({})], 20)).toEqual({ firstIndex: 1, lastIndex: 20 });
    expect(windowOf([], 8)).toEqual({ firstIndex: 1, lastIndex: 8 });
  });
});

describe('a log', () => {
  test('is cut where a term ends, and where the committed part ends', () => {
    const segments = segmentsOf(log({}), { firstIndex: 1, lastIndex: 20 });
    expect(segments).toEqual([
      { term: 1, firstIndex: 1, lastIndex: 5, isCommitted: true },
      { term: 3, firstIndex: 6, lastIndex: 8, isCommitted: true },
      { term: 3, firstIndex: 9, lastIndex: 10, isCommitted: false },
    ]);
  });

  test('shows what is inside the window alone', () => {
    const window = { firstIndex: 8, lastIndex: 9 };
    expect(segmentsOf(log({}), window)).toEqual([
      { term: 3, firstIndex: 8, lastIndex: 8, isCommitted: true },
      { term: 3, firstIndex: 9, lastIndex: 9, isCommitted: false },
    ]);
    expect(segmentsOf(log({ lastIndex: 7, commitIndex: 7 }), window)).toEqual([]);
  });

  test('begins behind its snapshot', () => {
    const compacted = log({ snapshotIndex: 5, runs: [{ term: 3, firstIndex: 6 }] });
    expect(snapshotSpan(compacted, { firstIndex: 3, lastIndex: 12 })).toEqual([3, 5]);
    expect(snapshotSpan(compacted, { firstIndex: 6, lastIndex: 12 })).toBeNull();
    expect(snapshotSpan(log({}), { firstIndex: 1, lastIndex: 12 })).toBeNull();
  });
});

test('the axis names every fifth index, of many every tenth', () => {
  expect(namedIndexes({ firstIndex: 1, lastIndex: 20 })).toEqual([5, 10, 15, 20]);
  expect(namedIndexes({ firstIndex: 951, lastIndex: 1_000 })).toEqual([960, 970, 980, 990, 1_000]);
});
