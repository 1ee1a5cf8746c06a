/**
 * Log records as bytes: frames of kind `log`, numbered 0, 1, 2, … and chained by their hashes.
 *
 * Record 0, the genesis, holds the names of cluster and node, so that no log is ever taken for
 * another node's; it is a function of the two and nothing else, so that making a log twice makes
 * the same log. Every later record holds one `LogRecord`: u8 whether a hard state follows, if so f64
 * term, u8 whether a vote follows and if so its name; then u32 number of entries and the entries in
 * the format of node/entry-codec.ts.
 *
 * Both copies of the log hold the same bytes for the same number: either can mend the other.
 */

import { ByteReader, ByteWriter, FormatError } from '../node/bytes.ts';
import { MIN_ENTRY_BYTES, readEntry, readNodeId, writeEntry } from '../node/entry-codec.ts';
import type { Entry, HardState, LogRecord, Term } from '../raft/types.ts';
import { NO_HASH, sealFrame, type Frame, type FrameFormat } from './frame.ts';
import type { NodeIdentity } from './names.ts';
import { StorageError } from './storage-error.ts';

export const LOG_FORMAT: FrameFormat = { kind: 'log', version: 1 };

const FIXED_BYTES = 128;
const ENTRY_BYTES = 32;

export function encodeGenesis(identity: NodeIdentity): Frame {
  const writer = new ByteWriter();
  writer.name(identity.clusterId);
  writer.name(identity.nodeId);
  return sealFrame(LOG_FORMAT, 0, NO_HASH, writer.finish());
}

/** Throws `StorageError` 'Corrupt' unless it is the genesis of this node's log. */
export function checkGenesis(frame: Frame, identity: NodeIdentity): void {
  const found = decode(frame, (reader): NodeIdentity => {
    return { clusterId: reader.name(), nodeId: readNodeId(reader) };
  });
  if (found.clusterId === identity.clusterId && found.nodeId === identity.nodeId) return;
  throw new StorageError(
    'Corrupt',
    `The log of node ${identity.nodeId} holds that of ${found.nodeId} in cluster ` +
      `${found.clusterId}: files were moved or copied.`,
  );
}

/** The record after `previous`. Throws `FormatError` on a record that cannot be written. */
export function encodeRecord(record: LogRecord, previous: Frame): Frame {
  const writer = new ByteWriter(estimateBytes(record.entries));
  writer.boolean(record.hardState !== null);
  if (record.hardState !== null) {
    const { term, votedFor } = record.hardState;
    writer.integer(term);
    writer.boolean(votedFor !== null);
    if (votedFor !== null) writer.name(votedFor);
  }
  writer.u32(record.entries.length);
  for (const entry of record.entries) writeEntry(writer, entry);
  return sealFrame(LOG_FORMAT, previous.sequence + 1, previous.hash, writer.finish());
}

/** Throws `StorageError` 'Corrupt' on a frame with a good hash that is no record. */
export function decodeRecord(frame: Frame): LogRecord {
  return decode(frame, (reader) => {
    const hardState = reader.boolean() ? readHardState(reader) : null;
    const entries: Entry[] = [];
    for (let count = reader.count(MIN_ENTRY_BYTES); count > 0; count -= 1) {
      entries.push(readEntry(reader));
    }
    return { hardState, entries };
  });
}

function readHardState(reader: ByteReader): HardState {
  const term = reader.integer() as Term;
  return { term, votedFor: reader.boolean() ? readNodeId(reader) : null };
}

function decode<T>(frame: Frame, read: (reader: ByteReader) => T): T {
  const reader = new ByteReader(frame.payload);
  try {
    const value = read(reader);
    reader.end();
    return value;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new StorageError(
      'Corrupt',
      `Record ${frame.sequence} of the log is whole but cannot be read: ${error.message}.`,
    );
  }
}

/** Rather too much than too little: growing the writer copies everything. */
function estimateBytes(entries: readonly Entry[]): number {
  let bytes = FIXED_BYTES;
  for (const entry of entries) {
    bytes += ENTRY_BYTES + (entry.type === 'command' ? entry.data.length : 0);
  }
  return bytes;
}
