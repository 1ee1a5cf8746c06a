/**
 * Messages between servers as bytes, protocol version 1.
 *
 * A message is u8 type, then its fields in the order of their interface (raft/messages.ts,
 * node/messages.ts); terms, indexes and counts as `integer`, node ids as `name`, null as a leading
 * u8 0 (else 1). Entries are in the log's own encoding. Sender and receiver are not sent: both ends
 * of a link know them (TR3 then holds by construction). The frame around a message carries the
 * protocol's version and the binding to the cluster.
 *
 * Bytes from a peer are hostile. This is the one place that decodes them: what comes out is of its
 * exact type and makes sense by itself (entries contiguous, terms ascending, ids sorted), what does
 * not is a `FormatError`, and nothing is allocated beyond a constant times the bytes received.
 * Bytes that decode are the only encoding of their message. Slices are views on the received bytes.
 */

import { ByteReader, ByteWriter } from '../node/bytes.ts';
import type { SessionId } from '../node/command.ts';
import { MIN_ENTRY_BYTES, readEntry, readNodeId, writeEntry } from '../node/entry-codec.ts';
import { MAX_APPEND_ENTRIES, MAX_BODY_BYTES, MAX_MEMBERS } from '../node/limits.ts';
import type {
  Announce,
  JoinResponse,
  NodeMessage,
  Proposal,
  ProposeRefused,
} from '../node/messages.ts';
import type {
  AppendEntries,
  AppendEntriesResponse,
  PreVote,
  ReadIndexResponse,
  RequestVote,
} from '../raft/messages.ts';
import type { Entry, LogIndex, NodeId, ReadRequestId, Role, Term } from '../raft/types.ts';

const TYPES = [
  'request-vote',
  'request-vote-response',
  'pre-vote',
  'pre-vote-response',
  'append-entries',
  'append-entries-response',
  'read-index-request',
  'read-index-response',
  'propose',
  'propose-refused',
  'join-request',
  'join-response',
  'announce',
] as const satisfies readonly NodeMessage['type'][];

const ROLES = [
  'follower',
  'pre-candidate',
  'candidate',
  'leader',
  'learner',
] as const satisfies readonly Role[];

const REFUSALS = [
  'not-leader',
  'overloaded',
  'gap',
] as const satisfies readonly ProposeRefused['reason'][];

const PROPOSALS = ['register-session', 'execute'] as const satisfies readonly Proposal['type'][];

const HEADER_BYTES = 128;

/** Throws `FormatError` where the message cannot be told in this format. */
export function encodeMessage(message: NodeMessage): Uint8Array {
  const writer = new ByteWriter(HEADER_BYTES + payloadBytes(message));
  writer.u8(TYPES.indexOf(message.type));
  writeFields(writer, message);
  return writer.finish();
}

/** Decodes what `from` sent to `to`; throws `FormatError` on anything but exactly one message. */
export function decodeMessage(bytes: Uint8Array, from: NodeId, to: NodeId): NodeMessage {
  const reader = new ByteReader(bytes);
  const message = readFields(reader, readOneOf(reader, TYPES, 'message type'), from, to);
  reader.end();
  return message;
}

function payloadBytes(message: NodeMessage): number {
  if (message.type === 'propose') {
    return message.proposal.type === 'execute' ? message.proposal.body.length : 0;
  }
  if (message.type !== 'append-entries') return 0;
  let bytes = 0;
  for (const entry of message.entries) {
    bytes += MIN_ENTRY_BYTES + 4 + (entry.type === 'command' ? entry.data.length : HEADER_BYTES);
  }
  return bytes;
}

function writeFields(writer: ByteWriter, message: NodeMessage): void {
  switch (message.type) {
    case 'request-vote':
    case 'pre-vote':
      writer.integer(message.term);
      writer.integer(message.lastLogIndex);
      writer.integer(message.lastLogTerm);
      return;
    case 'request-vote-response':
    case 'pre-vote-response':
      writer.integer(message.term);
      writer.boolean(message.voteGranted);
      return;
    case 'append-entries':
      writeAppendEntries(writer, message);
      return;
    case 'append-entries-response':
      writeAppendEntriesResponse(writer, message);
      return;
    case 'read-index-request':
      writer.integer(message.term);
      writer.integer(message.requestId);
      writer.boolean(message.confirm);
      return;
    case 'read-index-response':
      writer.integer(message.term);
      writer.integer(message.requestId);
      writeNullable(writer, message.success ? message.index : null, writeInteger);
      return;
    case 'propose':
      writeProposal(writer, message.proposal);
      return;
    case 'propose-refused':
      writer.u8(REFUSALS.indexOf(message.reason));
      return;
    case 'join-request':
      writer.name(message.nodeId);
      return;
    case 'join-response':
      writeNullable(writer, message.leaderId, writeName);
      writer.u8(message.members.length);
      for (const id of message.members.toSorted()) writer.name(id);
      return;
    case 'announce':
      writeAnnounce(writer, message);
      return;
  }
}

