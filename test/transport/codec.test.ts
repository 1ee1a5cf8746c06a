/** The codec: every message comes back, and nothing a peer may send does anything but that or fail. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { EMPTY_CONFIGURATION, NO_ACCESS } from '../../src/raft/configuration.ts';
import { FormatError } from '../../src/node/bytes.ts';
import {
  MAX_APPEND_ENTRIES,
  MAX_BODY_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_SNAPSHOT_BYTES,
  MAX_TEXT_BYTES,
  SNAPSHOT_CHUNK_BYTES,
} from '../../src/node/limits.ts';
import type { AdministrationResponse, JoinResponse, NodeMessage } from '../../src/node/messages.ts';
import type { AppendEntries, InstallSnapshot } from '../../src/raft/messages.ts';
import type { Entry, LogIndex, NodeId, Term } from '../../src/raft/types.ts';
import { decodeMessage, encodeMessage } from '../../src/transport/codec.ts';
import { MAX_BULK_MESSAGE_BYTES } from '../../src/transport/framing.ts';
import { messages } from './message-arbitraries.ts';

const A = 'aaaaaaaaaaaaaaaa' as NodeId;
const B = 'bbbbbbbbbbbbbbbb' as NodeId;

function tryDecode(bytes: Uint8Array): NodeMessage | null {
  try {
    return decodeMessage(bytes, A, B);
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}

function appendEntries(changes: Partial<AppendEntries> = {}): AppendEntries {
  return {
    type: 'append-entries',
    from: A,
    to: B,
    term: 7 as Term,
    prevLogIndex: 4 as LogIndex,
    prevLogTerm: 3 as Term,
    entries: [],
    leaderCommit: 4 as LogIndex,
    round: 1,
    ...changes,
  };
}

function installSnapshot(changes: Partial<InstallSnapshot> = {}): InstallSnapshot {
  return {
    type: 'install-snapshot',
    from: A,
    to: B,
    term: 7 as Term,
    lastIncludedIndex: 9 as LogIndex,
    lastIncludedTerm: 3 as Term,
    configuration: {
      voters: [A, B],
      outgoingVoters: [],
      learners: [],
      profiles: { [A]: 'p' },
      access: NO_ACCESS,
    },
    stampMs: 1,
    sizeBytes: 1_000,
    hash: 'ab',
    offset: 0,
    data: new Uint8Array(0),
    ...changes,
  };
}

function administrationResponse(message: string, warning: string): AdministrationResponse {
  const error = { code: 'Refused', message } as const;
  return { type: 'administration-response', from: A, to: B, requestId: 1, error, warning };
}

function letters(count: number): Uint8Array {
  return new Uint8Array(count).fill(0x61);
}

function noop(index: number, term: number): Entry {
  return { type: 'noop', index: index as LogIndex, term: term as Term };
}

describe('round trip', () => {
  test('every message comes back as it was sent', () => {
    fc.assert(
      fc.property(messages(A, B), (message) => {
        expect(decodeMessage(encodeMessage(message), A, B)).toEqual(message);
      }),
      { numRuns: 3_000 },
    );
  });

  test('sender and receiver are those of the link, whatever the message said', () => {
    const message: NodeMessage = {
      type: 'join-request',
      from: A,
      to: B,
      nodeId: A,
      profileId: 'p',
      key: '',
      admission: { type: 'none' },
    };
    const decoded = decodeMessage(encodeMessage(message), B, A);
    expect(decoded).toEqual({ ...message, from: B, to: A });
  });

  test('the data of an entry is a view on the received bytes', () => {
    const data = new Uint8Array(1_000).fill(7);
    const entry: Entry = { type: 'command', index: 5 as LogIndex, term: 7 as Term, data };
    const bytes = encodeMessage(appendEntries({ entries: [entry] }));
    const decoded = decodeMessage(bytes, A, B);
    const [received] = decoded.type === 'append-entries' ? decoded.entries : [];
    expect(received?.type === 'command' && received.data.buffer).toBe(bytes.buffer);
  });

  test('the largest body fits into a message', () => {
    const body = new Uint8Array(MAX_BODY_BYTES).fill(9);
    const session = { sessionId: 1 as LogIndex, sequence: 1, lowestUnanswered: 1 };
    const proposal = { type: 'execute', session, body, isCopyWanted: false } as const;
    const bytes = encodeMessage({ type: 'propose', from: A, to: B, proposal });
    expect(bytes.length).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
    const decoded = decodeMessage(bytes, A, B);
    const received = decoded.type === 'propose' && decoded.proposal.type === 'execute';
    expect(received && Buffer.compare(decoded.proposal.body, body)).toBe(0);
  });

  test('the last chunk of the largest snapshot fits into a message', () => {
    const data = new Uint8Array(SNAPSHOT_CHUNK_BYTES).fill(3);
    const sizeBytes = MAX_SNAPSHOT_BYTES;
    const message = installSnapshot({ sizeBytes, offset: sizeBytes - data.length, data });
    const bytes = encodeMessage(message);
    expect(bytes.length).toBeLessThanOrEqual(MAX_BULK_MESSAGE_BYTES);
    expect(decodeMessage(bytes, A, B)).toEqual(message);
  });

  test('a text too long is cut between two characters', () => {
    const cut = (MAX_TEXT_BYTES / 2 - 1) * 2;
    const long = `x${'\u00e9'.repeat(MAX_TEXT_BYTES)}`;
    const decoded = decodeMessage(encodeMessage(administrationResponse(long, long)), A, B);
    const expected = long.slice(0, 1 + cut / 2);
    expect(decoded).toEqual(administrationResponse(expected, expected));
    expect(new TextEncoder().encode(expected)).toHaveLength(MAX_TEXT_BYTES - 1);
  });

  test('a text that is no text travels as one', () => {
    const decoded = decodeMessage(encodeMessage(administrationResponse('a\ud800b', '')), A, B);
    expect(decoded).toEqual(administrationResponse('a\ufffdb', ''));
  });

  test('members travel sorted, in whatever order they are given', () => {
    const message: JoinResponse = {
      type: 'join-response',
      from: A,
      to: B,
      leaderId: null,
      members: [B, A],
    };
    expect(decodeMessage(encodeMessage(message), A, B)).toEqual({ ...message, members: [A, B] });
  });
});

describe('hostile bytes', () => {
  test('arbitrary bytes are a message or a FormatError', () => {
    const property = fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const decoded = tryDecode(bytes);
      return decoded === null || Buffer.compare(encodeMessage(decoded), bytes) === 0;
    });
    fc.assert(property, { numRuns: 5_000 });
  });

  test('mutated messages are a message or a FormatError, and re-encode to the same bytes', () => {
    const mutations = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), {
      minLength: 1,
      maxLength: 4,
    });
    const property = fc.property(messages(A, B), mutations, (message, changes) => {
      const bytes = encodeMessage(message).slice();
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      const decoded = tryDecode(bytes);
      return decoded === null || Buffer.compare(encodeMessage(decoded), bytes) === 0;
    });
    fc.assert(property, { numRuns: 5_000 });
  });

  test('every truncation and every extension is refused', () => {
    fc.assert(
      fc.property(messages(A, B), fc.nat(), (message, cut) => {
        const bytes = encodeMessage(message);
        expect(tryDecode(bytes.subarray(0, cut % bytes.length))).toBeNull();
        expect(tryDecode(new Uint8Array([...bytes, 0]))).toBeNull();
      }),
      { numRuns: 1_000 },
    );
  });

  test('a count beyond the bytes there are is refused before anything is allocated', () => {
    const bytes = encodeMessage(appendEntries()).slice();
    new DataView(bytes.buffer).setUint32(bytes.length - 4, 0xffff_ffff, true);
    expect(() => decodeMessage(bytes, A, B)).toThrow(/count beyond the end/);
  });
});

describe('refuses what makes no sense', () => {
  const cases: [string, NodeMessage, RegExp][] = [
    [
      'a gap between the entries',
      appendEntries({ entries: [noop(5, 7), noop(7, 7)] }),
      /not contiguous/,
    ],
    [
      'entries that do not follow prevLogIndex',
      appendEntries({ entries: [noop(6, 7)] }),
      /not contiguous/,
    ],
    ['a term that falls', appendEntries({ entries: [noop(5, 6), noop(6, 5)] }), /not ascending/],
    ['an entry of term 0', appendEntries({ entries: [noop(5, 0)] }), /not ascending/],
    ['entries newer than their leader', appendEntries({ entries: [noop(5, 8)] }), /ahead/],
    ['a log newer than its leader', appendEntries({ prevLogTerm: 8 as Term }), /ahead/],
    ['position 0 with a term', appendEntries({ prevLogIndex: 0 as LogIndex }), /no such/],
    ['a position without a term', appendEntries({ prevLogTerm: 0 as Term }), /no such/],
    [
      'too many entries',
      appendEntries({
        entries: Array.from({ length: MAX_APPEND_ENTRIES + 1 }, (_, i) => noop(5 + i, 7)),
      }),
      /too many entries/,
    ],
    [
      'a body above its limit',
      {
        type: 'propose',
        from: A,
        to: B,
        proposal: {
          type: 'execute',
          session: { sessionId: 1 as LogIndex, sequence: 1, lowestUnanswered: 1 },
          body: new Uint8Array(MAX_BODY_BYTES + 1),
          isCopyWanted: false,
        },
      },
      /body too large/,
    ],
    [
      'a member twice',
      { type: 'join-response', from: A, to: B, leaderId: null, members: [A, A] },
      /not sorted/,
    ],
    [
      'a configuration that is not sorted',
      appendEntries({
        entries: [
          {
            type: 'configuration',
            index: 5 as LogIndex,
            term: 7 as Term,
            configuration: { ...EMPTY_CONFIGURATION, voters: [B, A] },
          },
        ],
      }),
      /not sorted/,
    ],
    [
      'a snapshot of nothing',
      installSnapshot({ lastIncludedIndex: 0 as LogIndex }),
      /snapshot of nothing/,
    ],
    [
      'a snapshot before any term',
      installSnapshot({ lastIncludedTerm: 0 as Term }),
      /snapshot of nothing/,
    ],
    ['a snapshot newer than its leader', installSnapshot({ lastIncludedTerm: 8 as Term }), /ahead/],
    [
      'a snapshot above its limit',
      installSnapshot({ sizeBytes: MAX_SNAPSHOT_BYTES + 1 }),
      /snapshot too large/,
    ],
    [
      'a chunk above its limit',
      installSnapshot({ sizeBytes: 1e9, data: new Uint8Array(SNAPSHOT_CHUNK_BYTES + 1) }),
      /chunk too large/,
    ],
    [
      'a chunk that goes beyond its snapshot',
      installSnapshot({ offset: 999, data: new Uint8Array(2) }),
      /beyond its snapshot/,
    ],
    ['an empty chunk beyond its snapshot', installSnapshot({ offset: 1_001 }), /beyond its/],
    [
      'a profile of too long a name in a snapshot',
      installSnapshot({
        configuration: {
          voters: [A],
          outgoingVoters: [],
          learners: [],
          profiles: { [A]: 'p'.repeat(65) },
          access: NO_ACCESS,
        },
      }),
      /profile id too long/,
    ],
    [
      'a profile of too long a name in an entry',
      appendEntries({
        entries: [
          {
            type: 'configuration',
            index: 5 as LogIndex,
            term: 7 as Term,
            configuration: {
              voters: [],
              outgoingVoters: [],
              learners: [B],
              profiles: { [B]: 'p'.repeat(65) },
              access: NO_ACCESS,
            },
          },
        ],
      }),
      /profile id too long/,
    ],
    [
      'an answer that has more than any snapshot',
      {
        type: 'install-snapshot-response',
        from: A,
        to: B,
        term: 7 as Term,
        lastIncludedIndex: 9 as LogIndex,
        hash: '',
        offset: MAX_SNAPSHOT_BYTES + 1,
        isRefused: false,
      },
      /beyond any snapshot/,
    ],
    [
      'a node of the name that every object has',
      {
        type: 'join-request',
        from: A,
        to: B,
        nodeId: 'constructor' as NodeId,
        profileId: '',
        key: '',
        admission: { type: 'none' },
      },
      /not a node id/,
    ],
  ];

  test.each(cases)('%s', (_, message, reason) => {
    const bytes = encodeMessage(message);
    expect(() => decodeMessage(bytes, A, B)).toThrow(FormatError);
    expect(() => decodeMessage(bytes, A, B)).toThrow(reason);
  });

  /** A message with other bytes at its end. */
  function withTail(message: NodeMessage, cut: number, ...tail: number[]): Uint8Array {
    const bytes = encodeMessage(message);
    return new Uint8Array([...bytes.subarray(0, bytes.length - cut), ...tail]);
  }

  const hashed: NodeMessage = {
    type: 'state-hash',
    from: A,
    to: B,
    index: 1 as LogIndex,
    hash: 'a',
  };
  const longHash = [129, ...letters(129)];

  test.each<[string, Uint8Array, RegExp]>([
    ['a hash of other letters', withTail(hashed, 1, 0x67), /not a hash/],
    ['a hash of capital letters', withTail(hashed, 1, 0x41), /not a hash/],
    ['a hash of too many digits', withTail(hashed, 2, ...longHash), /not a hash/],
    [
      'a text that is not UTF-8',
      withTail(administrationResponse('', ''), 4, 2, 0, 0, 0, 0xc3, 0x28),
      /not UTF-8/,
    ],
    [
      'a text above its limit',
      withTail(administrationResponse('', ''), 4, 1, 4, 0, 0, ...letters(MAX_TEXT_BYTES + 1)),
      /text too long/,
    ],
    [
      'a profile id of too many characters',
      withTail(
        {
          type: 'join-request',
          from: A,
          to: B,
          nodeId: A,
          profileId: '',
          key: '',
          admission: { type: 'none' },
        },
        // The profile's length, and behind it what stands for no key and no admission.
        3,
        65,
        ...letters(65),
        0,
        0,
      ),
      /profile id too long/,
    ],
    [
      'an unknown reason',
      withTail({ type: 'propose-refused', from: A, to: B, reason: 'gap' }, 1, 5),
      /unknown refusal 5/,
    ],
    [
      'an unknown error',
      withTail(administrationResponse('', ''), 9, 200, 0, 0, 0, 0, 0, 0, 0, 0),
      /unknown error code 200/,
    ],
  ])('%s', (_, bytes, reason) => {
    expect(() => decodeMessage(bytes, A, B)).toThrow(FormatError);
    expect(() => decodeMessage(bytes, A, B)).toThrow(reason);
  });

  test('a hash or a profile that no message may name is not sent', () => {
    const long: NodeMessage = { ...hashed, hash: 'a'.repeat(129) };
    const profileId = 'p'.repeat(65);
    expect(() => encodeMessage(long)).toThrow(/not a hash/);
    expect(() =>
      encodeMessage({
        type: 'join-request',
        from: A,
        to: B,
        nodeId: A,
        profileId,
        key: '',
        admission: { type: 'none' },
      }),
    ).toThrow(/profile id too long/);
  });

  test('an unknown type', () => {
    expect(() => decodeMessage(new Uint8Array([200]), A, B)).toThrow(/unknown message type 200/);
  });

  test('a term or index beyond 2^53', () => {
    const bytes = encodeMessage(appendEntries()).slice();
    new DataView(bytes.buffer).setFloat64(1, 2 ** 53, true);
    expect(() => decodeMessage(bytes, A, B)).toThrow(/not an index/);
  });

  test('an encoder given what the format cannot tell throws FormatError', () => {
    const message = appendEntries({ round: -1 });
    expect(() => encodeMessage(message)).toThrow(FormatError);
  });
});
