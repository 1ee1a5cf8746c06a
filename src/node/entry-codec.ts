/**
 * Log entries and configurations as bytes, the same in the log's records and on the wire.
 *
 * Entry: u8 type, f64 index, f64 term, then for `command` its data behind a length, for
 * `configuration` the configuration. Configuration: three lists of names (voters, outgoing voters,
 * learners), each behind a u8 count, then for each member in order of names whether it has a profile (u8)
 * and if so its text. The containing record or frame carries the format's version.
 */

import { membersOf } from '../raft/configuration.ts';
import type { Configuration, Entry, LogIndex, NodeId, Term } from '../raft/types.ts';
import type { ByteReader, ByteWriter } from './bytes.ts';
import { MAX_MEMBERS } from './limits.ts';

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

export function readEntry(reader: ByteReader): Entry {
  const type = reader.u8();
  const index = reader.integer() as LogIndex;
  const term = reader.integer() as Term;
  switch (type) {
    case NOOP:
      return { type: 'noop', index, term };
    case COMMAND:
      return { type: 'command', index, term, data: reader.bytes() };
    case CONFIGURATION:
      return { type: 'configuration', index, term, configuration: readConfiguration(reader) };
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
  for (const id of membersOf(configuration)) {
    const profile = configuration.profiles[id];
    writer.boolean(profile !== undefined);
    if (profile !== undefined) writer.name(profile);
  }
}

export function readConfiguration(reader: ByteReader): Configuration {
  const voters = readIds(reader);
  const outgoingVoters = readIds(reader);
  const learners = readIds(reader);
  const profiles: Record<NodeId, string> = {};
  for (const id of membersOf({ voters, outgoingVoters, learners })) {
    if (reader.boolean()) profiles[id] = reader.name();
  }
  return { voters, outgoingVoters, learners, profiles };
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
