/** Records as bytes: what is written is read, and nothing else is. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { NO_ACCESS } from '../../src/raft/configuration.ts';
import type { Entry, LogIndex, LogRecord, Term } from '../../src/raft/types.ts';
import { NO_HASH, readFrame, sealFrame, type Frame } from '../../src/storage/frame.ts';
import type { NodeIdentity } from '../../src/storage/names.ts';
import {
  checkIdentity,
  decodeRecord,
  encodeGenesis,
  encodeRecord,
  isGenesis,
  isHead,
  LOG_FORMAT,
} from '../../src/storage/record-codec.ts';
import {
  command,
  configuration,
  IDENTITY,
  nodeId,
  noop,
  record,
  snapshotAt,
  wholeRecord,
} from './records.ts';

const ids = fc.uniqueArray(fc.stringMatching(/^[a-z2-7]{16}$/), { maxLength: 5 });
const sortedIds = ids.map((texts) => texts.toSorted().map(nodeId));
const term = fc.nat(Number.MAX_SAFE_INTEGER);

const entry: fc.Arbitrary<Entry> = fc.oneof(
  fc.tuple(term, term).map(([i, t]) => noop(i, t)),
  fc.tuple(term, term, fc.uint8Array()).map(([i, t, data]) => command(i, t, data)),
  fc.tuple(term, term, sortedIds).map(([i, t, voters]) => configuration(i, t, voters)),
);

const hardState = fc.record({
  term: term.map((t) => t as Term),
  votedFor: fc.option(fc.constant(IDENTITY.nodeId)),
});
const entries = fc.array(entry, { maxLength: 6 });

const snapshot = fc
  .record({
    index: term.map((i) => i as LogIndex),
    term: term.map((t) => t as Term),
    voters: sortedIds,
    file: term,
    hash: fc.stringMatching(/^[0-9a-f]{0,128}$/),
    stampMs: term,
  })
  .map(({ index, term, voters, ...state }) => {
    const configuration = {
      voters,
      outgoingVoters: [],
      learners: [],
      profiles: {},
      access: NO_ACCESS,
    };
    return { ...snapshotAt(0, 0), index, term, configuration, state };
  });

const anyRecord: fc.Arbitrary<LogRecord> = fc.oneof(
  fc.record({ hardState: fc.option(hardState), snapshot: fc.constant(null), entries }),
  fc.record({ hardState, snapshot, entries }),
);

const genesis = encodeGenesis(IDENTITY);

function goodFrame(bytes: Uint8Array, offset = 0): Frame {
  const found = readFrame(LOG_FORMAT, bytes, offset);
  if (found.type !== 'good') throw new Error(found.type);
  return found.frame;
}

describe('record codec', () => {
  test('a record is read as it was written, from anywhere in a file', () => {
    fc.assert(
      fc.property(anyRecord, fc.nat(20), (written, before) => {
        const frame = encodeRecord(written, genesis, IDENTITY);
        const file = new Uint8Array([...new Uint8Array(before), ...frame.bytes, 1, 2, 3]);
        const read = goodFrame(file, before);
        expect(read.sequence).toBe(1);
        expect(read.previousHash).toEqual(genesis.hash);
        expect(decodeRecord(read)).toEqual(written);
      }),
    );
  });

  test('a record is the same bytes in every copy and has a buffer of its own', () => {
    const written = record(3, [command(1, 3, new Uint8Array(1_000))]);
    const [one, two] = [
      encodeRecord(written, genesis, IDENTITY),
      encodeRecord(written, genesis, IDENTITY),
    ];
    expect(one.bytes).toEqual(two.bytes);
    expect(one.bytes.buffer.byteLength).toBe(one.bytes.length);
    expect(one.bytes.length).toBeLessThan(1_000 + 120);
  });

  test('a changed bit anywhere is seen', () => {
    fc.assert(
      fc.property(anyRecord, fc.nat(), fc.nat(7), (written, at, bit) => {
        const bytes = encodeRecord(written, genesis, IDENTITY).bytes.slice();
        const index = at % bytes.length;
        bytes[index] = (bytes[index] ?? 0) ^ (1 << bit);
        expect(['damaged', 'unreadable']).toContain(readFrame(LOG_FORMAT, bytes, 0).type);
      }),
    );
  });

  test('a record that is cut off anywhere is told from a damaged one', () => {
    const { bytes } = encodeRecord(record(1, [noop(1, 1)]), genesis, IDENTITY);
    for (let length = 0; length < bytes.length; length += 1) {
      expect(readFrame(LOG_FORMAT, bytes.slice(0, length), 0).type).toBe('cut-short');
    }
  });

  test('a record of a newer version is said to be that', () => {
    const newer = sealFrame({ kind: 'log', version: 4 }, 1, genesis.hash, new Uint8Array(9));
    expect(() => readFrame(LOG_FORMAT, newer.bytes, 0)).toThrow(/newer version/);
  });

  test('a frame of another kind is no record', () => {
    const other = sealFrame({ kind: 'registry', version: 1 }, 1, genesis.hash, new Uint8Array(9));
    expect(readFrame(LOG_FORMAT, other.bytes, 0).type).toBe('unreadable');
  });

  test('what has a good hash but is no record is refused', () => {
    const rubbish = [[], [3], [1], [1, 2], [1, 0, 1, 0, 0, 0]].map((b) => Uint8Array.from(b));
    const whole = encodeRecord(record(1, [noop(1, 1)]), genesis, IDENTITY).payload;
    for (const payload of [...rubbish, new Uint8Array([...whole, 0]), genesis.payload]) {
      const frame = sealFrame(LOG_FORMAT, 1, genesis.hash, payload);
      expect(() => decodeRecord(frame)).toThrow(/whole but cannot be read/);
    }
  });

  test('a record of the version before keys is read, and is a head', () => {
    const members = { voters: [IDENTITY.nodeId], outgoingVoters: [], learners: [] };
    const configuration = { ...members, profiles: { [IDENTITY.nodeId]: 'p' }, access: NO_ACCESS };
    const header = { index: 5 as LogIndex, term: 2 as Term };
    const entry: Entry = { type: 'configuration', ...header, configuration };
    const snapshot = { ...snapshotAt(4, 2), configuration };
    const written = { hardState: { term: 2 as Term, votedFor: null }, snapshot, entries: [entry] };
    // What is known of access, where nobody has any: a byte for the one member, and three counts.
    const { payload } = encodeRecord(written, genesis, IDENTITY);
    const bytes = [...payload];
    const profile = [1, 1, 'p'.charCodeAt(0)];
    for (let at = bytes.length - 7; at >= 0; at -= 1) {
      const isProfile = profile.every((byte, i) => bytes[at + i] === byte);
      const isBare = [0, 0, 0, 0].every((byte, i) => bytes[at + 3 + i] === byte);
      if (isProfile && isBare) bytes.splice(at + 3, 4);
    }
    expect(bytes).toHaveLength(payload.length - 8);
    const older = { kind: 'log', version: 2 } as const;
    const frame = sealFrame(older, 1, genesis.hash, Uint8Array.from(bytes));
    expect(decodeRecord(goodFrame(frame.bytes))).toEqual(written);
    expect(isHead(frame)).toBe(true);
    const first = sealFrame(older, 0, NO_HASH, genesis.payload);
    expect(isGenesis(first)).toBe(true);
    expect(() => checkIdentity(first, IDENTITY)).not.toThrow();
  });

  test('a record of an older version is none, and no head', () => {
    const { payload } = encodeRecord(wholeRecord(4, 2), genesis, IDENTITY);
    const older = sealFrame({ kind: 'log', version: 1 }, 1, genesis.hash, payload);
    expect(() => decodeRecord(older)).toThrow(/older/);
    expect(isHead(older)).toBe(false);
  });

  test('a whole record has a hard state', () => {
    const without = { ...wholeRecord(4, 2), hardState: null };
    expect(() => encodeRecord(without, genesis, IDENTITY)).toThrow(/hard state/);
    const payload = encodeRecord(wholeRecord(4, 2), genesis, IDENTITY).payload.slice();
    const at = payload.length - 4 - (1 + IDENTITY.nodeId.length) - 1 - 8 - 1;
    expect(payload[at]).toBe(1);
    const bad = new Uint8Array([...payload.slice(0, at), 0, 0, 0, 0, 0]);
    const frame = sealFrame(LOG_FORMAT, 1, genesis.hash, bad);
    expect(() => decodeRecord(frame)).toThrow(/no hard state/);
  });

  test('a log begins with its genesis or a whole record', () => {
    const whole = encodeRecord(wholeRecord(4, 2, [noop(5, 2)]), genesis, IDENTITY);
    const plain = encodeRecord(record(1, [noop(1, 1)]), genesis, IDENTITY);
    expect([genesis, whole, plain].map(isHead)).toEqual([true, true, false]);
    expect([genesis, whole, plain].map(isGenesis)).toEqual([true, false, false]);
  });

  test('every head binds the log to cluster and node', () => {
    expect(genesis.previousHash).toEqual(NO_HASH);
    const whole = (identity: NodeIdentity): Frame => {
      return encodeRecord(wholeRecord(4, 2), genesis, identity);
    };
    const otherNode = { ...IDENTITY, nodeId: nodeId('anothernodeaaaaa') };
    const otherCluster = { ...IDENTITY, clusterId: 'anothercluster' };
    for (const head of [encodeGenesis, whole]) {
      expect(() => checkIdentity(head(IDENTITY), IDENTITY)).not.toThrow();
      for (const other of [otherNode, otherCluster]) {
        expect(() => checkIdentity(head(IDENTITY), other)).toThrow(/moved or copied/);
        expect(head(other).hash).not.toEqual(head(IDENTITY).hash);
      }
    }
  });
});