function readFields(
  reader: ByteReader,
  type: NodeMessage['type'],
  from: NodeId,
  to: NodeId,
): NodeMessage {
  switch (type) {
    case 'request-vote':
    case 'pre-vote':
      return readVoteRequest(reader, type, from, to);
    case 'request-vote-response':
    case 'pre-vote-response':
      return { type, from, to, term: readTerm(reader), voteGranted: reader.boolean() };
    case 'append-entries':
      return readAppendEntries(reader, from, to);
    case 'append-entries-response':
      return readAppendEntriesResponse(reader, from, to);
    case 'read-index-request': {
      const term = readTerm(reader);
      return { type, from, to, term, requestId: readRequestId(reader), confirm: reader.boolean() };
    }
    case 'read-index-response':
      return readReadIndexResponse(reader, from, to);
    case 'propose':
      return { type, from, to, proposal: readProposal(reader) };
    case 'propose-refused':
      return { type, from, to, reason: readOneOf(reader, REFUSALS, 'refusal') };
    case 'join-request':
      return { type, from, to, nodeId: readNodeId(reader) };
    case 'join-response':
      return readJoinResponse(reader, from, to);
    case 'announce':
      return readAnnounce(reader, from, to);
  }
}

function readVoteRequest(
  reader: ByteReader,
  type: 'request-vote' | 'pre-vote',
  from: NodeId,
  to: NodeId,
): RequestVote | PreVote {
  const term = readTerm(reader);
  const lastLogIndex = readIndex(reader);
  return { type, from, to, term, lastLogIndex, lastLogTerm: readTerm(reader) };
}

function writeAppendEntries(writer: ByteWriter, message: AppendEntries): void {
  writer.integer(message.term);
  writer.integer(message.prevLogIndex);
  writer.integer(message.prevLogTerm);
  writer.integer(message.leaderCommit);
  writer.integer(message.round);
  writer.u32(message.entries.length);
  for (const entry of message.entries) writeEntry(writer, entry);
}

function readAppendEntries(reader: ByteReader, from: NodeId, to: NodeId): AppendEntries {
  const term = readTerm(reader);
  const prevLogIndex = readIndex(reader);
  const prevLogTerm = readTerm(reader);
  if ((prevLogIndex === 0) !== (prevLogTerm === 0)) throw reader.error('no such log position');
  if (prevLogTerm > term) throw reader.error('a log ahead of its leader');
  const leaderCommit = readIndex(reader);
  const round = reader.integer();
  const count = reader.count(MIN_ENTRY_BYTES);
  if (count > MAX_APPEND_ENTRIES) throw reader.error('too many entries');
  const entries: Entry[] = [];
  let lastTerm: Term = prevLogTerm;
  for (let i = 1; i <= count; i += 1) {
    const entry = readEntry(reader);
    if (entry.index !== prevLogIndex + i) throw reader.error('entries are not contiguous');
    if (entry.term === 0 || entry.term < lastTerm) throw reader.error('terms are not ascending');
    lastTerm = entry.term;
    entries.push(entry);
  }
  if (lastTerm > term) throw reader.error('a log ahead of its leader');
  const position = { term, prevLogIndex, prevLogTerm };
  return { type: 'append-entries', from, to, ...position, entries, leaderCommit, round };
}

function writeAppendEntriesResponse(writer: ByteWriter, message: AppendEntriesResponse): void {
  writer.integer(message.term);
  writer.integer(message.round);
  writer.boolean(message.success);
  if (message.success) {
    writer.integer(message.matchIndex);
    return;
  }
  writer.integer(message.rejectedIndex);
  writer.integer(message.conflictIndex);
  writeNullable(writer, message.conflictTerm, writeInteger);
}

