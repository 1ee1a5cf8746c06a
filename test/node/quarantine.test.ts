import { describe, expect, it } from 'vitest';
import type { LoadedLog } from '../../src/node/ports.ts';
import { holdsOnlyCopy } from '../../src/node/quarantine.ts';
import type { Entry, Snapshot, Term } from '../../src/raft/types.ts';
import { A, B, configuration, index } from '../raft/fixtures.ts';

const term = 1 as Term;
const hardState = { term, votedFor: null };
const state = { file: 0, hash: '', stampMs: 0 };

function snapshotOf(...members: readonly (typeof A)[]): Snapshot {
  return { index: index(5), term, configuration: configuration([A], [], members), state };
}

function logOf(snapshot: Snapshot | null, ...learners: readonly (typeof A)[]): LoadedLog {
  const entry: Entry = {
    type: 'configuration',
    index: index((snapshot?.index ?? 0) + 1),
    term,
    configuration: configuration([A], [], learners),
  };
  return { hardState, snapshot, entries: [entry] };
}

describe('the only copy of the data', () => {
  it('is that of who is alone behind a compacted log', () => {
    expect(holdsOnlyCopy(logOf(snapshotOf()), A)).toBe(true);
    expect(holdsOnlyCopy({ hardState, snapshot: snapshotOf(), entries: [] }, A)).toBe(true);
    expect(holdsOnlyCopy(logOf(snapshotOf(B)), A)).toBe(true);
  });

  it('is not where the log can give it again, or somebody else has it', () => {
    expect(holdsOnlyCopy(logOf(null), A)).toBe(false);
    expect(holdsOnlyCopy(logOf(snapshotOf(), B), A)).toBe(false);
    expect(holdsOnlyCopy({ hardState, snapshot: snapshotOf(B), entries: [] }, A)).toBe(false);
  });
});
