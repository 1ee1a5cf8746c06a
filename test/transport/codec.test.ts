/** The codec: every message comes back, and nothing a peer may send does anything but that or fail. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { FormatError } from '../../src/node/bytes.ts';
import { MAX_APPEND_ENTRIES, MAX_BODY_BYTES, MAX_MESSAGE_BYTES } from '../../src/node/limits.ts';
import type { JoinResponse, NodeMessage } from '../../src/node/messages.ts';
import type { AppendEntries } from '../../src/raft/messages.ts';
import type { Entry, LogIndex, NodeId, Term } from '../../src/raft/types.ts';
import { decodeMessage, encodeMessage } from '../../src/transport/codec.ts';
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
    const message: NodeMessage = { type: 'join-request', from: A, to: B, nodeId: A };
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
    const proposal = { type: 'execute', session, body } as const;
    const bytes = encodeMessage({ type: 'propose', from: A, to: B, proposal });
    expect(bytes.length).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
    const decoded = decodeMessage(bytes, A, B);
    const received = decoded.type === 'propose' && decoded.proposal.type === 'execute';
    expect(received && Buffer.compare(decoded.proposal.body, body)).toBe(0);
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
    expect(fc.check(property, { numRuns: 5_000 })).toMatchObject({ failed: false });
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
    expect(fc.check(property, { numRuns: 5_000 })).toMatchObject({ failed: false });
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
            configuration: { voters: [B, A], outgoingVoters: [], learners: [] },
          },
        ],
      }),
      /not sorted/,
    ],
  ];

  test.each(cases)('%s', (_, message, reason) => {
    const bytes = encodeMessage(message);
    expect(() => decodeMessage(bytes, A, B)).toThrow(FormatError);
    expect(() => decodeMessage(bytes, A, B)).toThrow(reason);
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
