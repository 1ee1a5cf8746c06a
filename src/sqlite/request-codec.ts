/**
 * The body of an `execute` command as bytes: what the log entry asks of the state machine.
 * Little-endian.
 *
 * u8 version, u8 mode, then
 *   0 atomic, 1 each, 2 script: u8 flags (1 foreign keys, 2 bail, 4 rows), statements
 *   3 transaction: f64 stampMs, 16 bytes seed, statements, as many digests of 16 bytes
 *   4 vacuum: nothing
 *   5 import-begin: hash (text), f64 sizeBytes
 *   6 import-chunk: hash, f64 offset, data behind a length
 *   7 import-finish, 8 import-discard: hash
 * Statements: u32 count, each: text, u8 kind of parameters (0 none, 1 a list, 2 by name), u32 count
 * of them, each a value, behind its name where they have names.
 *
 * Version 1 knows modes 0 to 2, version 2 all of them; what version 1 can say is said in it.
 */

import { ByteReader, ByteWriter, FormatError } from '../node/bytes.ts';
import { SEED_BYTES } from '../node/command.ts';
import { MAX_BODY_BYTES } from '../node/limits.ts';
import type {
  ExecuteMode,
  ImportRequest,
  SqlParams,
  SqlValue,
  StateRequest,
  Statement,
  TransactionRequest,
} from '../node/sql.ts';
import { refused } from './sql-error.ts';
import { readText, readValue, writeText, writeValue } from './value-codec.ts';

const FIRST_VERSION = 1;
const VERSION = 2;

const MODES = [
  'atomic',
  'each',
  'script',
  'transaction',
  'vacuum',
  'import-begin',
  'import-chunk',
  'import-finish',
  'import-discard',
] as const satisfies readonly StateRequest['mode'][];
const FIRST_VERSION_MODES = 3;
const FOREIGN_KEYS = 1;
const BAIL = 2;
const ROWS = 4;
const NO_PARAMS = 0;
const LIST = 1;
const NAMED = 2;
/** The fewest bytes a statement and a name take. */
const MIN_STATEMENT_BYTES = 5;
const MIN_NAME_BYTES = 4;
/** What is kept of the SHA-256 of an outcome. */
export const DIGEST_BYTES = 16;

/** The body was made by a version that this one does not know. */
export class NewerFormatError extends FormatError {}

/**
 * Throws `SqlFailure`: 'InvalidArgument' for what SQLite cannot store, 'TooLarge' for what does not
 * fit into an entry.
 */
export function encodeRequest(request: StateRequest): Uint8Array {
  const writer = new ByteWriter(1_024);
  const mode = MODES.indexOf(request.mode);
  writer.u8(mode < FIRST_VERSION_MODES ? FIRST_VERSION : VERSION);
  writer.u8(mode);
  switch (request.mode) {
    case 'atomic':
    case 'each':
    case 'script': {
      const flags =
        (request.foreignKeys ? FOREIGN_KEYS : 0) |
        (request.bail ? BAIL : 0) |
        (request.rows ? ROWS : 0);
      writer.u8(flags);
      writeStatements(writer, request.statements);
      break;
    }
    case 'transaction':
      writer.integer(request.stampMs);
      writer.raw(request.seed);
      writeStatements(writer, request.statements);
      for (const digest of request.digests) writer.raw(digest);
      break;
    case 'vacuum':
      break;
    default:
      writeImport(writer, request);
  }
  checkSize(writer);
  return writer.finish();
}

/** Throws `FormatError`; `NewerFormatError` where this version cannot know. */
export function decodeRequest(bytes: Uint8Array): StateRequest {
  const reader = new ByteReader(bytes);
  const request = readRequest(reader, readVersion(reader));
  reader.end();
  return request;
}

/** Whether it runs outside of transactions, by itself; false for what cannot be read. */
export function isSolitary(bytes: Uint8Array): boolean {
  const mode = MODES[bytes[1] ?? -1];
  return bytes[0] === VERSION && (mode === 'vacuum' || mode === 'import-finish');
}

function readRequest(reader: ByteReader, version: number): StateRequest {
  const known = version === FIRST_VERSION ? MODES.slice(0, FIRST_VERSION_MODES) : MODES;
  const mode = known[reader.u8()];
  if (mode === undefined) throw reader.error('unknown mode');
  switch (mode) {
    case 'atomic':
    case 'each':
    case 'script':
      return readExecute(reader, mode);
    case 'transaction':
      return readTransaction(reader);
    case 'vacuum':
      return { mode };
    case 'import-begin':
      return { mode, hash: readText(reader), sizeBytes: reader.integer() };
    case 'import-chunk':
      return { mode, hash: readText(reader), offset: reader.integer(), data: reader.bytes() };
    case 'import-finish':
    case 'import-discard':
      return { mode, hash: readText(reader) };
  }
}

