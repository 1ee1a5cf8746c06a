/** Arbitrary messages of every type, valid as the codec demands, for fast-check. */

import fc from 'fast-check';

import { MAX_MEMBERS } from '../../src/node/limits.ts';
import type { NodeMessage, Proposal } from '../../src/node/messages.ts';
import type { AppendEntries } from '../../src/raft/messages.ts';
import type {
  Configuration,
  Entry,
  LogIndex,
  NodeId,
  ReadRequestId,
  Role,
  Term,
} from '../../src/raft/types.ts';

const nodeId = fc.stringMatching(/^[a-z2-7]{10,32}$/) as fc.Arbitrary<NodeId>;

const integer = fc.oneof(fc.nat({ max: 300 }), fc.maxSafeNat());
const index = integer as fc.Arbitrary<LogIndex>;
const term = integer as fc.Arbitrary<Term>;
const requestId = integer as fc.Arbitrary<ReadRequestId>;
const role = fc.constantFrom<Role>('follower', 'pre-candidate', 'candidate', 'leader', 'learner');
const bytes = fc.uint8Array({ maxLength: 200 });

const sortedIds = fc.uniqueArray(nodeId, { maxLength: MAX_MEMBERS }).map((ids) => ids.toSorted());

const configuration: fc.Arbitrary<Configuration> = fc.record({
  voters: sortedIds,
  outgoingVoters: sortedIds,
  learners: sortedIds,
});

type EntryBody =
  | { readonly type: 'noop' }
  | { readonly type: 'command'; readonly data: Uint8Array }
  | { readonly type: 'configuration'; readonly configuration: Configuration };

const entryBody: fc.Arbitrary<EntryBody> = fc.oneof(
  fc.constant({ type: 'noop' as const }),
  fc.record({ type: fc.constant('command' as const), data: bytes }),
  fc.record({ type: fc.constant('configuration' as const), configuration }),
);

/** Contiguous entries with ascending terms behind a log position that exists. */
const appendEntries: fc.Arbitrary<Omit<AppendEntries, 'from' | 'to'>> = fc
  .record({
    prevLogIndex: fc.nat({ max: 1_000_000 }),
    prevLogTerm: fc.integer({ min: 1, max: 1_000 }),
    steps: fc.array(fc.tuple(fc.nat({ max: 3 }), entryBody), { maxLength: 12 }),
    lead: fc.nat({ max: 5 }),
    leaderCommit: index,
    round: integer,
  })
  .map(({ prevLogIndex, prevLogTerm, steps, lead, leaderCommit, round }) => {
    const firstTerm = prevLogIndex === 0 ? 0 : prevLogTerm;
    let last = firstTerm;
    const entries = steps.map(([step, body], i): Entry => {
      last = Math.max(1, last + step);
      const header = { index: (prevLogIndex + 1 + i) as LogIndex, term: last as Term };
      return { ...header, ...body };
    });
    return {
      type: 'append-entries',
      term: (last + lead) as Term,
      prevLogIndex: prevLogIndex as LogIndex,
      prevLogTerm: firstTerm as Term,
      entries,
      leaderCommit,
      round,
    };
  });

const proposal: fc.Arbitrary<Proposal> = fc.oneof(
  fc.record({ type: fc.constant('register-session' as const), nonce: integer }),
  fc.record({
    type: fc.constant('execute' as const),
    session: fc.record({ sessionId: index, sequence: integer, lowestUnanswered: integer }),
    body: bytes,
  }),
);

/** A message without its ends; `Omit` does not reach into unions by itself. */
type Body<Message> = Message extends unknown ? Omit<Message, 'from' | 'to'> : never;

const body: fc.Arbitrary<Body<NodeMessage>> = fc.oneof(
  fc.record({
    type: fc.constantFrom('request-vote' as const, 'pre-vote' as const),
    term,
    lastLogIndex: index,
    lastLogTerm: term,
  }),
  fc.record({
    type: fc.constantFrom('request-vote-response' as const, 'pre-vote-response' as const),
    term,
    voteGranted: fc.boolean(),
  }),
  appendEntries,
  fc.record({
    type: fc.constant('append-entries-response' as const),
    term,
    round: integer,
    success: fc.constant(true as const),
    matchIndex: index,
  }),
  fc.record({
    type: fc.constant('append-entries-response' as const),
    term,
    round: integer,
    success: fc.constant(false as const),
    rejectedIndex: index,
    conflictIndex: index,
    conflictTerm: fc.option(term, { nil: null }),
  }),
  fc.record({
    type: fc.constant('read-index-request' as const),
    term,
    requestId,
    confirm: fc.boolean(),
  }),
  fc.record({
    type: fc.constant('read-index-response' as const),
    term,
    requestId,
    success: fc.constant(true as const),
    index,
  }),
  fc.record({
    type: fc.constant('read-index-response' as const),
    term,
    requestId,
    success: fc.constant(false as const),
  }),
  fc.record({ type: fc.constant('propose' as const), proposal }),
  fc.record({
    type: fc.constant('propose-refused' as const),
    reason: fc.constantFrom('not-leader' as const, 'overloaded' as const, 'gap' as const),
  }),
  fc.record({ type: fc.constant('join-request' as const), nodeId }),
  fc.record({
    type: fc.constant('join-response' as const),
    leaderId: fc.option(nodeId, { nil: null }),
    members: sortedIds,
  }),
  fc.record({
    type: fc.constant('announce' as const),
    role,
    term,
    leaderId: fc.option(nodeId, { nil: null }),
    commitIndex: index,
    lastApplied: index,
    lastIndex: index,
    visible: fc.boolean(),
    wallClockMs: integer,
  }),
);

/** Every message there is, from `from` to `to`. */
export function messages(from: NodeId, to: NodeId): fc.Arbitrary<NodeMessage> {
  return body.map((fields) => ({ ...fields, from, to }) as NodeMessage);
}
