/**
 * The file that is being imported, as far as it has come: rows of a table of ours, so that it belongs
 * to snapshots and to state checks. The table is there only while something is staged.
 *
 * Row -1 tells which file it is: u8 version, text hash, f64 sizeBytes, f64 stagedBytes, f64 lastMs (the
 * stamp of the last entry that was about it), little-endian. The others are its chunks, each at its
 * offset in the file, without gaps.
 *
 * Everything here is done by log entries and depends on them alone. One file is staged at a time; any
 * number of sources may send it, since a chunk that is there already changes nothing.
 */

import { ByteReader, ByteWriter } from '../node/bytes.ts';
import { MAX_HASH_DIGITS } from '../node/limits.ts';
import type { ImportRequest, StatementOutcome } from '../node/sql.ts';
import { STAGING, type SqlDatabase } from './database.ts';
import { IMPORT_FORGET_MS, IMPORT_SILENCE_MS, MAX_IMPORT_BYTES } from './limits.ts';
import { SQLITE_MISUSE } from './raw-api.ts';
import { statementError } from './statement-run.ts';
import { readText, writeText } from './value-codec.ts';

export interface StagedFile {
  readonly hash: string;
  readonly sizeBytes: number;
  readonly stagedBytes: number;
  /** Milliseconds since 1970. */
  readonly lastMs: number;
}

/** What is done to the stage; the last request, which ends it, is import-finish.ts's. */
export type StagingRequest = Exclude<ImportRequest, { readonly mode: 'import-finish' }>;

const VERSION = 1;
const HEAD = -1;
const NO_SUCH = 'no import of this file is under way';

/** Answers how much of the file is staged. Within a transaction. */
export function stage(
  database: SqlDatabase,
  request: StagingRequest,
  stampMs: number,
): StatementOutcome {
  switch (request.mode) {
    case 'import-begin':
      return begin(database, request, stampMs);
    case 'import-chunk':
      return append(database, request, stampMs);
    case 'import-discard':
      if (readStaged(database)?.hash === request.hash) dropStaged(database);
      return staged(0);
  }
}

/** What is staged; null: nothing. */
export function readStaged(database: SqlDatabase): StagedFile | null {
  if (!hasStaging(database)) return null;
  const [head] = database.query(`SELECT data FROM ${STAGING} WHERE position = ?`, HEAD);
  if (!(head instanceof Uint8Array)) throw new Error('the stage does not tell what it is of');
  const reader = new ByteReader(head);
  reader.expect(VERSION, 'stage of version');
  const hash = readText(reader);
  const sizeBytes = reader.integer();
  const stagedBytes = reader.integer();
  return { hash, sizeBytes, stagedBytes, lastMs: reader.integer() };
}

/** The chunks in order. */
export function* stagedChunks(database: SqlDatabase): Generator<Uint8Array, void> {
  const sql = `SELECT data FROM ${STAGING} WHERE position > ${HEAD} ORDER BY position`;
  for (const [data] of database.rows(sql)) {
    if (!(data instanceof Uint8Array)) throw new Error('a chunk of the stage is no blob');
    yield data;
  }
}

/** Within a transaction; nothing happens where nothing is staged. */
export function dropStaged(database: SqlDatabase): void {
  if (hasStaging(database)) changeSchema(database, `DROP TABLE ${STAGING}`);
}

/** Drops what nobody has sent anything of for long; within a transaction. */
export function forgetStaged(database: SqlDatabase, stampMs: number): void {
  const file = readStaged(database);
  if (file !== null && stampMs - file.lastMs >= IMPORT_FORGET_MS) dropStaged(database);
}

export function hasStaging(database: SqlDatabase): boolean {
  const sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?";
  return database.query(sql, STAGING).length > 0;
}

export function refusal(message: string): StatementOutcome {
  return { type: 'error', error: statementError('Refused', message, SQLITE_MISUSE, 0) };
}

export function staged(bytes: number): StatementOutcome {
  const result = { rowsAffected: bytes, lastInsertRowId: 0, columns: [], rows: [] };
  return { type: 'result', result };
}

function begin(
  database: SqlDatabase,
  { hash, sizeBytes }: Extract<ImportRequest, { mode: 'import-begin' }>,
  stampMs: number,
): StatementOutcome {
  if (hash.length > MAX_HASH_DIGITS || !(sizeBytes > 0 && sizeBytes <= MAX_IMPORT_BYTES)) {
    return refusal('a file of this size cannot be imported');
  }
  const file = readStaged(database);
  if (file?.hash === hash && file.sizeBytes === sizeBytes) {
    writeHead(database, { ...file, lastMs: stampMs });
    return staged(file.stagedBytes);
  }
  if (file !== null && stampMs - file.lastMs < IMPORT_SILENCE_MS) {
    const percent = Math.floor((100 * file.stagedBytes) / file.sizeBytes);
    return refusal(`another file is being imported, and ${percent} % of it has come`);
  }
  dropStaged(database);
  const columns = 'position INTEGER PRIMARY KEY, data BLOB NOT NULL';
  changeSchema(database, `CREATE TABLE ${STAGING}(${columns})`);
  writeHead(database, { hash, sizeBytes, stagedBytes: 0, lastMs: stampMs });
  return staged(0);
}

function append(
  database: SqlDatabase,
  { hash, offset, data }: Extract<ImportRequest, { mode: 'import-chunk' }>,
  stampMs: number,
): StatementOutcome {
  const file = readStaged(database);
  if (file?.hash !== hash) return refusal(NO_SUCH);
  const { sizeBytes, stagedBytes } = file;
  if (offset > stagedBytes) return refusal(`byte ${stagedBytes} comes next, not ${offset}`);
  const end = offset + data.length;
  if (end > sizeBytes) return refusal(`the file has ${sizeBytes} bytes, and no more`);
  if (end > stagedBytes) {
    const sql = `INSERT INTO ${STAGING} VALUES(?, ?)`;
    database.execute(sql, stagedBytes, data.subarray(stagedBytes - offset));
  }
  const nowStaged = Math.max(end, stagedBytes);
  writeHead(database, { ...file, stagedBytes: nowStaged, lastMs: stampMs });
  return staged(nowStaged);
}

/** Whoever reads the schema sees that. */
function changeSchema(database: SqlDatabase, sql: string): void {
  database.connection.run(sql);
  database.disturb();
  database.guard.written.noteAll();
}

function writeHead(database: SqlDatabase, file: StagedFile): void {
  const writer = new ByteWriter();
  writer.u8(VERSION);
  writeText(writer, file.hash);
  writer.integer(file.sizeBytes);
  writer.integer(file.stagedBytes);
  writer.integer(file.lastMs);
  const sql = `INSERT OR REPLACE INTO ${STAGING} VALUES(?, ?)`;
  database.execute(sql, HEAD, writer.finish());
}

/** Why the stage is not the whole file that is to be taken; null: it is. */
export function lackOf(file: StagedFile | null, hash: string): string | null {
  if (file?.hash !== hash) return NO_SUCH;
  const { stagedBytes, sizeBytes } = file;
  return stagedBytes < sizeBytes ? `only ${stagedBytes} of its ${sizeBytes} bytes have come` : null;
}
