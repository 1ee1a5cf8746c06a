/**
 * The runtime's own messages (node/messages.ts) as bytes; see codec.ts, which is its only caller, for
 * the format and for what hostile bytes may do.
 */

import { readBuild, writeBuild } from '../node/build.ts';
import type { ByteReader, ByteWriter } from '../node/bytes.ts';
import type { SessionId } from '../node/command.ts';
import { readNodeId } from '../node/entry-codec.ts';
import type { ErrorCode } from '../node/errors.ts';
import { MAX_BODY_BYTES, MAX_MEMBERS } from '../node/limits.ts';
import type {
  Administration,
  AdministrationRequest,
  AdministrationResponse,
  Announce,
  JoinResponse,
  NodeMessage,
  Proposal,
  ProposeRefused,
} from '../node/messages.ts';
import type { Message } from '../raft/messages.ts';
import type { NodeId, Role } from '../raft/types.ts';
import {
  readHash,
  readIndex,
  readNullable,
  readOneOf,
  readProfileId,
  readTerm,
  readText,
  writeHash,
  writeName,
  writeNullable,
  writeProfileId,
  writeText,
} from './field-codec.ts';

type RuntimeMessage = Exclude<NodeMessage, Message>;

/** By its place in these lists a name travels. */
export const RUNTIME_TYPES = [
  'propose',
  'propose-refused',
  'join-request',
  'join-response',
  'removed',
  'administration-request',
  'administration-response',
  'state-hash',
  'snapshot-request',
  'announce',
] as const satisfies readonly RuntimeMessage['type'][];

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
  'transferring',
  'diverged',
] as const satisfies readonly ProposeRefused['reason'][];

const PROPOSALS = [
  'register-session',
  'execute',
  'register-durable-session',
  'close-session',
] as const;

const ADMINISTRATIONS = [
  'remove',
  'leave',
  'transfer',
  'skip',
] as const satisfies readonly Administration['type'][];

const ERROR_CODES = [
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
  'Conflict',
  'Stale',
  'Skipped',
] as const satisfies readonly ErrorCode[];

export function writeRuntimeMessage(writer: ByteWriter, message: RuntimeMessage): void {
  switch (message.type) {
    case 'propose':
      writeProposal(writer, message.proposal);
      return;
    case 'propose-refused':
      writer.u8(REFUSALS.indexOf(message.reason));
      return;
    case 'join-request':
      writer.name(message.nodeId);
      writeProfileId(writer, message.profileId);
      return;
    case 'join-response':
      writeNullable(writer, message.leaderId, writeName);
      writer.u8(message.members.length);
      for (const id of message.members.toSorted()) writer.name(id);
      return;
    case 'removed':
      writer.integer(message.configurationIndex);
      return;
    case 'administration-request':
      writeAdministrationRequest(writer, message);
      return;
    case 'administration-response':
      writeAdministrationResponse(writer, message);
      return;
    case 'state-hash':
      writer.integer(message.index);
      writeHash(writer, message.hash);
      return;
    case 'snapshot-request':
      writer.integer(message.atLeast);
      return;
    case 'announce':
      writeAnnounce(writer, message);
      return;
  }
}

export function readRuntimeMessage(
  reader: ByteReader,
  type: RuntimeMessage['type'],
  from: NodeId,
  to: NodeId,
): RuntimeMessage {
  const header = { from, to };
  switch (type) {
    case 'propose':
      return { type, ...header, proposal: readProposal(reader) };
    case 'propose-refused':
      return { type, ...header, reason: readOneOf(reader, REFUSALS, 'refusal') };
    case 'join-request':
      return { type, ...header, nodeId: readNodeId(reader), profileId: readProfileId(reader) };
    case 'join-response':
      return readJoinResponse(reader, header);
    case 'removed':
      return { type, ...header, configurationIndex: readIndex(reader) };
    case 'administration-request':
      return readAdministrationRequest(reader, header);
    case 'administration-response':
      return readAdministrationResponse(reader, header);
    case 'state-hash':
      return { type, ...header, index: readIndex(reader), hash: readHash(reader) };
    case 'snapshot-request':
      return { type, ...header, atLeast: readIndex(reader) };
    case 'announce':
      return readAnnounce(reader, header);
  }
}

interface Header {
  readonly from: NodeId;
  readonly to: NodeId;
}

