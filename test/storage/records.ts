/** Log records and identities for tests of the log store. */

import { NO_ACCESS } from '../../src/raft/configuration.ts';
import type { Entry, LogIndex, LogRecord, NodeId, Snapshot, Term } from '../../src/raft/types.ts';
import type { LoadedLog } from '../../src/node/ports.ts';
import type { NodeIdentity } from '../../src/storage/names.ts';

export function nodeId(text: string): NodeId {
  return text as NodeId;
}

export const IDENTITY: NodeIdentity = {
  clusterId: 'clusteraaaaaaaaa',
  nodeId: nodeId('nodeaaaaaaaaaaaa'),
};

export function noop(index: number, term: number): Entry {
  return { type: 'noop', index: index as LogIndex, term: term as Term };
}

export function command(index: number, term: number, data: Uint8Array): Entry {
  return { type: 'command', index: index as LogIndex, term: term as Term, data };
}

export function configuration(index: number, term: number, voters: readonly NodeId[]): Entry {
  return {
    type: 'configuration',
    index: index as LogIndex,
    term: term as Term,
    configuration: { voters, outgoingVoters: [], learners: [], profiles: {}, access: NO_ACCESS },
  };
}

/** A record with a hard state of `term` (null: without) and `entries`. */
export function record(term: number | null, entries: readonly Entry[] = []): LogRecord {
  const hardState = term === null ? null : { term: term as Term, votedFor: null };
  return { hardState, snapshot: null, entries };
}

/** A snapshot of everything up to `index`. */
export function snapshotAt(index: number, term: number, file = 3): Snapshot {
  return {
    index: index as LogIndex,
    term: term as Term,
    configuration: {
      voters: [IDENTITY.nodeId],
      outgoingVoters: [],
      learners: [nodeId('nodebbbbbbbbbbbb')],
      profiles: { [IDENTITY.nodeId]: 'a profile' },
      access: NO_ACCESS,
    },
    state: { file, hash: 'abcdef0123', stampMs: 1_700_000_000_000 + index },
  };
}

/** A record of `term` that replaces the whole log. */
export function wholeRecord(
  index: number,
  term: number,
  entries: readonly Entry[] = [],
): LogRecord {
  return {
    hardState: { term: term as Term, votedFor: IDENTITY.nodeId },
    snapshot: snapshotAt(index, term),
    entries,
  };
}

/** What a founder's log begins with. */
export function foundingRecord(id: NodeId): LogRecord {
  return record(1, [configuration(1, 1, [id])]);
}

/** Where the entry of a numbered record goes: appended, truncating two or all, or no entry. */
const CYCLE = [null, 1, 2, 3, 2, 3, 4];

/** A record of its own for each number from 1 on; a prefix of them makes a log. */
export function numberedRecord(number: number, bytes = 40): LogRecord {
  const index = CYCLE[number % CYCLE.length] ?? null;
  const data = new Uint8Array(bytes).fill(number);
  return record(number, index === null ? [] : [command(index, number, data)]);
}

/**
 * The same, where every record whose number `period` divides is a whole one (2 <= period <= 7). A
 * prefix of these makes a log too.
 */
export function compactingRecord(number: number, period: number, bytes = 40): LogRecord {
  const base = 10 * Math.floor(number / period);
  const data = new Uint8Array(bytes).fill(number);
  const position = number % period;
  if (position > 0) return record(number, [command(base + (CYCLE[position] ?? 1), number, data)]);
  const behind = Array.from({ length: number % 3 }, (_, i) => command(base + 1 + i, number, data));
  return wholeRecord(base, number, behind);
}

/** What a log of these records holds: written down once more, apart from the code under test. */
export function effectOf(records: readonly LogRecord[]): LoadedLog {
  let hardState = { term: 0 as Term, votedFor: null as NodeId | null };
  let snapshot: Snapshot | null = null;
  let entries: Entry[] = [];
  for (const { hardState: changed, snapshot: base, entries: added } of records) {
    if (changed !== null) hardState = changed;
    const first = added[0];
    if (base !== null) [snapshot, entries] = [base, [...added]];
    else if (first !== undefined) {
      entries = [...entries.filter((e) => e.index < first.index), ...added];
    }
  }
  return { hardState, snapshot, entries };
}

/** The log with its bytes in arrays of their own, so that logs from anywhere compare equal. */
export function plainLog(log: LoadedLog): LoadedLog {
  const entries = log.entries.map((entry): Entry => {
    return entry.type === 'command' ? { ...entry, data: Uint8Array.from(entry.data) } : entry;
  });
  return { ...log, entries };
}