function readExecute(reader: ByteReader, mode: ExecuteMode): StateRequest {
  const flags = reader.u8();
  if (flags > (FOREIGN_KEYS | BAIL | ROWS)) throw reader.error('unknown flags');
  const statements = readStatements(reader);
  const foreignKeys = (flags & FOREIGN_KEYS) !== 0;
  return { statements, mode, foreignKeys, bail: (flags & BAIL) !== 0, rows: (flags & ROWS) !== 0 };
}

function readTransaction(reader: ByteReader): TransactionRequest {
  const stampMs = reader.integer();
  const seed = reader.raw(SEED_BYTES);
  const statements = readStatements(reader);
  const digests = statements.map(() => reader.raw(DIGEST_BYTES));
  return { mode: 'transaction', stampMs, seed, statements, digests };
}

function writeImport(writer: ByteWriter, request: ImportRequest): void {
  writeText(writer, request.hash);
  switch (request.mode) {
    case 'import-begin':
      return writer.integer(request.sizeBytes);
    case 'import-chunk':
      writer.integer(request.offset);
      return writer.bytes(request.data);
    case 'import-finish':
    case 'import-discard':
  }
}

function readVersion(reader: ByteReader): number {
  const version = reader.u8();
  if (version > VERSION) {
    throw new NewerFormatError(`request of version ${version}: this build knows ${VERSION}`);
  }
  if (version < FIRST_VERSION) throw reader.error(`no request: version ${version}`);
  return version;
}

function checkSize(writer: ByteWriter): void {
  if (writer.length <= MAX_BODY_BYTES) return;
  const limit = MAX_BODY_BYTES / 2 ** 20;
  throw refused('TooLarge', `the statements take more than the ${limit} MiB of a log entry`);
}

/** What the statement takes in a request. Throws as `encodeRequest` does. */
export function statementBytes(statement: Statement): number {
  const writer = new ByteWriter(256);
  writeStatement(writer, statement);
  return writer.length;
}

function writeStatements(writer: ByteWriter, statements: readonly Statement[]): void {
  writer.u32(statements.length);
  for (const statement of statements) writeStatement(writer, statement);
}

function writeStatement(writer: ByteWriter, statement: Statement): void {
  writeText(writer, statement.sql);
  writeParams(writer, statement.params);
  checkSize(writer);
}

function readStatements(reader: ByteReader): Statement[] {
  const statements: Statement[] = [];
  for (let left = reader.count(MIN_STATEMENT_BYTES); left > 0; left -= 1) {
    const sql = readText(reader);
    const params = readParams(reader);
    statements.push(params === null ? { sql } : { sql, params });
  }
  return statements;
}

function writeParams(writer: ByteWriter, params: SqlParams | undefined): void {
  if (params === undefined) return writer.u8(NO_PARAMS);
  if (isList(params)) {
    writer.u8(LIST);
    writer.u32(params.length);
    for (let at = 0; at < params.length; at += 1) writeValue(writer, params[at] as SqlValue);
    return;
  }
  const entries = Object.entries(params);
  writer.u8(NAMED);
  writer.u32(entries.length);
  for (const [name, value] of entries) {
    writeText(writer, name);
    writeValue(writer, value);
  }
}

function isList(params: SqlParams): params is readonly (SqlValue | boolean)[] {
  return Array.isArray(params);
}

function readParams(reader: ByteReader): SqlParams | null {
  const kind = reader.u8();
  if (kind === NO_PARAMS) return null;
  if (kind === LIST) {
    const values: SqlValue[] = [];
    for (let left = reader.count(1); left > 0; left -= 1) values.push(readValue(reader));
    return values;
  }
  if (kind !== NAMED) throw reader.error(`unknown kind of parameters ${kind}`);
  const named: [string, SqlValue][] = [];
  for (let left = reader.count(MIN_NAME_BYTES + 1); left > 0; left -= 1) {
    named.push([readText(reader), readValue(reader)]);
  }
  // fromEntries makes own properties, so that no name means anything else.
  return Object.fromEntries(named);
}
