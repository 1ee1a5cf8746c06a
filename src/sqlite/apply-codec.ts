/**
 * Log entries on their way to the SQL worker and outcomes on their way back, as bytes.
 *
 * Entries: u8 version, u32 count, each as in the log (node/entry-codec.ts). Outcome: u8 version,
 * u8 type; when applied (1): u32 count, each u8 type, then for 'checked' the hash's text, else f64
 * session, f64 sequence (of a registration: its nonce), and for 'executed' the response behind a
 * length; when failed (2): the reason's text.
 */

import { ByteReader, ByteWriter } from '../node/bytes.ts';
import type { CommandOutcome, SessionId } from '../node/command.ts';
import { MIN_ENTRY_BYTES, readEntry, writeEntry } from '../node/entry-codec.ts';
import type { ApplyOutcome } from '../node/ports.ts';
import type { Entry } from '../raft/types.ts';
import { readText, writeText } from './value-codec.ts';

const VERSION = 1;
const APPLIED = 1;
const FAILED = 2;
const TYPES: readonly CommandOutcome['type'][] = [
  'registered',
  'executed',
  'forgotten',
  'out-of-order',
  'unknown-session',
  'checked',
];
const MIN_OUTCOME_BYTES = 5;

export function encodeEntries(entries: readonly Entry[]): Uint8Array {
  const writer = new ByteWriter(4_096);
  writer.u8(VERSION);
  writer.u32(entries.length);
  for (const entry of entries) writeEntry(writer, entry);
  return writer.finish();
}

/** Throws `FormatError`. */
export function decodeEntries(bytes: Uint8Array): Entry[] {
  const reader = new ByteReader(bytes);
  reader.expect(VERSION, 'entries of version');
  const entries: Entry[] = [];
  for (let left = reader.count(MIN_ENTRY_BYTES); left > 0; left -= 1) {
    entries.push(readEntry(reader));
  }
  reader.end();
  return entries;
}

export function encodeApplyOutcome(outcome: ApplyOutcome): Uint8Array {
  const writer = new ByteWriter(4_096);
  writer.u8(VERSION);
  if (outcome.type === 'failed') {
    writer.u8(FAILED);
    writeText(writer, outcome.reason);
    return writer.finish();
  }
  writer.u8(APPLIED);
  writer.u32(outcome.outcomes.length);
  for (const command of outcome.outcomes) {
    writer.u8(TYPES.indexOf(command.type));
    if (command.type === 'checked') {
      writeText(writer, command.hash);
      continue;
    }
    writer.integer(command.sessionId);
    writer.integer(command.type === 'registered' ? command.nonce : command.sequence);
    if (command.type === 'executed') writer.bytes(command.response);
  }
  return writer.finish();
}

/** Throws `FormatError`. */
export function decodeApplyOutcome(bytes: Uint8Array): ApplyOutcome {
  const reader = new ByteReader(bytes);
  reader.expect(VERSION, 'outcomes of version');
  const type = reader.u8();
  if (type === FAILED) {
    const reason = readText(reader);
    reader.end();
    return { type: 'failed', reason };
  }
  if (type !== APPLIED) throw reader.error(`unknown end ${type}`);
  const outcomes: CommandOutcome[] = [];
  for (let left = reader.count(MIN_OUTCOME_BYTES); left > 0; left -= 1) {
    outcomes.push(readOutcome(reader));
  }
  reader.end();
  return { type: 'applied', outcomes };
}

function readOutcome(reader: ByteReader): CommandOutcome {
  const type = TYPES[reader.u8()];
  if (type === undefined) throw reader.error('unknown outcome');
  if (type === 'checked') return { type, hash: readText(reader) };
  const sessionId = reader.integer() as SessionId;
  const sequence = reader.integer();
  switch (type) {
    case 'registered':
      return { type, sessionId, nonce: sequence };
    case 'executed':
      return { type, sessionId, sequence, response: reader.bytes() };
    case 'forgotten':
    case 'out-of-order':
    case 'unknown-session':
      return { type, sessionId, sequence };
  }
}