function readAppendEntriesResponse(
  reader: ByteReader,
  from: NodeId,
  to: NodeId,
): AppendEntriesResponse {
  const term = readTerm(reader);
  const header = { type: 'append-entries-response', from, to, term } as const;
  const round = reader.integer();
  const success = reader.boolean();
  if (success) return { ...header, round, success, matchIndex: readIndex(reader) };
  const rejectedIndex = readIndex(reader);
  const conflictIndex = readIndex(reader);
  const conflictTerm = readNullable(reader, readTerm);
  return { ...header, round, success, rejectedIndex, conflictIndex, conflictTerm };
}

function readReadIndexResponse(reader: ByteReader, from: NodeId, to: NodeId): ReadIndexResponse {
  const term = readTerm(reader);
  const requestId = readRequestId(reader);
  const header = { type: 'read-index-response', from, to, term, requestId } as const;
  const index = readNullable(reader, readIndex);
  return index === null ? { ...header, success: false } : { ...header, success: true, index };
}

function writeProposal(writer: ByteWriter, proposal: Proposal): void {
  writer.u8(PROPOSALS.indexOf(proposal.type));
  if (proposal.type === 'register-session') {
    writer.integer(proposal.nonce);
    return;
  }
  const { sessionId, sequence, lowestUnanswered } = proposal.session;
  writer.integer(sessionId);
  writer.integer(sequence);
  writer.integer(lowestUnanswered);
  writer.bytes(proposal.body);
}

function readProposal(reader: ByteReader): Proposal {
  const type = readOneOf(reader, PROPOSALS, 'proposal type');
  if (type === 'register-session') return { type, nonce: reader.integer() };
  const sessionId: SessionId = readIndex(reader);
  const sequence = reader.integer();
  const lowestUnanswered = reader.integer();
  const body = reader.bytes();
  if (body.length > MAX_BODY_BYTES) throw reader.error('body too large');
  return { type, session: { sessionId, sequence, lowestUnanswered }, body };
}

function readJoinResponse(reader: ByteReader, from: NodeId, to: NodeId): JoinResponse {
  const leaderId = readNullable(reader, readNodeId);
  const count = reader.u8();
  if (count > MAX_MEMBERS) throw reader.error('too many members');
  const members: NodeId[] = [];
  for (let i = 0; i < count; i += 1) {
    const id = readNodeId(reader);
    const last = members.at(-1);
    if (last !== undefined && last >= id) throw reader.error('members are not sorted');
    members.push(id);
  }
  return { type: 'join-response', from, to, leaderId, members };
}

function writeAnnounce(writer: ByteWriter, message: Announce): void {
  writer.u8(ROLES.indexOf(message.role));
  writer.integer(message.term);
  writeNullable(writer, message.leaderId, writeName);
  writer.integer(message.commitIndex);
  writer.integer(message.lastApplied);
  writer.integer(message.lastIndex);
  writer.boolean(message.visible);
  writer.integer(message.wallClockMs);
}

function readAnnounce(reader: ByteReader, from: NodeId, to: NodeId): Announce {
  return {
    type: 'announce',
    from,
    to,
    role: readOneOf(reader, ROLES, 'role'),
    term: readTerm(reader),
    leaderId: readNullable(reader, readNodeId),
    commitIndex: readIndex(reader),
    lastApplied: readIndex(reader),
    lastIndex: readIndex(reader),
    visible: reader.boolean(),
    wallClockMs: reader.integer(),
  };
}

function readTerm(reader: ByteReader): Term {
  return reader.integer() as Term;
}

function readIndex(reader: ByteReader): LogIndex {
  return reader.integer() as LogIndex;
}

function readRequestId(reader: ByteReader): ReadRequestId {
  return reader.integer() as ReadRequestId;
}

function readOneOf<Name extends string>(
  reader: ByteReader,
  names: readonly Name[],
  what: string,
): Name {
  const number = reader.u8();
  const name = names[number];
  if (name === undefined) throw reader.error(`unknown ${what} ${number}`);
  return name;
}

function writeInteger(writer: ByteWriter, value: number): void {
  writer.integer(value);
}

function writeName(writer: ByteWriter, name: string): void {
  writer.name(name);
}

function writeNullable<Value>(
  writer: ByteWriter,
  value: Value | null,
  write: (writer: ByteWriter, value: Value) => void,
): void {
  writer.boolean(value !== null);
  if (value !== null) write(writer, value);
}

function readNullable<Value>(
  reader: ByteReader,
  read: (reader: ByteReader) => Value,
): Value | null {
  return reader.boolean() ? read(reader) : null;
}
