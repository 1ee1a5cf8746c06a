/**
 * The outbox of a browser profile and cluster, which writes wait for a quorum and what came of others,
 * and its form as bytes: a frame of kind `outbox`, a document in two copies. Its payload is JSON in UTF-8
 * behind its length (u32, little-endian), then for every entry its body and the answer to it, each
 * behind its length. What comes from storage is checked field by field.
 */

import { ByteReader, ByteWriter, FormatError } from '../node/bytes.ts';
import type { SessionId } from '../node/command.ts';
import type { Applied, ErrorCode, Failure, SqliteErrorDetail } from '../node/errors.ts';
import type { LogIndex, Term } from '../raft/types.ts';
import { sealFrame, type Frame, type FrameFormat } from './frame.ts';
import {
  readArray,
  readBoolean,
  readNumber,
  readObject,
  readString,
  type Fields,
} from './json-fields.ts';
import { StorageError } from './storage-error.ts';

export const OUTBOX_FORMAT: FrameFormat = { kind: 'outbox', version: 1 };

export interface Outbox {
  /** What entries are sent by; null: there is none, and none is being registered. */
  readonly session: OutboxSession | null;
  /** Sessions that nothing is sent by any more, and that are not known to be closed. */
  readonly closing: readonly SessionId[];
  /** Former clusters, by id, whose outboxes were taken over into this one. */
  readonly inherited: readonly string[];
  /** In the order in which they were made, which is the order in which they are sent. */
  readonly entries: readonly OutboxEntry[];
}

export interface OutboxSession {
  /** It is registered by this, which is kept before the first attempt to. */
  readonly nonce: number;
  /** Null: it may be registered, and that is not known here. */
  readonly sessionId: SessionId | null;
  /** What the next entry is numbered. */
  readonly nextSequence: number;
}

export interface OutboxEntry {
  readonly id: string;
  readonly sql: string;
  readonly statements: number;
  readonly queuedAtMs: number;
  /** The state machine's; empty once the outcome is known. */
  readonly body: Uint8Array;
  /** Under which number it was sent, or may have been; null: it was not. */
  readonly sent: { readonly sessionId: SessionId; readonly sequence: number } | null;
  readonly outcome: OutboxOutcome | null;
}

export interface OutboxOutcome {
  readonly applied: Applied;
  /** Null: it took effect, and nothing failed. */
  readonly failure: Failure | null;
  /** The log entry; null where there is none. */
  readonly entry: { readonly index: LogIndex; readonly term: Term } | null;
  readonly rowsAffected: number;
  /** The state machine's; null where there is none, or it is too large to be kept. */
  readonly response: Uint8Array | null;
}

export const EMPTY_OUTBOX: Outbox = { session: null, closing: [], inherited: [], entries: [] };

const NO_BYTES = new Uint8Array(0);
const APPLIED: readonly unknown[] = ['no', 'yes', 'unknown'] satisfies Applied[];

/** The version of the outbox that comes after `previous`. */
export function encodeOutbox(outbox: Outbox, previous: Pick<Frame, 'sequence' | 'hash'>): Frame {
  const writer = new ByteWriter();
  const entries = outbox.entries.map(({ id, sql, statements, queuedAtMs, sent, outcome }) => {
    const told = outcome === null ? null : { ...outcome, response: outcome.response !== null };
    return { id, sql, statements, queuedAtMs, sent, outcome: told };
  });
  writer.bytes(new TextEncoder().encode(JSON.stringify({ ...outbox, entries })));
  for (const { body, outcome } of outbox.entries) {
    writer.bytes(body);
    writer.bytes(outcome?.response ?? NO_BYTES);
  }
  return sealFrame(OUTBOX_FORMAT, previous.sequence + 1, previous.hash, writer.finish());
}

/** Throws `StorageError` 'Corrupt'. */
export function decodeOutbox(frame: Frame): Outbox {
  try {
    const reader = new ByteReader(frame.payload);
    const value = readObject(JSON.parse(new TextDecoder().decode(reader.bytes())));
    const { session, closing } = value;
    const outbox = {
      session: session === null ? null : readSession(readObject(session)),
      closing: readArray(closing, 'closing', (id) => readNumber(id, 'closing') as SessionId),
      inherited: readArray(value['inherited'], 'inherited', (id) => readString(id, 'inherited')),
      entries: readArray(value['entries'], 'entries', (entry) =>
        readEntry(readObject(entry), reader),
      ),
    };
    reader.end();
    return outbox;
  } catch (error) {
    throw malformed(error instanceof FormatError ? error.message : 'JSON');
  }
}

function readSession(session: Fields): OutboxSession {
  const { sessionId } = session;
  return {
    nonce: readNumber(session['nonce'], 'nonce'),
    sessionId: sessionId === null ? null : (readNumber(sessionId, 'sessionId') as SessionId),
    nextSequence: readNumber(session['nextSequence'], 'nextSequence'),
  };
}

function readEntry(entry: Fields, reader: ByteReader): OutboxEntry {
  const body = reader.bytes().slice();
  const response = reader.bytes().slice();
  const { sent, outcome } = entry;
  return {
    id: readString(entry['id'], 'id'),
    sql: readString(entry['sql'], 'sql'),
    statements: readNumber(entry['statements'], 'statements'),
    queuedAtMs: readNumber(entry['queuedAtMs'], 'queuedAtMs'),
    body,
    sent: sent === null ? null : readSent(readObject(sent)),
    outcome: outcome === null ? null : readOutcome(readObject(outcome), response),
  };
}

function readSent(sent: Fields): { sessionId: SessionId; sequence: number } {
  return {
    sessionId: readNumber(sent['sessionId'], 'sessionId') as SessionId,
    sequence: readNumber(sent['sequence'], 'sequence'),
  };
}

function readOutcome(outcome: Fields, response: Uint8Array): OutboxOutcome {
  const { entry, failure } = outcome;
  const isKept = readBoolean(outcome['response'], 'response');
  return {
    applied: readApplied(outcome['applied']),
    failure: failure === null ? null : readFailure(readObject(failure)),
    entry: entry === null ? null : readPlace(readObject(entry)),
    rowsAffected: readNumber(outcome['rowsAffected'], 'rowsAffected'),
    response: isKept ? response : null,
  };
}

function readPlace(entry: Fields): { index: LogIndex; term: Term } {
  return {
    index: readNumber(entry['index'], 'index') as LogIndex,
    term: readNumber(entry['term'], 'term') as Term,
  };
}

function readFailure(failure: Fields): Failure {
  const { sqlite } = failure;
  return {
    code: readString(failure['code'], 'code') as ErrorCode,
    applied: readApplied(failure['applied']),
    message: readString(failure['message'], 'message'),
    sqlite: sqlite === null ? null : readDetail(readObject(sqlite)),
  };
}

function readDetail(sqlite: Fields): SqliteErrorDetail {
  const { offset } = sqlite;
  return {
    resultCode: readNumber(sqlite['resultCode'], 'resultCode'),
    offset: offset === null ? null : readNumber(offset, 'offset'),
    statement: readNumber(sqlite['statement'], 'statement'),
  };
}

function readApplied(value: unknown): Applied {
  if (!APPLIED.includes(value)) throw new FormatError('applied');
  return value as Applied;
}

function malformed(what: string): StorageError {
  const message = `What this browser keeps to be sent later is malformed (${what}).`;
  return new StorageError('Corrupt', message);
}
