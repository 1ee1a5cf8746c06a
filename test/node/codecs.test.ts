import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter, FormatError } from '../../src/node/bytes.ts';
import {
  buildAdoptedBy,
  decodeCommand,
  encodeCommand,
  skippedBy,
  stampOf,
  type SessionId,
} from '../../src/node/command.ts';
import { readEntry, readKey, writeEntry } from '../../src/node/entry-codec.ts';
import { MAX_KEY_CHARACTERS } from '../../src/node/limits.ts';
import { membersOf, NO_ACCESS } from '../../src/raft/configuration.ts';
import { entryBytes } from '../../src/raft/log.ts';
import type { Access, Entry, LogIndex, NodeId, Term } from '../../src/raft/types.ts';
import { accessFor } from './access-arbitrary.ts';

const integer = fc.maxSafeNat();
const bytes = fc.uint8Array({ maxLength: 64 });
const nodeId = fc
  .array(fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz234567'), { minLength: 10, maxLength: 32 })
  .map((letters) => letters.join('') as NodeId);
const ids = fc.uniqueArray(nodeId, { maxLength: 7 }).map((list) => list.toSorted());
const configurations = fc
  .record({
    voters: ids,
    outgoingVoters: ids,
    learners: ids,
    salt: fc.nat(99),
    access: accessFor,
  })
  .map(({ salt, access, ...members }) => {
    const profiles: Record<NodeId, string> = {};
    for (const [i, id] of membersOf(members).entries()) {
      if ((i + salt) % 2 === 0) profiles[id] = `profile${i % 3}`;
    }
    return { ...members, profiles, access: access(membersOf(members)) };
  });
const header = { index: integer as fc.Arbitrary<LogIndex>, term: integer as fc.Arbitrary<Term> };
const entry: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({ type: fc.constant('noop' as const), ...header }),
  fc.record({ type: fc.constant('command' as const), ...header, data: bytes }),
  fc.record({
    type: fc.constant('configuration' as const),
    ...header,
    configuration: configurations,
  }),
);

function encodeEntry(value: Entry): Uint8Array {
  const writer = new ByteWriter();
  writeEntry(writer, value);
  return writer.finish();
}

function isSound(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (error) {
    return error instanceof FormatError;
  }
}

describe('bytes', () => {
  it('gives back what was written', () => {
    fc.assert(
      fc.property(integer, bytes, fc.double(), fc.nat(0xffffffff), (i, b, d, u) => {
        const writer = new ByteWriter(1);
        writer.integer(i);
        writer.bytes(b);
        writer.f64(d);
        writer.u32(u);
        writer.name('a name');
        writer.boolean(true);
        const reader = new ByteReader(writer.finish());
        expect(reader.integer()).toBe(i);
        expect(reader.bytes()).toEqual(b);
        expect(reader.f64()).toBe(d);
        expect(reader.u32()).toBe(u);
        expect(reader.name()).toBe('a name');
        expect(reader.boolean()).toBe(true);
        reader.end();
      }),
    );
  });

  it('refuses what is not a whole number below 2^53, also when reading', () => {
    for (const bad of [-1, 1.5, 2 ** 53, Number.NaN]) {
      expect(() => new ByteWriter().integer(bad)).toThrow(FormatError);
      const writer = new ByteWriter();
      writer.f64(bad);
      expect(() => new ByteReader(writer.finish()).integer()).toThrow(FormatError);
    }
  });

  it('does not believe a count that the bytes cannot hold', () => {
    const writer = new ByteWriter();
    writer.u32(0xffffffff);
    expect(() => new ByteReader(writer.finish()).count(1)).toThrow(FormatError);
  });
});

