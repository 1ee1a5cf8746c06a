/** Arbitrary messages of every type, valid as the codec demands, for fast-check. */

import fc from 'fast-check';

import { isNodeId } from '../../src/node/entry-codec.ts';
import type { ErrorCode } from '../../src/node/errors.ts';
import { MAX_MEMBERS, MAX_SNAPSHOT_BYTES } from '../../src/node/limits.ts';
import type {
  Admission,
  Administration,
  NodeMessage,
  Proposal,
  ProposeRefused,
} from '../../src/node/messages.ts';
import { membersOf } from '../../src/raft/configuration.ts';
import type { AppendEntries, InstallSnapshot, Message } from '../../src/raft/messages.ts';
import type {
  Configuration,
  Entry,
  LogIndex,
  NodeId,
  ReadRequestId,
  Role,
  Term,
} from '../../src/raft/types.ts';
import { accessFor, invite, key } from '../node/access-arbitrary.ts';

const nodeId = fc.stringMatching(/^[a-z2-7]{10,32}$/).filter(isNodeId);

const integer = fc.oneof(fc.nat({ max: 300 }), fc.maxSafeNat());
const index = integer as fc.Arbitrary<LogIndex>;
const term = integer as fc.Arbitrary<Term>;
const requestId = integer as fc.Arbitrary<ReadRequestId>;
const role = fc.constantFrom<Role>('follower', 'pre-candidate', 'candidate', 'leader', 'learner');
const bytes = fc.uint8Array({ maxLength: 200 });

const sortedIds = fc.uniqueArray(nodeId, { maxLength: MAX_MEMBERS }).map((ids) => ids.toSorted());

const profileId = fc.stringMatching(/^[ -~]{0,64}$/);
const admission: fc.Arbitrary<Admission> = fc.oneof(
  fc.constant({ type: 'none' as const }),
  fc.record({ type: fc.constant('invite' as const), inviteId: key }),
  fc.record({ type: fc.constant('voucher' as const), by: nodeId }),
);
const hash = fc.stringMatching(/^[0-9a-f]{0,128}$/);
/** Well-formed, and short enough not to be cut. */
const text = fc.string({ unit: 'binary', maxLength: 200 });

