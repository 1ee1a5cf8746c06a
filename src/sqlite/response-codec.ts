/**
 * What an applied request answers, as bytes. Little-endian.
 *
 * Version 1: u8 version, u8 committed, u32 count of outcomes, each: u8 type;
 * for a result (0): rows affected (f64), last row id (value), u32 count of columns, their names,
 * u32 count of rows, each as many values; for an error (1): u8 code, text of the message, u32
 * result code, f64 offset + 1 (0: unknown), u32 number of the statement.
 * A response of length 0, which a request of length 0 gets, stands for a commit of nothing.
 */

import { ByteReader, ByteWriter } from '../node/bytes.ts';
import type {
  ExecuteResponse,
  SqlValue,
  StatementError,
  StatementOutcome,
  StatementResult,
} from '../node/sql.ts';
import { readText, readValue, writeText, writeValue } from './value-codec.ts';

const RESPONSE_VERSION = 1;

const CODES = [
  'Sql',
  'NotReplicable',
  'TooLarge',
  'Conflict',
  'Refused',
  'Skipped',
] as const satisfies readonly StatementError['code'][];
const RESULT = 0;
const ERROR = 1;
/** The fewest bytes an outcome and a name take. */
const MIN_OUTCOME_BYTES = 14;
const MIN_NAME_BYTES = 4;
/** The head of a response, before its outcomes. */
export const RESPONSE_HEAD_BYTES = 6;

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

/** Of the outcome that is being encoded. */
const writer = new ByteWriter();

export function encodeOutcome(outcome: StatementOutcome): Uint8Array {
  writer.clear();
  if (outcome.type === 'result') {
    writer.u8(RESULT);
    writeResult(writer, outcome.result);
  } else {
    writer.u8(ERROR);
    writeError(writer, outcome.error);
  }
  return writer.copy();
}

/** Throws `FormatError`. */
export function decodeResponse(bytes: Uint8Array): ExecuteResponse {
  if (bytes.length === 0) return { outcomes: [], committed: true };
  const reader = new ByteReader(bytes);
  reader.expect(RESPONSE_VERSION, 'response version');
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