function writeProposal(writer: ByteWriter, proposal: Proposal): void {
  const isDurable = proposal.type === 'register-session' && proposal.durable;
  writer.u8(PROPOSALS.indexOf(isDurable ? 'register-durable-session' : proposal.type));
  if (proposal.type === 'register-session') {
    writer.integer(proposal.nonce);
    return;
  }
  if (proposal.type === 'close-session') {
    writer.integer(proposal.sessionId);
    return;
  }
  const { sessionId, sequence, lowestUnanswered } = proposal.session;
  writer.integer(sessionId);
  writer.integer(sequence);
  writer.integer(lowestUnanswered);
  writer.boolean(proposal.isCopyWanted);
  writer.bytes(proposal.body);
}

function readProposal(reader: ByteReader): Proposal {
  const type = readOneOf(reader, PROPOSALS, 'proposal type');
  if (type === 'register-session') return { type, nonce: reader.integer(), durable: false };
  if (type === 'register-durable-session') {
    return { type: 'register-session', nonce: reader.integer(), durable: true };
  }
  if (type === 'close-session') return { type, sessionId: readIndex(reader) };
  const sessionId: SessionId = readIndex(reader);
  const sequence = reader.integer();
  const lowestUnanswered = reader.integer();
  const isCopyWanted = reader.boolean();
  const body = reader.bytes();
  if (body.length > MAX_BODY_BYTES) throw reader.error('body too large');
  return { type, session: { sessionId, sequence, lowestUnanswered }, body, isCopyWanted };
}

function readJoinResponse(reader: ByteReader, header: Header): JoinResponse {
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
  return { type: 'join-response', ...header, leaderId, members };
}

function writeAdministrationRequest(writer: ByteWriter, message: AdministrationRequest): void {
  const { administration } = message;
  writer.integer(message.requestId);
  writer.u8(ADMINISTRATIONS.indexOf(administration.type));
  if (administration.type === 'skip') writer.integer(administration.index);
  else if (administration.type === 'transfer')
    writeNullable(writer, administration.nodeId, writeName);
  else writer.name(administration.nodeId);
}

function readAdministrationRequest(reader: ByteReader, header: Header): AdministrationRequest {
  const requestId = reader.integer();
  const type = readOneOf(reader, ADMINISTRATIONS, 'administration');
  const administration = readAdministration(reader, type);
  return { type: 'administration-request', ...header, requestId, administration };
}

function readAdministration(reader: ByteReader, type: Administration['type']): Administration {
  switch (type) {
    case 'transfer':
      return { type, nodeId: readNullable(reader, readNodeId) };
    case 'skip':
      return { type, index: readIndex(reader) };
    case 'remove':
    case 'leave':
      return { type, nodeId: readNodeId(reader) };
  }
}

type AdministrationError = NonNullable<AdministrationResponse['error']>;

function writeAdministrationResponse(writer: ByteWriter, message: AdministrationResponse): void {
  writer.integer(message.requestId);
  writeNullable(writer, message.error, (_, error) => {
    writer.u8(ERROR_CODES.indexOf(error.code));
    writeText(writer, error.message);
  });
  writeText(writer, message.warning);
}

function readAdministrationResponse(reader: ByteReader, header: Header): AdministrationResponse {
  const requestId = reader.integer();
  const error = readNullable(reader, (): AdministrationError => {
    const code = readOneOf(reader, ERROR_CODES, 'error code');
    return { code, message: readText(reader) };
  });
  const warning = readText(reader);
  return { type: 'administration-response', ...header, requestId, error, warning };
}

function writeAnnounce(writer: ByteWriter, message: Announce): void {
  writer.u8(ROLES.indexOf(message.role));
  writer.integer(message.term);
  writeNullable(writer, message.leaderId, writeName);
  writer.integer(message.commitIndex);
  writer.integer(message.lastApplied);
  writer.integer(message.lastIndex);
  writer.boolean(message.visible);
  writer.boolean(message.quarantined);
  writeBuild(writer, message.build);
  writer.integer(message.wallClockMs);
}

function readAnnounce(reader: ByteReader, header: Header): Announce {
  return {
    type: 'announce',
    ...header,
    role: readOneOf(reader, ROLES, 'role'),
    term: readTerm(reader),
    leaderId: readNullable(reader, readNodeId),
    commitIndex: readIndex(reader),
    lastApplied: readIndex(reader),
    lastIndex: readIndex(reader),
    visible: reader.boolean(),
    quarantined: reader.boolean(),
    build: readBuild(reader),
    wallClockMs: reader.integer(),
  };
}
