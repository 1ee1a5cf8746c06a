/**
 * The body of an `execute` command and its response, as bytes. Little-endian.
 *
 * Request, version 1: u8 version, u8 mode, u8 flags (1 foreign keys, 2 bail, 4 rows), u32 count of
 * statements, each: text, u8 kind of parameters (0 none, 1 a list, 2 by name), u32 count of them,
 * each a value, behind its name where they have names.
 *
 * Response, version 1: u8 version, u8 committed, u32 count of outcomes, each: u8 type;
 * for a result (0): rows affected (f64), last row id (value), u32 count of columns, their names,
 * u32 count of rows, each as many values; for an error (1): u8 code, text of the message, u32
 * result code, f64 offset + 1 (0: unknown), u32 number of the statement.
 * A response of length 0, which a request of length 0 gets, stands for a commit of nothing.
 */

import { ByteReader, ByteWriter, FormatError } from '../node/bytes.ts';
import { MAX_BODY_BYTES } from '../node/limits.ts';
import type {
  ExecuteMode,
  ExecuteRequest,
  ExecuteResponse,
  SqlParams,
  SqlValue,
  Statement,
  StatementError,
  StatementOutcome,
  StatementResult,
} from '../node/sql.ts';
import { refused } from './sql-error.ts';
import { readText, readValue, writeText, writeValue } from './value-codec.ts';

const REQUEST_VERSION = 1;
const RESPONSE_VERSION = 1;

const MODES: readonly ExecuteMode[] = ['atomic', 'each', 'script'];
const CODES: readonly StatementError['code'][] = ['Sql', 'NotReplicable', 'TooLarge'];
const FOREIGN_KEYS = 1;
const BAIL = 2;
const ROWS = 4;
const NO_PARAMS = 0;
const LIST = 1;
const NAMED = 2;
const RESULT = 0;
const ERROR = 1;
/** The fewest bytes a statement, an outcome, and a value take. */
const MIN_STATEMENT_BYTES = 5;
const MIN_OUTCOME_BYTES = 14;
const MIN_NAME_BYTES = 4;
/** The head of a response, before its outcomes. */
export const RESPONSE_HEAD_BYTES = 6;

/** The body was made by a version that this one does not know. */
export class NewerFormatError extends FormatError {}

/**
 * Throws `SqlFailure`: 'InvalidArgument' for what SQLite cannot store, 'TooLarge' for what does not
 * fit into an entry.
 */
export function encodeRequest(request: ExecuteRequest): Uint8Array {
  const writer = new ByteWriter(1_024);
  writer.u8(REQUEST_VERSION);
  writer.u8(MODES.indexOf(request.mode));
  const flags =
    (request.foreignKeys ? FOREIGN_KEYS : 0) |
    (request.bail ? BAIL : 0) |
    (request.rows ? ROWS : 0);
  writer.u8(flags);
  writer.u32(request.statements.length);
  for (const statement of request.statements) {
    writeText(writer, statement.sql);
    writeParams(writer, statement.params);
    if (writer.length > MAX_BODY_BYTES) {
      const limit = MAX_BODY_BYTES / 2 ** 20;
      throw refused('TooLarge', `the statements take more than the ${limit} MiB of a log entry`);
    }
  }
  return writer.finish();
}

/** Throws `FormatError`; `NewerFormatError` where this version cannot know. */
export function decodeRequest(bytes: Uint8Array): ExecuteRequest {
  const reader = new ByteReader(bytes);
  checkVersion(reader, REQUEST_VERSION, 'request');
  const mode = MODES[reader.u8()];
  if (mode === undefined) throw reader.error('unknown mode');
  const flags = reader.u8();
  if (flags > (FOREIGN_KEYS | BAIL | ROWS)) throw reader.error('unknown flags');
  const statements: Statement[] = [];
  for (let left = reader.count(MIN_STATEMENT_BYTES); left > 0; left -= 1) {
    const sql = readText(reader);
    const params = readParams(reader);
    statements.push(params === null ? { sql } : { sql, params });
  }
  reader.end();
  const foreignKeys = (flags & FOREIGN_KEYS) !== 0;
  return { statements, mode, foreignKeys, bail: (flags & BAIL) !== 0, rows: (flags & ROWS) !== 0 };
}

