/** Records as bytes: what is written is read, and nothing else is. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Entry, LogRecord, Term } from '../../src/raft/types.ts';
import { NO_HASH, readFrame, sealFrame, type Frame } from '../../src/storage/frame.ts';
import {
  checkGenesis,
  decodeRecord,
  encodeGenesis,
  encodeRecord,
  LOG_FORMAT,
} from '../../src/storage/record-codec.ts';
import { command, configuration, IDENTITY, nodeId, noop, record } from './records.ts';

const ids = fc.uniqueArray(fc.stringMatching(/^[a-z2-7]{10,32}$/), { maxLength: 5 });
const sortedIds = ids.map((texts) => texts.toSorted().map(nodeId));
const term = fc.nat(Number.MAX_SAFE_INTEGER);

const entry: fc.Arbitrary<Entry> = fc.oneof(
  fc.tuple(term, term).map(([i, t]) => noop(i, t)),
  fc.tuple(term, term, fc.uint8Array()).map(([i, t, data]) => command(i, t, data)),
  fc.tuple(term, term, sortedIds).map(([i, t, voters]) => configuration(i, t, voters)),
);

const anyRecord: fc.Arbitrary<LogRecord> = fc.record({
  hardState: fc.option(
    fc.record({
      term: term.map((t) => t as Term),
      votedFor: fc.option(fc.constant(IDENTITY.nodeId)),
    }),
  ),
  entries: fc.array(entry, { maxLength: 6 }),
});

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
        const frame = encodeRecord(written, genesis);
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
    const [one, two] = [encodeRecord(written, genesis), encodeRecord(written, genesis)];
    expect(one.bytes).toEqual(two.bytes);
    expect(one.bytes.buffer.byteLength).toBe(one.bytes.length);
    expect(one.bytes.length).toBeLessThan(1_000 + 120);
  });

  test('a changed bit anywhere is seen', () => {
    fc.assert(
      fc.property(anyRecord, fc.nat(), fc.nat(7), (written, at, bit) => {
        const bytes = encodeRecord(written, genesis).bytes.slice();
        const index = at % bytes.length;
        bytes[index] = (bytes[index] ?? 0) ^ (1 << bit);
        expect(['damaged', 'unreadable']).toContain(readFrame(LOG_FORMAT, bytes, 0).type);
      }),
    );
  });

  test('a record that is cut off anywhere is told from a damaged one', () => {
    const { bytes } = encodeRecord(record(1, [noop(1, 1)]), genesis);
    for (let length = 0; length < bytes.length; length += 1) {
      expect(readFrame(LOG_FORMAT, bytes.slice(0, length), 0).type).toBe('cut-short');
    }
  });

  test('a record of a newer version is said to be that', () => {
    const newer = sealFrame({ kind: 'log', version: 2 }, 1, genesis.hash, new Uint8Array(9));
    expect(() => readFrame(LOG_FORMAT, newer.bytes, 0)).toThrow(/newer version/);
  });

  test('a frame of another kind is no record', () => {
    const other = sealFrame({ kind: 'registry', version: 1 }, 1, genesis.hash, new Uint8Array(9));
    expect(readFrame(LOG_FORMAT, other.bytes, 0).type).toBe('unreadable');
  });

  test('what has a good hash but is no record is refused', () => {
    const rubbish = [new Uint8Array(0), new Uint8Array([2]), new Uint8Array([0, 1, 0, 0, 0])];
    const whole = encodeRecord(record(1, [noop(1, 1)]), genesis).payload;
    for (const payload of [...rubbish, new Uint8Array([...whole, 0])]) {
      const frame = sealFrame(LOG_FORMAT, 1, genesis.hash, payload);
      expect(() => decodeRecord(frame)).toThrow(/whole but cannot be read/);
    }
  });

  test('the genesis binds the log to cluster and node', () => {
    expect(() => checkGenesis(genesis, IDENTITY)).not.toThrow();
    expect(genesis.previousHash).toEqual(NO_HASH);
    const otherNode = { ...IDENTITY, nodeId: nodeId('anothernodeaaaaa') };
    const otherCluster = { ...IDENTITY, clusterId: 'anothercluster' };
    for (const other of [otherNode, otherCluster]) {
      expect(() => checkGenesis(genesis, other)).toThrow(/moved or copied/);
      expect(encodeGenesis(other).hash).not.toEqual(genesis.hash);
    }
  });
});
