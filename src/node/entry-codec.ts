/**
 * Log entries and configurations as bytes, the same in the log's records and on the wire.
 *
 * Entry: u8 type, f64 index, f64 term, then for `command` its data behind a length, for
 * `configuration` the configuration. Configuration: three lists of names (voters, outgoing voters,
 * learners), each behind a u8 count, then for each member in order of names whether it has a profile (u8)
 * and if so its text; then who may belong: for each member whether it has a key (u8) and if so its text;
 * former members (u8 count; name, key), removed ones (u8 count; name), invites (u8 count; id, verifier,
 * f64 time of creation, u8 and f64 time of expiry, u8 and f64 uses left). Nobody is named twice in one
 * list. The containing record or frame carries the format's version; an older one ends behind the
 * profiles, since nobody had a key.
 */

import { membersOf, NO_ACCESS } from '../raft/configuration.ts';
import type {
  Access,
  Configuration,
  Entry,
  FormerMember,
  InviteRecord,
  LogIndex,
  NodeId,
  Term,
} from '../raft/types.ts';
import { FormatError, type ByteReader, type ByteWriter } from './bytes.ts';
import {
  MAX_FORMER_MEMBERS,
  MAX_INVITES,
  MAX_KEY_CHARACTERS,
  MAX_MEMBERS,
  MAX_REMOVED_MEMBERS,
} from './limits.ts';

const NOOP = 1;
const COMMAND = 2;
const CONFIGURATION = 3;

/** The fewest bytes an encoded entry takes. */
export const MIN_ENTRY_BYTES = 17;

/** Names a node and no property that every object has: records are kept by node id. */
const NODE_ID = /^(?!constructor$)[a-z2-7]{10,32}$/;

export function isNodeId(text: string): text is NodeId {
  return NODE_ID.test(text);
}

/** Reads a node id, and throws `FormatError` where it is none. */
export function readNodeId(reader: ByteReader): NodeId {
  const name = reader.name();
  if (!isNodeId(name)) throw reader.error('not a node id');
  return name;
}

export function writeEntry(writer: ByteWriter, entry: Entry): void {
  writer.u8(typeNumber(entry));
  writer.integer(entry.index);
  writer.integer(entry.term);
  if (entry.type === 'command') writer.bytes(entry.data);
  if (entry.type === 'configuration') writeConfiguration(writer, entry.configuration);
}

/** `hasAccess` false: configurations are of the format before anybody had a key. */
export function readEntry(reader: ByteReader, hasAccess = true): Entry {
  const type = reader.u8();
  const index = reader.integer() as LogIndex;
  const term = reader.integer() as Term;
  switch (type) {
    case NOOP:
      return { type: 'noop', index, term };
    case COMMAND:
      return { type: 'command', index, term, data: reader.bytes() };
    case CONFIGURATION:
      return {
        type: 'configuration',
        index,
        term,
        configuration: readConfiguration(reader, hasAccess),
      };
    default:
      throw reader.error(`unknown entry type ${type}`);
  }
}

function typeNumber(entry: Entry): number {
  switch (entry.type) {
    case 'noop':
      return NOOP;
    case 'command':
      return COMMAND;
    case 'configuration':
      return CONFIGURATION;
  }
}

export function writeConfiguration(writer: ByteWriter, configuration: Configuration): void {
  for (const ids of [configuration.voters, configuration.outgoingVoters, configuration.learners]) {
    writer.u8(ids.length);
    for (const id of ids) writer.name(id);
  }
  const members = membersOf(configuration);
  writeByMember(writer, members, configuration.profiles, writeProfile);
  const { keys, former, removed, invites } = configuration.access;
  writeByMember(writer, members, keys, writeKey);
  writer.u8(former.length);
  for (const { nodeId, key } of former) {
    writer.name(nodeId);
    writeKey(writer, key);
  }
  writer.u8(removed.length);
  for (const id of removed) writer.name(id);
  writer.u8(invites.length);
  for (const invite of invites) writeInvite(writer, invite);
}