describe('entries and commands', () => {
  it('round-trip', () => {
    fc.assert(
      fc.property(entry, (value) => {
        const reader = new ByteReader(encodeEntry(value));
        expect(readEntry(reader)).toEqual(value);
        reader.end();
      }),
    );
  });

  it('count in every bound for about what they take', () => {
    fc.assert(
      fc.property(entry, (one) => {
        const { length } = encodeEntry(one);
        const weight = entryBytes(one);
        expect(weight).toBeGreaterThan(length / 2);
        expect(weight).toBeLessThan(2 * length + 64);
      }),
    );
  });

  it('throw FormatError and nothing else on bytes that were tampered with', () => {
    fc.assert(
      fc.property(entry, fc.nat(), fc.nat(255), fc.nat(), (value, at, byte, cut) => {
        const encoded = encodeEntry(value).slice();
        encoded[at % encoded.length] = byte;
        const shorter = encoded.subarray(0, encoded.length - (cut % encoded.length));
        expect(isSound(() => readEntry(new ByteReader(shorter)))).toBe(true);
      }),
    );
  });

  it('refuse members out of order, so that equal configurations have equal bytes', () => {
    const writer = new ByteWriter();
    const voters = ['bbbbbbbbbb', 'aaaaaaaaaa'] as NodeId[];
    const configuration = {
      voters,
      outgoingVoters: [],
      learners: [],
      profiles: {},
      access: NO_ACCESS,
    };
    writeEntry(writer, {
      type: 'configuration',
      index: 1 as LogIndex,
      term: 1 as Term,
      configuration,
    });
    expect(() => readEntry(new ByteReader(writer.finish()))).toThrow(FormatError);
  });

  const encodeAccess = (access: Access): Uint8Array =>
    encodeEntry({
      type: 'configuration',
      index: 1 as LogIndex,
      term: 1 as Term,
      configuration: {
        voters: ['aaaaaaaaaa' as NodeId],
        outgoingVoters: [],
        learners: [],
        profiles: {},
        access,
      },
    });
  const id = (number: number): NodeId =>
    `aaaaaaaa${[...'abcdefghijklmnop'][number >> 4]}${[...'abcdefghijklmnop'][number & 15]}` as NodeId;
  const ids = (count: number): NodeId[] => Array.from({ length: count }, (_, i) => id(i));
  const invited = { verifier: 'v', createdAtMs: 0, expiresAtMs: null, usesLeft: null };

  it.each<[string, Access]>([
    [
      'too many former members',
      { ...NO_ACCESS, former: ids(65).map((nodeId) => ({ nodeId, key: 'k' })) },
    ],
    [
      'a former member twice',
      { ...NO_ACCESS, former: [id(1), id(1)].map((nodeId) => ({ nodeId, key: 'k' })) },
    ],
    ['a removed member twice', { ...NO_ACCESS, removed: [id(1), id(1)] }],
    [
      'too many invites',
      { ...NO_ACCESS, invites: ids(33).map((name) => ({ id: name, ...invited })) },
    ],
    [
      'an invite twice',
      { ...NO_ACCESS, invites: [id(1), id(1)].map((name) => ({ id: name, ...invited })) },
    ],
  ])('refuse %s', (_, access) => {
    expect(() => readEntry(new ByteReader(encodeAccess(access)))).toThrow(FormatError);
  });

  it('write no key, id or verifier that is too long, and read none', () => {
    const long = 'k'.repeat(MAX_KEY_CHARACTERS + 1);
    const voter = 'aaaaaaaaaa' as NodeId;
    for (const access of [
      { ...NO_ACCESS, keys: { [voter]: long } },
      { ...NO_ACCESS, former: [{ nodeId: id(1), key: long }] },
      { ...NO_ACCESS, invites: [{ ...invited, id: long }] },
      { ...NO_ACCESS, invites: [{ ...invited, id: 'i', verifier: long }] },
    ]) {
      expect(() => encodeAccess(access)).toThrow(/key too long/);
    }
    const writer = new ByteWriter();
    writer.name(long);
    expect(() => readKey(new ByteReader(writer.finish()))).toThrow(/key too long/);
  });

  it('commands round-trip and tell their stamp', () => {
    const seed = fc.uint8Array({ minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(integer, seed, integer, integer, integer, bytes, (stampMs, s, id, a, b, body) => {
        const session = { sessionId: id as SessionId, sequence: a, lowestUnanswered: b };
        const command = { type: 'execute', stampMs, seed: s, session, body } as const;
        const data = encodeCommand(command);
        expect(decodeCommand(data)).toEqual(command);
        expect(stampOf(data)).toBe(stampMs);
      }),
    );
    const register = { type: 'register-session', nonce: 5, durable: false } as const;
    expect(decodeCommand(encodeCommand(register))).toEqual(register);
    expect(stampOf(encodeCommand(register))).toBe(0);
    const durable = { ...register, durable: true } as const;
    expect(decodeCommand(encodeCommand(durable))).toEqual(durable);
    const close = { type: 'close-session', sessionId: 5 as SessionId } as const;
    expect(decodeCommand(encodeCommand(close))).toEqual(close);
    const skip = { type: 'skip', index: 9 as SessionId } as const;
    expect(decodeCommand(encodeCommand(skip))).toEqual(skip);
    expect([durable, close, skip].map((one) => stampOf(encodeCommand(one)))).toEqual([0, 0, 0]);
    expect([close, skip].map((one) => skippedBy(encodeCommand(one)))).toEqual([null, 9]);
    const adopt = { type: 'adopt-build', stampMs: 9, build: '0001 of some day' } as const;
    expect(decodeCommand(encodeCommand(adopt))).toEqual(adopt);
    expect(stampOf(encodeCommand(adopt))).toBe(9);
    expect([skip, adopt].map((one) => buildAdoptedBy(encodeCommand(one)))).toEqual([
      null,
      adopt.build,
    ]);
    expect(() => encodeCommand({ ...adopt, build: 'x'.repeat(129) })).toThrow(FormatError);
    const check = { type: 'check-state', stampMs: 9 } as const;
    expect(decodeCommand(encodeCommand(check))).toEqual(check);
    expect(stampOf(encodeCommand(check))).toBe(9);
  });

  it('refuse a version they do not know', () => {
    const data = encodeCommand({ type: 'register-session', nonce: 5, durable: false });
    data[0] = 3;
    expect(() => decodeCommand(data)).toThrow(/version 3/);
    expect(stampOf(data)).toBe(0);
  });
});
