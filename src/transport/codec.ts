/**
 * Messages between servers as bytes, protocol versions 4 and 5,
 * which differ in their frames alone (framing.ts).
 *
 * A message is u8 type, then its fields in the order of their interface (raft/messages.ts,
 * node/messages.ts); terms, indexes, counts and sizes as `integer`, node ids, hashes and profiles as
 * `name`, texts as UTF-8 behind their length, null as a leading u8 0 (else 1). Types from 0 on are the
 * core's (raft-codec.ts), types from 64 on the runtime's (runtime-codec.ts). Entries and
 * configurations are in the log's own encoding. Sender and receiver are not sent: both ends of a link
 * know them (TR3 then holds by construction). The frame around a message carries the protocol's
 * version and the binding to the cluster.
 *
 * Bytes from a peer are hostile. This is the one place that decodes them: what comes out is of its
 * exact type and makes sense by itself (entries contiguous, terms ascending, ids sorted, chunks within
 * their snapshot), what does not is a `FormatError`, and nothing is allocated beyond a constant times
 * the bytes received. Bytes that decode are the only encoding of their message. Slices are views on
 * the received bytes.
 */

import { ByteReader, ByteWriter } from '../node/bytes.ts';
import { MIN_ENTRY_BYTES } from '../node/entry-codec.ts';
import { MAX_TEXT_BYTES } from '../node/limits.ts';
import type { NodeMessage } from '../node/messages.ts';
import type { Message } from '../raft/messages.ts';
import type { Configuration, NodeId } from '../raft/types.ts';
import { RAFT_TYPES, readRaftMessage, writeRaftMessage } from './raft-codec.ts';
import { readRuntimeMessage, RUNTIME_TYPES, writeRuntimeMessage } from './runtime-codec.ts';

const FIRST_RUNTIME_TYPE = 64;

/** What most messages take at most. */
const USUAL_BYTES = 128;
/** What a member takes in a configuration: its id, its profile and its key, as a rule. */
const MEMBER_BYTES = 170;

/** Throws `FormatError` where the message cannot be told in this format. */
export function encodeMessage(message: NodeMessage): Uint8Array {
  const writer = new ByteWriter(USUAL_BYTES + payloadBytes(message));
  if (isRaftMessage(message)) {
    writer.u8(RAFT_TYPES.indexOf(message.type));
    writeRaftMessage(writer, message);
  } else {
    writer.u8(FIRST_RUNTIME_TYPE + RUNTIME_TYPES.indexOf(message.type));
    writeRuntimeMessage(writer, message);
  }
  return writer.finish();
}

/** Decodes what `from` sent to `to`; throws `FormatError` on anything but exactly one message. */
export function decodeMessage(bytes: Uint8Array, from: NodeId, to: NodeId): NodeMessage {
  const reader = new ByteReader(bytes);
  const number = reader.u8();
  const message = readMessage(reader, number, from, to);
  reader.end();
  return message;
}

function readMessage(reader: ByteReader, number: number, from: NodeId, to: NodeId): NodeMessage {
  const raftType = RAFT_TYPES[number];
  if (raftType !== undefined) return readRaftMessage(reader, raftType, from, to);
  const runtimeType = RUNTIME_TYPES[number - FIRST_RUNTIME_TYPE];
  if (runtimeType === undefined) throw reader.error(`unknown message type ${number}`);
  return readRuntimeMessage(reader, runtimeType, from, to);
}

function isRaftMessage(message: NodeMessage): message is Message {
  const types: readonly string[] = RAFT_TYPES;
  return types.includes(message.type);
}

/** About what the message takes beyond the usual; a wrong guess costs a copy. */
function payloadBytes(message: NodeMessage): number {
  switch (message.type) {
    case 'propose':
      return message.proposal.type === 'execute' ? message.proposal.body.length : 0;
    case 'install-snapshot':
      return message.data.length + configurationBytes(message.configuration);
    case 'configuration-notice':
      return configurationBytes(message.configuration);
    case 'administration-response':
      return 2 * MAX_TEXT_BYTES;
    case 'append-entries': {
      let bytes = 0;
      for (const entry of message.entries) {
        bytes += MIN_ENTRY_BYTES + 4;
        if (entry.type === 'command') bytes += entry.data.length;
        if (entry.type === 'configuration') bytes += configurationBytes(entry.configuration);
      }
      return bytes;
    }
    default:
      return 0;
  }
}

function configurationBytes({ voters, outgoingVoters, learners }: Configuration): number {
  return MEMBER_BYTES * (voters.length + outgoingVoters.length + learners.length);
}
