/**
 * The kinds of fields that messages between servers are made of (codec.ts), each within its bounds:
 * reading throws `FormatError` on whatever is not exactly such a field.
 */

import { FormatError, type ByteReader, type ByteWriter } from '../node/bytes.ts';
import { readConfiguration } from '../node/entry-codec.ts';
import { MAX_HASH_DIGITS, MAX_PROFILE_ID_CHARACTERS, MAX_TEXT_BYTES } from '../node/limits.ts';
import type { Configuration, LogIndex, ReadRequestId, Term } from '../raft/types.ts';

const HASH = /^[0-9a-f]*$/;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function readTerm(reader: ByteReader): Term {
  return reader.integer() as Term;
}

export function readIndex(reader: ByteReader): LogIndex {
  return reader.integer() as LogIndex;
}

export function readRequestId(reader: ByteReader): ReadRequestId {
  return reader.integer() as ReadRequestId;
}

export function writeInteger(writer: ByteWriter, value: number): void {
  writer.integer(value);
}

export function writeName(writer: ByteWriter, name: string): void {
  writer.name(name);
}

/** Lower-case hexadecimal digits. */
export function readHash(reader: ByteReader): string {
  const hash = reader.name();
  if (hash.length > MAX_HASH_DIGITS || !HASH.test(hash)) throw reader.error('not a hash');
  return hash;
}

export function writeHash(writer: ByteWriter, hash: string): void {
  if (hash.length > MAX_HASH_DIGITS || !HASH.test(hash)) throw new FormatError('not a hash');
  writer.name(hash);
}

export function readProfileId(reader: ByteReader): string {
  const profileId = reader.name();
  if (profileId.length > MAX_PROFILE_ID_CHARACTERS) throw reader.error('profile id too long');
  return profileId;
}

export function writeProfileId(writer: ByteWriter, profileId: string): void {
  if (profileId.length > MAX_PROFILE_ID_CHARACTERS) throw new FormatError('profile id too long');
  writer.name(profileId);
}

/** As the log has it, and no profile longer than a message may name. */
export function readBoundedConfiguration(reader: ByteReader): Configuration {
  const configuration = readConfiguration(reader);
  assertProfiles(reader, configuration);
  return configuration;
}

export function assertProfiles(reader: ByteReader, { profiles }: Configuration): void {
  for (const profileId of Object.values(profiles)) {
    if (profileId.length > MAX_PROFILE_ID_CHARACTERS) throw reader.error('profile id too long');
  }
}

/** Text for a person; what is longer than a message may carry is cut between two characters. */
export function writeText(writer: ByteWriter, text: string): void {
  const bytes = new Uint8Array(MAX_TEXT_BYTES);
  const { written } = encoder.encodeInto(text, bytes);
  writer.bytes(bytes.subarray(0, written));
}

export function readText(reader: ByteReader): string {
  const bytes = reader.bytes();
  if (bytes.length > MAX_TEXT_BYTES) throw reader.error('text too long');
  try {
    return decoder.decode(bytes);
  } catch {
    throw reader.error('text is not UTF-8');
  }
}

export function readOneOf<Name extends string>(
  reader: ByteReader,
  names: readonly Name[],
  what: string,
): Name {
  const number = reader.u8();
  const name = names[number];
  if (name === undefined) throw reader.error(`unknown ${what} ${number}`);
  return name;
}

export function writeNullable<Value>(
  writer: ByteWriter,
  value: Value | null,
  write: (writer: ByteWriter, value: Value) => void,
): void {
  writer.boolean(value !== null);
  if (value !== null) write(writer, value);
}

export function readNullable<Value>(
  reader: ByteReader,
  read: (reader: ByteReader) => Value,
): Value | null {
  return reader.boolean() ? read(reader) : null;
}
