/**
 * The core's messages (raft/messages.ts) as bytes; see codec.ts, which is its only caller, for the
 * format and for what hostile bytes may do.
 */

import type { ByteReader, ByteWriter } from '../node/bytes.ts';
import { MIN_ENTRY_BYTES, readEntry, writeConfiguration, writeEntry } from '../node/entry-codec.ts';
import { MAX_APPEND_ENTRIES, MAX_SNAPSHOT_BYTES, SNAPSHOT_CHUNK_BYTES } from '../node/limits.ts';
import type {
  AppendEntries,
  AppendEntriesResponse,
  InstallSnapshot,
  InstallSnapshotResponse,
  Message,
  PreVote,
  ReadIndexResponse,
  RequestVote,
} from '../raft/messages.ts';
import type { Entry, NodeId, Term } from '../raft/types.ts';
import {
  assertProfiles,
  readBoundedConfiguration,
  readHash,
  readIndex,
  readNullable,
  readRequestId,
  readTerm,
  writeHash,
  writeInteger,
  writeNullable,
} from './field-codec.ts';

/** By its place here a type travels. */
export const RAFT_TYPES = [
  'request-vote',
  'request-vote-response',
  'pre-vote',
  'pre-vote-response',
  'append-entries',
  'append-entries-response',
  'install-snapshot',
  'install-snapshot-response',
  'timeout-now',
  'read-index-request',
  'read-index-response',
] as const satisfies readonly Message['type'][];

export function writeRaftMessage(writer: ByteWriter, message: Message): void {
  writer.integer(message.term);
  switch (message.type) {
    case 'request-vote':
      writer.integer(message.lastLogIndex);
      writer.integer(message.lastLogTerm);
      writer.boolean(message.isTransfer);
      return;
    case 'pre-vote':
      writer.integer(message.lastLogIndex);
      writer.integer(message.lastLogTerm);
      return;
    case 'request-vote-response':
    case 'pre-vote-response':
      writer.boolean(message.voteGranted);
      return;
    case 'append-entries':
      writeAppendEntries(writer, message);
      return;
    case 'append-entries-response':
      writeAppendEntriesResponse(writer, message);
      return;
    case 'install-snapshot':
      writeInstallSnapshot(writer, message);
      return;
    case 'install-snapshot-response':
      writer.integer(message.lastIncludedIndex);
      writeHash(writer, message.hash);
      writer.integer(message.offset);
      writer.boolean(message.isRefused);
      return;
    case 'timeout-now':
      return;
    case 'read-index-request':
      writer.integer(message.requestId);
      writer.boolean(message.confirm);
      return;
    case 'read-index-response':
      writer.integer(message.requestId);
      writeNullable(writer, message.success ? message.index : null, writeInteger);
      return;
  }
}

export function readRaftMessage(
  reader: ByteReader,
  type: Message['type'],
  from: NodeId,
  to: NodeId,
): Message {
  const term = readTerm(reader);
  const header = { from, to, term };
  switch (type) {
    case 'request-vote':
    case 'pre-vote':
      return readVoteRequest(reader, type, header);
    case 'request-vote-response':
    case 'pre-vote-response':
      return { type, ...header, voteGranted: reader.boolean() };
    case 'append-entries':
      return readAppendEntries(reader, header);
    case 'append-entries-response':
      return readAppendEntriesResponse(reader, header);
    case 'install-snapshot':
      return readInstallSnapshot(reader, header);
    case 'install-snapshot-response':
      return readInstallSnapshotResponse(reader, header);
    case 'timeout-now':
      return { type, ...header };
    case 'read-index-request': {
      const requestId = readRequestId(reader);
      return { type, ...header, requestId, confirm: reader.boolean() };
    }
    case 'read-index-response':
      return readReadIndexResponse(reader, header);
  }
}

interface Header {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly term: Term;
}

function readVoteRequest(
  reader: ByteReader,
  type: 'request-vote' | 'pre-vote',
  header: Header,
): RequestVote | PreVote {
  const lastLogIndex = readIndex(reader);
  const lastLogTerm = readTerm(reader);
  if (type === 'pre-vote') return { type, ...header, lastLogIndex, lastLogTerm };
  return { type, ...header, lastLogIndex, lastLogTerm, isTransfer: reader.boolean() };
}

