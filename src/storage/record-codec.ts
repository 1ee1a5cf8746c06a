/**
 * Log records as bytes: frames of kind `log`, numbered 0, 1, 2, … and chained by their hashes.
 *
 * The payload's first byte tells what it is:
 *
 * - 0, the **genesis**: the names of cluster and node. Record 0 and a function of the two names and
 *   nothing else, so that making a log twice makes the same log.
 * - 1, a record: u8 whether a hard state follows, if so f64 term, u8 whether a vote follows and if so
 *   its name; then u32 number of entries and the entries in the format of node/entry-codec.ts.
 * - 2, a **whole** record: the names of cluster and node; the snapshot (f64 index, f64 term,
 *   configuration, f64 file, text of the hash, f64 stamp); then as a record, whose hard state is there.
 *
 * Genesis and whole records are *heads*: a log can be read from each of them on without what came
 * before. So each carries the names, and no log is ever taken for another node's.
 *
 * Both copies of the log hold the same bytes for the same number: either can mend the other.
 *
 * Version 3 is written. Records of version 2, whose configurations say nothing of keys, are read too.
 */

import { ByteReader, ByteWriter, FormatError } from '../node/bytes.ts';
import {
  MIN_ENTRY_BYTES,
  readConfiguration,
  readEntry,
  readNodeId,
  writeConfiguration,
  writeEntry,
} from '../node/entry-codec.ts';
import type { Entry, HardState, LogIndex, LogRecord, Snapshot, Term } from '../raft/types.ts';
import { NO_HASH, sealFrame, type Frame, type FrameFormat } from './frame.ts';
import type { NodeIdentity } from './names.ts';
import { StorageError } from './storage-error.ts';

export const LOG_FORMAT: FrameFormat = { kind: 'log', version: 3 };

/** The oldest version that is read, and the first one whose configurations name keys. */
const OLDEST_VERSION = 2;
const ACCESS_VERSION = 3;

const GENESIS = 0;
const RECORD = 1;
const WHOLE = 2;

const FIXED_BYTES = 256;
const ENTRY_BYTES = 32;

export function encodeGenesis(identity: NodeIdentity): Frame {
  const writer = new ByteWriter();
  writer.u8(GENESIS);
  writeIdentity(writer, identity);
  return sealFrame(LOG_FORMAT, 0, NO_HASH, writer.finish());
}

/** Whether a log can begin with it. */
export function isHead(frame: Frame): boolean {
  return isGenesis(frame) || (isReadable(frame) && frame.payload[0] === WHOLE);
}

export function isGenesis(frame: Frame): boolean {
  return isReadable(frame) && frame.payload[0] === GENESIS;
}

/** Throws `StorageError` 'Corrupt' unless it is a head of this node's log. */
export function checkIdentity(head: Frame, identity: NodeIdentity): void {
  const reader = new ByteReader(head.payload);
  const found = reading(head, () => {
    reader.u8();
    return readIdentity(reader);
  });
  if (found.clusterId === identity.clusterId && found.nodeId === identity.nodeId) return;
  throw new StorageError(
    'Corrupt',
    `The log of node ${identity.nodeId} holds that of ${found.nodeId} in cluster ` +
      `${found.clusterId}: files were moved or copied.`,
  );
}

/** The record after `previous`. Throws `FormatError` on a record that cannot be written. */
export function encodeRecord(record: LogRecord, previous: Frame, identity: NodeIdentity): Frame {
  const { hardState, snapshot, entries } = record;
  const writer = new ByteWriter(estimateBytes(entries));
  writer.u8(snapshot === null ? RECORD : WHOLE);
  if (snapshot !== null) {
    if (hardState === null) throw new FormatError('a whole record without a hard state');
    writeIdentity(writer, identity);
    writeSnapshot(writer, snapshot);
  }
  writer.boolean(hardState !== null);
  if (hardState !== null) writeHardState(writer, hardState);
  writer.u32(entries.length);
  for (const entry of entries) writeEntry(writer, entry);
  return sealFrame(LOG_FORMAT, previous.sequence + 1, previous.hash, writer.finish());
}

/** Throws `StorageError` 'Corrupt' on a frame with a good hash that is no record. */
export function decodeRecord(frame: Frame): LogRecord {
  return reading(frame, () => {
    const reader = new ByteReader(frame.payload);
    const record = readRecord(reader, frame.version >= ACCESS_VERSION);
    reader.end();
    return record;
  });
}

function readRecord(reader: ByteReader, hasAccess: boolean): LogRecord {
  const type = reader.u8();
  if (type !== RECORD && type !== WHOLE) throw reader.error(`unknown record type ${type}`);
  if (type === WHOLE) readIdentity(reader);
  const snapshot = type === WHOLE ? readSnapshot(reader, hasAccess) : null;
  const hardState = reader.boolean() ? readHardState(reader) : null;
  if (snapshot !== null && hardState === null) throw reader.error('no hard state');
  const entries: Entry[] = [];
  for (let count = reader.count(MIN_ENTRY_BYTES); count > 0; count -= 1) {
    entries.push(readEntry(reader, hasAccess));
  }
  return { hardState, snapshot, entries };
}

function writeIdentity(writer: ByteWriter, identity: NodeIdentity): void {
  writer.name(identity.clusterId);
  writer.name(identity.nodeId);
}

function readIdentity(reader: ByteReader): NodeIdentity {
  return { clusterId: reader.name(), nodeId: readNodeId(reader) };
}

function writeHardState(writer: ByteWriter, { term, votedFor }: HardState): void {
  writer.integer(term);
  writer.boolean(votedFor !== null);
  if (votedFor !== null) writer.name(votedFor);
}

function readHardState(reader: ByteReader): HardState {
  const term = reader.integer() as Term;
  return { term, votedFor: reader.boolean() ? readNodeId(reader) : null };
}

function writeSnapshot(writer: ByteWriter, snapshot: Snapshot): void {
  writer.integer(snapshot.index);
  writer.integer(snapshot.term);
  writeConfiguration(writer, snapshot.configuration);
  writer.integer(snapshot.state.file);
  writer.name(snapshot.state.hash);
  writer.integer(snapshot.state.stampMs);
}

function readSnapshot(reader: ByteReader, hasAccess: boolean): Snapshot {
  const index = reader.integer() as LogIndex;
  const term = reader.integer() as Term;
  const configuration = readConfiguration(reader, hasAccess);
  const state = { file: reader.integer(), hash: reader.name(), stampMs: reader.integer() };
  return { index, term, configuration, state };
}

/** Newer formats never get here: `readFrame` refuses them. */
function isReadable(frame: Frame): boolean {
  return frame.version >= OLDEST_VERSION;
}

function reading<T>(frame: Frame, read: () => T): T {
  try {
    if (!isReadable(frame)) throw new FormatError('its format is an older one');
    return read();
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