const configuration: fc.Arbitrary<Configuration> = fc
  .record({
    voters: sortedIds,
    outgoingVoters: sortedIds,
    learners: sortedIds,
    names: fc.array(fc.option(profileId, { nil: null }), { maxLength: MAX_MEMBERS }),
    access: accessFor,
  })
  .map(({ names, access, ...lists }) => {
    const profiles: Record<NodeId, string> = {};
    for (const [i, id] of membersOf(lists).entries()) {
      const name = names[i] ?? null;
      if (name !== null) profiles[id] = name;
    }
    return { ...lists, profiles, access: access(membersOf(lists)) };
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

/** A chunk within a snapshot that is not ahead of its leader. */
const installSnapshot: fc.Arbitrary<Omit<InstallSnapshot, 'from' | 'to'>> = fc
  .record({
    lastIncludedIndex: fc.integer({ min: 1 }),
    lastIncludedTerm: fc.integer({ min: 1, max: 1_000 }),
    lead: fc.nat({ max: 5 }),
    configuration,
    stampMs: integer,
    hash,
    offset: fc.nat({ max: 1_000_000 }),
    data: bytes,
    behind: fc.nat({ max: 1_000_000 }),
  })
  .map(({ lead, behind, lastIncludedIndex, lastIncludedTerm, ...rest }) => ({
    type: 'install-snapshot',
    term: (lastIncludedTerm + lead) as Term,
    lastIncludedIndex: lastIncludedIndex as LogIndex,
    lastIncludedTerm: lastIncludedTerm as Term,
    sizeBytes: rest.offset + rest.data.length + behind,
    ...rest,
  }));

const administration: fc.Arbitrary<Administration> = fc.oneof(
  fc.record({ type: fc.constantFrom('remove' as const, 'leave' as const), nodeId }),
  fc.record({
    type: fc.constant('transfer' as const),
    nodeId: fc.option(nodeId, { nil: null }),
  }),
  fc.record({ type: fc.constant('skip' as const), index }),
  fc.record({ type: fc.constant('invite' as const), invite }),
  fc.record({ type: fc.constant('revoke-invite' as const), inviteId: key }),
);

const errorCode = fc.constantFrom<ErrorCode>(
  'Sql',
  'NotReplicable',
  'NoQuorum',
  'Timeout',
  'Aborted',
  'TooLarge',
  'Overloaded',
  'Quarantined',
  'Diverged',
  'Removed',
  'Refused',
  'InvalidArgument',
  'InvalidInvite',
  'Unsupported',
  'StorageDenied',
  'StorageLost',
  'Corrupt',
  'Closed',
  'Internal',
  'NewerVersion',
);

const proposal: fc.Arbitrary<Proposal> = fc.oneof(
  fc.record({
    type: fc.constant('register-session' as const),
    nonce: integer,
    durable: fc.boolean(),
  }),
  fc.record({ type: fc.constant('close-session' as const), sessionId: index }),
  fc.record({
    type: fc.constant('execute' as const),
    session: fc.record({ sessionId: index, sequence: integer, lowestUnanswered: integer }),
    body: bytes,
    isCopyWanted: fc.boolean(),
  }),
);

/** A message without its ends; `Omit` does not reach into unions by itself. */
type Body<Message> = Message extends unknown ? Omit<Message, 'from' | 'to'> : never;

const voteRequest = fc.oneof(
  fc.record({
    type: fc.constant('request-vote' as const),
    term,
    lastLogIndex: index,
    lastLogTerm: term,
    isTransfer: fc.boolean(),
  }),
  fc.record({
    type: fc.constant('pre-vote' as const),
    term,
    lastLogIndex: index,
    lastLogTerm: term,
  }),
);

const raftBody: fc.Arbitrary<Body<Message>> = fc.oneof(
  voteRequest,
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
  installSnapshot,
  fc.record({
    type: fc.constant('install-snapshot-response' as const),
    term,
    lastIncludedIndex: index,
    hash,
    offset: fc.nat({ max: MAX_SNAPSHOT_BYTES }),
    isRefused: fc.boolean(),
  }),
  fc.record({ type: fc.constant('timeout-now' as const), term }),
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
);

const runtimeBody: fc.Arbitrary<Body<Exclude<NodeMessage, Message>>> = fc.oneof(
  fc.record({ type: fc.constant('propose' as const), proposal }),
  fc.record({
    type: fc.constant('propose-refused' as const),
    reason: fc.constantFrom<ProposeRefused['reason']>(
      'not-leader',
      'overloaded',
      'gap',
      'transferring',
      'diverged',
    ),
  }),
  fc.record({
    type: fc.constant('join-request' as const),
    nodeId,
    profileId,
    key,
    admission,
  }),
  fc.record({
    type: fc.constant('join-response' as const),
    leaderId: fc.option(nodeId, { nil: null }),
    members: sortedIds,
  }),
  fc.record({ type: fc.constant('removed' as const), configurationIndex: index }),
  fc.record({ type: fc.constant('configuration-notice' as const), index, configuration }),
  fc.record({
    type: fc.constant('administration-request' as const),
    requestId: integer,
    administration,
  }),
  fc.record({
    type: fc.constant('administration-response' as const),
    requestId: integer,
    error: fc.option(fc.record({ code: errorCode, message: text }), { nil: null }),
    warning: text,
  }),
  fc.record({ type: fc.constant('state-hash' as const), index, hash }),
  fc.record({ type: fc.constant('snapshot-request' as const), atLeast: index }),
  fc.record({
    type: fc.constant('announce' as const),
    role,
    term,
    leaderId: fc.option(nodeId, { nil: null }),
    commitIndex: index,
    lastApplied: index,
    lastIndex: index,
    visible: fc.boolean(),
    mayBeEvicted: fc.boolean(),
    quarantined: fc.boolean(),
    build: fc.stringMatching(/^[ -~]{0,128}$/),
    reaches: sortedIds,
    wallClockMs: integer,
  }),
);

/** Every message there is, from `from` to `to`. */
export function messages(from: NodeId, to: NodeId): fc.Arbitrary<NodeMessage> {
  return fc.oneof(raftBody, runtimeBody).map((fields) => ({ ...fields, from, to }) as NodeMessage);
}