function writeAppendEntries(writer: ByteWriter, message: AppendEntries): void {
  writer.integer(message.prevLogIndex);
  writer.integer(message.prevLogTerm);
  writer.integer(message.leaderCommit);
  writer.integer(message.round);
  writer.u32(message.entries.length);
  for (const entry of message.entries) writeEntry(writer, entry);
}

function readAppendEntries(reader: ByteReader, header: Header): AppendEntries {
  const { term } = header;
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
    if (entry.type === 'configuration') assertProfiles(reader, entry.configuration);
    lastTerm = entry.term;
    entries.push(entry);
  }
  if (lastTerm > term) throw reader.error('a log ahead of its leader');
  const position = { prevLogIndex, prevLogTerm };
  return { type: 'append-entries', ...header, ...position, entries, leaderCommit, round };
}

function writeAppendEntriesResponse(writer: ByteWriter, message: AppendEntriesResponse): void {
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

function readAppendEntriesResponse(reader: ByteReader, header: Header): AppendEntriesResponse {
  const type = 'append-entries-response';
  const round = reader.integer();
  const success = reader.boolean();
  if (success) return { type, ...header, round, success, matchIndex: readIndex(reader) };
  const rejectedIndex = readIndex(reader);
  const conflictIndex = readIndex(reader);
  const conflictTerm = readNullable(reader, readTerm);
  return { type, ...header, round, success, rejectedIndex, conflictIndex, conflictTerm };
}

function writeInstallSnapshot(writer: ByteWriter, message: InstallSnapshot): void {
  writer.integer(message.lastIncludedIndex);
  writer.integer(message.lastIncludedTerm);
  writeConfiguration(writer, message.configuration);
  writer.integer(message.stampMs);
  writer.integer(message.sizeBytes);
  writeHash(writer, message.hash);
  writer.integer(message.offset);
  writer.bytes(message.data);
}

function readInstallSnapshot(reader: ByteReader, header: Header): InstallSnapshot {
  const lastIncludedIndex = readIndex(reader);
  const lastIncludedTerm = readTerm(reader);
  if (lastIncludedIndex === 0 || lastIncludedTerm === 0) throw reader.error('snapshot of nothing');
  if (lastIncludedTerm > header.term) throw reader.error('a snapshot ahead of its leader');
  const configuration = readBoundedConfiguration(reader);
  const stampMs = reader.integer();
  const sizeBytes = reader.integer();
  if (sizeBytes > MAX_SNAPSHOT_BYTES) throw reader.error('snapshot too large');
  const hash = readHash(reader);
  const offset = reader.integer();
  const data = reader.bytes();
  if (data.length > SNAPSHOT_CHUNK_BYTES) throw reader.error('chunk too large');
  if (offset + data.length > sizeBytes) throw reader.error('chunk beyond its snapshot');
  return {
    type: 'install-snapshot',
    ...header,
    lastIncludedIndex,
    lastIncludedTerm,
    configuration,
    stampMs,
    sizeBytes,
    hash,
    offset,
    data,
  };
}

function readInstallSnapshotResponse(reader: ByteReader, header: Header): InstallSnapshotResponse {
  const lastIncludedIndex = readIndex(reader);
  const hash = readHash(reader);
  const offset = reader.integer();
  if (offset > MAX_SNAPSHOT_BYTES) throw reader.error('offset beyond any snapshot');
  const isRefused = reader.boolean();
  const position = { lastIncludedIndex, hash, offset };
  return { type: 'install-snapshot-response', ...header, ...position, isRefused };
}

function readReadIndexResponse(reader: ByteReader, header: Header): ReadIndexResponse {
  const type = 'read-index-response';
  const requestId = readRequestId(reader);
  const index = readNullable(reader, readIndex);
  if (index === null) return { type, ...header, requestId, success: false };
  return { type, ...header, requestId, success: true, index };
}
