/**
 * The runtime's own messages (node/messages.ts) as bytes; see codec.ts, which is its only caller, for
 * the format and for what hostile bytes may do.
 */

import { readBuild, writeBuild } from '../node/build.ts';
import type { ByteReader, ByteWriter } from '../node/bytes.ts';
import type { SessionId } from '../node/command.ts';
import {
  readInvite,
  readKey,
  readNodeId,
  writeConfiguration,
  writeInvite,
  writeKey,
} from '../node/entry-codec.ts';
import type { ErrorCode } from '../node/errors.ts';
import { MAX_BODY_BYTES, MAX_MEMBERS } from '../node/limits.ts';
import type {
  Administration,
  AdministrationRequest,
  AdministrationResponse,
  Admission,
  Announce,
  JoinResponse,
  NodeMessage,
  Proposal,
  ProposeRefused,
} from '../node/messages.ts';
import type { Message } from '../raft/messages.ts';
import type { NodeId, Role } from '../raft/types.ts';
import {
  readBoundedConfiguration,
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
  'configuration-notice',
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
  'invite',
  'revoke-invite',
] as const satisfies readonly Administration['type'][];

const ADMISSIONS = ['none', 'invite', 'voucher'] as const satisfies readonly Admission['type'][];

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
  'NewerVersion',
  'Cancelled',
  'NewerSchema',
  'ChangedMigration',
  'FailedMigration',
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
      writeKey(writer, message.key);
      writeAdmission(writer, message.admission);
      return;
    case 'join-response':
      writeNullable(writer, message.leaderId, writeName);
      writeMembers(writer, message.members);
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
    case 'configuration-notice':
      writer.integer(message.index);
      writeConfiguration(writer, message.configuration);
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
      return {
        type,
        ...header,
        nodeId: readNodeId(reader),
        profileId: readProfileId(reader),
        key: readKey(reader),
        admission: readAdmission(reader),
      };
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
    case 'configuration-notice':
      return {
        type,
        ...header,
        index: readIndex(reader),
        configuration: readBoundedConfiguration(reader),
      };
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

function writeMembers(writer: ByteWriter, members: readonly NodeId[]): void {
  writer.u8(members.length);
  for (const id of members.toSorted()) writer.name(id);
}

function readMembers(reader: ByteReader): NodeId[] {
  const count = reader.u8();
  if (count > MAX_MEMBERS) throw reader.error('too many members');
  const members: NodeId[] = [];
  for (let i = 0; i < count; i += 1) {
    const id = readNodeId(reader);
    const last = members.at(-1);
    if (last !== undefined && last >= id) throw reader.error('members are not sorted');
    members.push(id);
  }
  return members;
}

function readJoinResponse(reader: ByteReader, header: Header): JoinResponse {
  const leaderId = readNullable(reader, readNodeId);
  return { type: 'join-response', ...header, leaderId, members: readMembers(reader) };
}

function writeAdmission(writer: ByteWriter, admission: Admission): void {
  writer.u8(ADMISSIONS.indexOf(admission.type));
  if (admission.type === 'invite') writeKey(writer, admission.inviteId);
  if (admission.type === 'voucher') writer.name(admission.by);
}

function readAdmission(reader: ByteReader): Admission {
  const type = readOneOf(reader, ADMISSIONS, 'admission');
  if (type === 'invite') return { type, inviteId: readKey(reader) };
  return type === 'voucher' ? { type, by: readNodeId(reader) } : { type };
}

function writeAdministrationRequest(writer: ByteWriter, message: AdministrationRequest): void {
  const { administration } = message;
  writer.integer(message.requestId);
  writer.u8(ADMINISTRATIONS.indexOf(administration.type));
  switch (administration.type) {
    case 'skip':
      writer.integer(administration.index);
      return;
    case 'transfer':
      writeNullable(writer, administration.nodeId, writeName);
      return;
    case 'invite':
      writeInvite(writer, administration.invite);
      return;
    case 'revoke-invite':
      writeKey(writer, administration.inviteId);
      return;
    case 'remove':
    case 'leave':
      writer.name(administration.nodeId);
  }
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
    case 'invite':
      return { type, invite: readInvite(reader) };
    case 'revoke-invite':
      return { type, inviteId: readKey(reader) };
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
  writer.boolean(message.mayBeEvicted);
  writer.boolean(message.quarantined);
  writeBuild(writer, message.build);
  writeMembers(writer, message.reaches);
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
    mayBeEvicted: reader.boolean(),
    quarantined: reader.boolean(),
    build: readBuild(reader),
    reaches: readMembers(reader),
    wallClockMs: reader.integer(),
  };
}