function writeByMember(
  writer: ByteWriter,
  members: readonly NodeId[],
  known: Readonly<Record<NodeId, string>>,
  write: (writer: ByteWriter, value: string) => void,
): void {
  for (const id of members) {
    const value = known[id];
    writer.boolean(value !== undefined);
    if (value !== undefined) write(writer, value);
  }
}

function writeProfile(writer: ByteWriter, profileId: string): void {
  writer.name(profileId);
}

/** A key, or the id or verifier of an invite; the same in messages. */
export function writeKey(writer: ByteWriter, key: string): void {
  if (key.length > MAX_KEY_CHARACTERS) throw new FormatError('key too long');
  writer.name(key);
}

export function readKey(reader: ByteReader): string {
  const key = reader.name();
  if (key.length > MAX_KEY_CHARACTERS) throw reader.error('key too long');
  return key;
}

/** The same in requests for an invite. */
export function writeInvite(writer: ByteWriter, invite: InviteRecord): void {
  writeKey(writer, invite.id);
  writeKey(writer, invite.verifier);
  writer.integer(invite.createdAtMs);
  for (const bound of [invite.expiresAtMs, invite.usesLeft]) {
    writer.boolean(bound !== null);
    if (bound !== null) writer.integer(bound);
  }
}

export function readInvite(reader: ByteReader): InviteRecord {
  return {
    id: readKey(reader),
    verifier: readKey(reader),
    createdAtMs: reader.integer(),
    expiresAtMs: reader.boolean() ? reader.integer() : null,
    usesLeft: reader.boolean() ? reader.integer() : null,
  };
}

export function readConfiguration(reader: ByteReader, hasAccess = true): Configuration {
  const voters = readIds(reader);
  const outgoingVoters = readIds(reader);
  const learners = readIds(reader);
  const members = membersOf({ voters, outgoingVoters, learners });
  const profiles = readByMember(reader, members, (from) => from.name());
  const access = hasAccess ? readAccess(reader, members) : NO_ACCESS;
  return { voters, outgoingVoters, learners, profiles, access };
}

function readAccess(reader: ByteReader, members: readonly NodeId[]): Access {
  return {
    keys: readByMember(reader, members, readKey),
    former: readList(reader, MAX_FORMER_MEMBERS, readFormer, ({ nodeId }) => nodeId),
    removed: readList(reader, MAX_REMOVED_MEMBERS, readNodeId, (id) => id),
    invites: readList(reader, MAX_INVITES, readInvite, ({ id }) => id),
  };
}

function readByMember(
  reader: ByteReader,
  members: readonly NodeId[],
  read: (reader: ByteReader) => string,
): Readonly<Record<NodeId, string>> {
  const known: Record<NodeId, string> = {};
  for (const id of members) if (reader.boolean()) known[id] = read(reader);
  return known;
}

function readFormer(reader: ByteReader): FormerMember {
  return { nodeId: readNodeId(reader), key: readKey(reader) };
}

function readList<T>(
  reader: ByteReader,
  bound: number,
  read: (reader: ByteReader) => T,
  nameOf: (item: T) => string,
): T[] {
  const count = reader.u8();
  if (count > bound) throw reader.error('too many');
  const items = Array.from({ length: count }, () => read(reader));
  if (new Set(items.map(nameOf)).size < count) throw reader.error('named twice');
  return items;
}

function readIds(reader: ByteReader): NodeId[] {
  const count = reader.u8();
  if (count > MAX_MEMBERS) throw reader.error('too many members');
  const ids: NodeId[] = [];
  for (let i = 0; i < count; i += 1) {
    const id = readNodeId(reader);
    const last = ids.at(-1);
    if (last !== undefined && last >= id) throw reader.error('ids are not sorted');
    ids.push(id);
  }
  return ids;
}
