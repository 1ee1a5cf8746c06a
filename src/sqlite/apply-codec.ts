/**
 * Log entries on their way to the SQL worker and outcomes on their way back, as bytes.
 *
 * Entries: u8 version, u32 count, each as in the log (node/entry-codec.ts). Outcome: u8 version,
 * u8 type; when applied (1): u32 count, each u8 type, then for 'checked' the hash's text and 1 where the
 * round goes on, for 'build-adopted' the build's name, else f64
 * session (0 where there is none), f64 sequence (of a registration: its nonce), and for 'executed' the
 * response behind a length; of a `skip`: its index, and 1 where it
 * agrees; when failed (2): the reason's text; when stuck (3): f64 index, the reason's text.
 */

import { readBuild, writeBuild } from '../node/build.ts';
import { ByteReader, ByteWriter } from '../node/bytes.ts';
import type { CommandOutcome, SessionId } from '../node/command.ts';
import { MIN_ENTRY_BYTES, readEntry, writeEntry } from '../node/entry-codec.ts';
import type { ApplyOutcome } from '../node/ports.ts';
import type { Entry, LogIndex } from '../raft/types.ts';
import { readText, writeText } from './value-codec.ts';

const VERSION = 1;
const APPLIED = 1;
const FAILED = 2;
const STUCK = 3;
const TYPES: readonly CommandOutcome['type'][] = [
  'registered',
  'executed',
  'forgotten',
  'out-of-order',
  'unknown-session',
  'checked',
  'session-refused',
  'session-closed',
  'skip-seen',
  'nothing',
  'build-adopted',
];
const MIN_OUTCOME_BYTES = 1;

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
  if (outcome.type === 'stuck') {
    writer.u8(STUCK);
    writer.integer(outcome.index);
    writeText(writer, outcome.reason);
    return writer.finish();
  }
  writer.u8(APPLIED);
  writer.u32(outcome.outcomes.length);
  for (const command of outcome.outcomes) {
    writer.u8(TYPES.indexOf(command.type));
    if (command.type === 'checked') {
      writeText(writer, command.hash);
      writer.boolean(command.goesOn);
      continue;
    }
    if (command.type === 'build-adopted') {
      writeBuild(writer, command.build);
      continue;
    }
    if (command.type === 'nothing') continue;
    writer.integer(subjectOf(command));
    writer.integer(numberOf(command));
    if (command.type === 'executed') writer.bytes(command.response);
  }
  return writer.finish();
}

type NumberedOutcome = Exclude<CommandOutcome, { type: 'checked' | 'nothing' | 'build-adopted' }>;

function subjectOf(outcome: NumberedOutcome): number {
  if ('sessionId' in outcome) return outcome.sessionId;
  return 'index' in outcome ? outcome.index : 0;
}

function numberOf(outcome: NumberedOutcome): number {
  if ('agrees' in outcome) return outcome.agrees ? 1 : 0;
  if ('nonce' in outcome) return outcome.nonce;
  return 'sequence' in outcome ? outcome.sequence : 0;
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
  if (type === STUCK) {
    const index = reader.integer() as LogIndex;
    const reason = readText(reader);
    reader.end();
    return { type: 'stuck', index, reason };
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
  if (type === 'checked') return { type, hash: readText(reader), goesOn: reader.boolean() };
  if (type === 'build-adopted') return { type, build: readBuild(reader) };
  if (type === 'nothing') return { type };
  const sessionId = reader.integer() as SessionId;
  const sequence = reader.integer();
  switch (type) {
    case 'registered':
      return { type, sessionId, nonce: sequence };
    case 'session-refused':
      return { type, nonce: sequence };
    case 'session-closed':
      return { type, sessionId };
    case 'skip-seen':
      return { type, index: sessionId, agrees: sequence === 1 };
    case 'executed':
      return { type, sessionId, sequence, response: reader.bytes() };
    case 'forgotten':
    case 'out-of-order':
    case 'unknown-session':
      return { type, sessionId, sequence };
  }
}