export function encodeResponse(response: ExecuteResponse): Uint8Array {
  return joinResponse(response.committed, response.outcomes.map(encodeOutcome));
}

/** The response of outcomes encoded before. */
export function joinResponse(committed: boolean, outcomes: readonly Uint8Array[]): Uint8Array {
  const bytes = outcomes.reduce((sum, outcome) => sum + outcome.length, RESPONSE_HEAD_BYTES);
  const writer = new ByteWriter(bytes);
  writer.u8(RESPONSE_VERSION);
  writer.boolean(committed);
  writer.u32(outcomes.length);
  for (const outcome of outcomes) writer.raw(outcome);
  return writer.finish();
}

export function encodeOutcome(outcome: StatementOutcome): Uint8Array {
  const writer = new ByteWriter(64);
  if (outcome.type === 'result') {
    writer.u8(RESULT);
    writeResult(writer, outcome.result);
  } else {
    writer.u8(ERROR);
    writeError(writer, outcome.error);
  }
  return writer.finish();
}

/** Throws `FormatError`. */
export function decodeResponse(bytes: Uint8Array): ExecuteResponse {
  if (bytes.length === 0) return { outcomes: [], committed: true };
  const reader = new ByteReader(bytes);
  checkVersion(reader, RESPONSE_VERSION, 'response');
  const committed = reader.boolean();
  const outcomes: StatementOutcome[] = [];
  for (let left = reader.count(MIN_OUTCOME_BYTES); left > 0; left -= 1) {
    const type = reader.u8();
    if (type === RESULT) outcomes.push({ type: 'result', result: readResult(reader) });
    else if (type === ERROR) outcomes.push({ type: 'error', error: readError(reader) });
    else throw reader.error(`unknown outcome ${type}`);
  }
  reader.end();
  return { outcomes, committed };
}

function checkVersion(reader: ByteReader, known: number, what: string): void {
  const version = reader.u8();
  if (version > known) {
    throw new NewerFormatError(`${what} of version ${version}: this build knows ${known}`);
  }
  if (version !== known) throw reader.error(`no ${what}: version ${version}`);
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

function writeResult(writer: ByteWriter, result: StatementResult): void {
  writer.integer(result.rowsAffected);
  writeValue(writer, result.lastInsertRowId);
  writer.u32(result.columns.length);
  for (const column of result.columns) writeText(writer, column);
  writer.u32(result.rows.length);
  for (const row of result.rows) for (const value of row) writeValue(writer, value);
}

function readResult(reader: ByteReader): StatementResult {
  const rowsAffected = reader.integer();
  const lastInsertRowId = readValue(reader);
  if (typeof lastInsertRowId !== 'number' && typeof lastInsertRowId !== 'bigint') {
    throw reader.error('the last row id is no integer');
  }
  const columns: string[] = [];
  for (let left = reader.count(MIN_NAME_BYTES); left > 0; left -= 1) columns.push(readText(reader));
  const rows: SqlValue[][] = [];
  const rowCount = reader.count(columns.length);
  if (columns.length === 0 && rowCount > 0) throw reader.error('rows without columns');
  for (let left = rowCount; left > 0; left -= 1) rows.push(columns.map(() => readValue(reader)));
  return { rowsAffected, lastInsertRowId, columns, rows };
}

function writeError(writer: ByteWriter, { code, message, sqlite }: StatementError): void {
  writer.u8(CODES.indexOf(code));
  writeText(writer, message);
  writer.u32(sqlite.resultCode);
  writer.integer(sqlite.offset === null ? 0 : sqlite.offset + 1);
  writer.u32(sqlite.statement);
}

function readError(reader: ByteReader): StatementError {
  const code = CODES[reader.u8()];
  if (code === undefined) throw reader.error('unknown error code');
  const message = readText(reader);
  const resultCode = reader.u32();
  const offset = reader.integer();
  const statement = reader.u32();
  return {
    code,
    message,
    sqlite: { resultCode, offset: offset === 0 ? null : offset - 1, statement },
  };
}
