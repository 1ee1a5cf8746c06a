/**
 * `db.importCsv`: the rows of a file into a table, in bounded batches, each one log entry. A row that
 * fails does nothing and is counted, as sqlite3's `.import` counts it; the others of its batch are
 * committed together. So where an import ends early, by an error or the caller, what went in is a
 * number of whole batches from the file's beginning.
 *
 * Values are bound as texts, and the column decides: one of type INTEGER, REAL or NUMERIC makes
 * numbers of what looks like them, one of type TEXT keeps it as it is, also "007".
 */

import { MAX_BODY_BYTES } from '../node/limits.ts';
import type { ExecuteRequest, SqlParams, SqlValue, Statement } from '../node/sql.ts';
import type { LogIndex } from '../raft/types.ts';
import { checkCount } from './arguments.ts';
import { aborted } from './call-limits.ts';
import { callBack } from './callback.ts';
import type { CsvError, CsvImportOptions, CsvImportResult } from './csv-import-options.ts';
import { csvBlob, csvNumber, CsvReader, type CsvField, type CsvRow } from './csv-text.ts';
import {
  invalidArgument,
  restated,
  statementRefused,
  toResqliteError,
  type ResqliteError,
} from './errors.ts';
import type { Executed } from './protocol.ts';

type Imported = Omit<CsvImportResult, 'bookmark'>;

/** What an import is run by; both reject with `ResqliteError`. */
export interface CsvImportPorts {
  query(sql: string, params: SqlParams): Promise<readonly (readonly SqlValue[])[]>;
  execute(request: ExecuteRequest): Promise<Executed>;
}

interface Column {
  readonly name: string;
  /** It stores what it is given. */
  readonly isUntyped: boolean;
}

interface Batch {
  readonly lines: number[];
  readonly statements: Statement[];
  characters: number;
}

interface Sent {
  readonly lines: readonly number[];
  readonly fraction: number;
  readonly answer: Promise<Executed>;
}

const BATCH_ROWS = 500;
const BATCH_CHARACTERS = 256 * 1024;
const MAX_IN_FLIGHT = 4;
const MAX_FIRST_ERRORS = 20;
const MAX_ROW_CHARACTERS = MAX_BODY_BYTES;
const COLUMNS_OF = 'SELECT name, type FROM pragma_table_info(?)';

/** Rejects with `ResqliteError`. */
export async function importCsv(
  ports: CsvImportPorts,
  table: string,
  file: Blob | string,
  options: CsvImportOptions,
): Promise<Imported> {
  checkOptions(table, options);
  if (typeof file !== 'string' && !(file instanceof Blob)) {
    throw invalidArgument('what is imported must be a Blob, a File or a text');
  }
  return new CsvImport(ports, table, options).run(file);
}

class CsvImport {
  readonly #ports: CsvImportPorts;
  readonly #table: string;
  readonly #options: CsvImportOptions;
  readonly #inFlight: Sent[] = [];
  readonly #firstErrors: CsvError[] = [];
  #rows = 0;
  #errors = 0;
  #skipped = 0;
  #created = false;
  #index = 0 as LogIndex;
  /** Null: nothing has been read yet. */
  #columns: readonly Column[] | null = null;
  #insert = '';
  #batch: Batch = newBatch();
  #fraction = 0;

  constructor(ports: CsvImportPorts, table: string, options: CsvImportOptions) {
    this.#ports = ports;
    this.#table = table;
    this.#options = options;
  }

  async run(file: Blob | string): Promise<Imported> {
    try {
      await this.#runAll(file);
    } catch (error) {
      throw await this.#interrupted(toResqliteError(error));
    }
    const firstErrors = this.#firstErrors.toSorted((one, other) => one.line - other.line);
    return {
      rows: this.#rows,
      errors: this.#errors,
      firstErrors,
      created: this.#created,
      index: this.#index,
    };
  }

  async #runAll(file: Blob | string): Promise<void> {
    const reader = new CsvReader(this.#options.separator ?? ',');
    for await (const { text, fraction } of partsOf(file)) {
      for (const row of reader.push(text)) await this.#take(row);
      this.#fraction = fraction;
      if (this.#bailed) return;
    }
    for (const row of reader.end()) await this.#take(row);
    await this.#send();
    await this.#settle(0);
  }

  get #bailed(): boolean {
    return this.#options.bail === true && this.#errors > 0;
  }

  async #take(row: CsvRow): Promise<void> {
    if (this.#bailed) return;
    if (this.#options.signal?.aborted === true) throw aborted('no');
    if (this.#skipped < (this.#options.skip ?? 0)) {
      this.#skipped += 1;
      return;
    }
    if (this.#columns === null) {
      const isHeader = await this.#begin(row);
      if (isHeader) return;
    }
    const columns = this.#columns ?? [];
    const isBlank = row.fields.length === 1 && isEmpty(row.fields[0]);
    if (isBlank && columns.length > 1) return;
    const fault = faultOf(row, columns.length);
    if (fault !== null) {
      await this.#refuse(row.line, fault);
      return;
    }
    await this.#add(row, columns);
  }

  async #add(row: CsvRow, columns: readonly Column[]): Promise<void> {
    const characters = charactersOf(row) + this.#insert.length;
    // So that a row that is too large to be sent fails alone.
    if (this.#batch.characters + characters > BATCH_CHARACTERS) await this.#send();
    if (this.#bailed) return;
    const params = row.fields.map((field, at) => this.#value(field, columns[at]));
    this.#batch.lines.push(row.line);
    this.#batch.statements.push({ sql: this.#insert, params });
    this.#batch.characters += characters;
    if (this.#batch.statements.length >= BATCH_ROWS) await this.#send();
  }

  /** What came before it is in before an import that stops at it. */
  async #refuse(line: number, fault: string): Promise<void> {
    if (this.#options.bail === true) {
      await this.#send();
      if (this.#bailed) return;
    }
    this.#fail(line, invalidArgument(`line ${line}: ${fault}`));
  }

  /** Finds or makes the table; true: the row was no row but the columns' names. */
  async #begin(row: CsvRow): Promise<boolean> {
    const { infer = false } = this.#options;
    const found = await this.#ports.query(COLUMNS_OF, [this.#table]);
    const known = found.map(([name, type]) => ({
      name: String(name),
      isUntyped: type === '' || /^(?:any|blob)$/i.test(String(type)),
    }));
    const isMissing = known.length === 0;
    const { header = isMissing && this.#options.columns === undefined } = this.#options;
    if (header && row.fault !== null) throw invalidArgument(`line ${row.line}: ${row.fault}`);
    const headed = header ? row.fields.map(({ text }) => text) : null;
    const names = this.#options.columns ?? headed ?? known.map(({ name }) => name);
    checkNames(names);
    if (isMissing) await this.#create(names);
    this.#columns = names.map((name) => {
      if (isMissing) return { name, isUntyped: infer };
      const column = known.find((one) => one.name.toLowerCase() === name.toLowerCase());
      if (column !== undefined) return column;
      throw invalidArgument(`the table ${this.#table} has no column ${name}`);
    });
    const marks = names.map(() => '?').join(', ');
    const list = names.map(quotedName).join(', ');
    this.#insert = `INSERT INTO ${quotedName(this.#table)} (${list}) VALUES (${marks})`;
    return header;
  }

  async #create(names: readonly string[]): Promise<void> {
    if (names.length === 0) {
      throw invalidArgument(`there is no table ${this.#table}, and no columns are named`);
    }
    const type = this.#options.infer === true ? '' : ' TEXT';
    const columns = names.map((name) => quotedName(name) + type).join(', ');
    const sql = `CREATE TABLE ${quotedName(this.#table)} (${columns})`;
    const { index, response } = await this.#ports.execute({
      statements: [{ sql }],
      mode: 'atomic',
      foreignKeys: true,
      bail: true,
      rows: false,
    });
    const [outcome] = response.outcomes;
    if (outcome?.type === 'error') throw statementRefused(outcome.error, 0);
    this.#created = true;
    this.#index = index;
  }

  #value({ text, isQuoted }: CsvField, column: Column | undefined): SqlValue {
    const { empty = 'null', infer = false } = this.#options;
    if (isQuoted) return text;
    if (text === '') return empty === 'null' ? null : '';
    if (!infer) return text;
    const number = column?.isUntyped === true ? csvNumber(text) : null;
    return number ?? csvBlob(text) ?? text;
  }

  async #send(): Promise<void> {
    const { lines, statements } = this.#batch;
    if (statements.length === 0) return;
    this.#batch = newBatch();
    const bail = this.#options.bail === true;
    const mode = bail ? 'atomic' : 'script';
    const answer = this.#ports.execute({ statements, mode, foreignKeys: true, bail, rows: false });
    // It is looked at in its turn; until then its failure is nobody's.
    answer.catch(() => undefined);
    this.#inFlight.push({ lines, fraction: this.#fraction, answer });
    await this.#settle(bail ? 0 : MAX_IN_FLIGHT - 1);
  }

  /** Takes answers in order until at most `remaining` are to come. */
  async #settle(remaining: number): Promise<void> {
    while (this.#inFlight.length > remaining) {
      const [sent] = this.#inFlight;
      if (sent === undefined) return;
      await this.#settleBatch(sent);
      this.#inFlight.shift();
      const { onProgress } = this.#options;
      callBack(onProgress, { rows: this.#rows, errors: this.#errors, fraction: sent.fraction });
    }
  }

  async #settleBatch({ lines, answer }: Sent): Promise<void> {
    try {
      this.#count(lines, await answer);
    } catch (error) {
      const failed = toResqliteError(error);
      if (failed.code !== 'TooLarge' || failed.applied !== 'no') throw failed;
      for (const line of lines) this.#fail(line, failed);
    }
  }

  #count(lines: readonly number[], { index, response }: Executed): void {
    const { outcomes, committed } = response;
    this.#index = index;
    if (committed) {
      for (const [at, line] of lines.entries()) {
        const outcome = outcomes[at];
        if (outcome?.type === 'error') this.#fail(line, statementRefused(outcome.error, 0));
        else this.#rows += 1;
      }
      return;
    }
    // One row stopped it, or what it left behind could not be committed: the last outcome tells.
    const at = outcomes.findIndex(({ type }) => type === 'error');
    const outcome = outcomes.at(this.#options.bail === true ? at : -1);
    if (outcome?.type !== 'error') return;
    const failed = statementRefused(outcome.error, 0);
    if (this.#options.bail === true) this.#fail(lines[at] ?? lines.at(-1) ?? 0, failed);
    else for (const line of lines) this.#fail(line, failed);
  }

  #fail(line: number, error: ResqliteError): void {
    this.#errors += 1;
    if (this.#firstErrors.length < MAX_FIRST_ERRORS) this.#firstErrors.push({ line, error });
  }

  /** The import's error, when all that is under way has ended: did any of it happen? */
  async #interrupted(cause: ResqliteError): Promise<ResqliteError> {
    let maybeApplied = cause.applied !== 'no' || this.#created || this.#rows > 0;
    for (const { lines, answer } of this.#inFlight.splice(0)) {
      try {
        this.#count(lines, await answer);
        maybeApplied = true;
      } catch (error) {
        maybeApplied ||= toResqliteError(error).applied !== 'no';
      }
    }
    const note = this.#rows === 0 ? '' : ` (after ${this.#rows} rows had gone in)`;
    return restated(cause, maybeApplied ? 'unknown' : 'no', note);
  }
}

function newBatch(): Batch {
  return { lines: [], statements: [], characters: 0 };
}

function isEmpty(field: CsvField | undefined): boolean {
  return field?.text === '' && !field.isQuoted;
}

function charactersOf(row: CsvRow): number {
  return row.fields.reduce((sum, { text }) => sum + text.length, 0);
}

function faultOf(row: CsvRow, width: number): string | null {
  if (row.fault !== null) return row.fault;
  const { length } = row.fields;
  if (length !== width) return `${length} fields where ${width} are expected`;
  return charactersOf(row) > MAX_ROW_CHARACTERS ? 'the row is too large' : null;
}

/** The text in parts, and how much of it is behind each. Not UTF-8 is 'InvalidArgument'. */
async function* partsOf(file: Blob | string): AsyncGenerator<{ text: string; fraction: number }> {
  const blob = typeof file === 'string' ? new Blob([file]) : file;
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const reader = blob.stream().getReader();
  let doneBytes = 0;
  try {
    for (;;) {
      const { done, value } = await readFrom(reader);
      doneBytes += value?.length ?? 0;
      const text = decode(decoder, value ?? null, doneBytes);
      yield { text, fraction: blob.size === 0 ? 1 : doneBytes / blob.size };
      if (done) return;
    }
  } finally {
    // One that cannot be read cannot be cancelled, either.
    await reader.cancel().catch(() => undefined);
  }
}

async function readFrom(reader: ReadableStreamDefaultReader<Uint8Array>) {
  try {
    return await reader.read();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw invalidArgument(`the file cannot be read: ${why}`);
  }
}

function decode(decoder: TextDecoder, bytes: Uint8Array | null, doneBytes: number): string {
  try {
    return bytes === null ? decoder.decode() : decoder.decode(bytes, { stream: true });
  } catch {
    throw invalidArgument(`the file is not UTF-8, somewhere in its first ${doneBytes} bytes`);
  }
}

function checkOptions(table: unknown, options: CsvImportOptions): void {
  const { separator = ',', skip = 0, header, columns } = options;
  if (typeof table !== 'string' || table === '') throw invalidArgument('a table must be named');
  checkSeparator(separator);
  checkCount('skip', skip);
  const areNames =
    Array.isArray(columns) &&
    columns.length > 0 &&
    columns.every((name) => typeof name === 'string');
  if (columns !== undefined && !areNames)
    throw invalidArgument('columns must be an array of names');
  if (header === true && columns !== undefined) {
    throw invalidArgument('columns are named by the header or by the caller: skip the header');
  }
}

/** Throws `ResqliteError` 'InvalidArgument'. */
export function checkSeparator(separator: unknown): string {
  if (typeof separator === 'string' && separator.length === 1 && !/["\r\n]/.test(separator)) {
    return separator;
  }
  throw invalidArgument('the separator must be one character, neither a quote nor a line end');
}

function checkNames(names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    const folded = name.toLowerCase();
    if (name === '') throw invalidArgument('a column has an empty name');
    if (seen.has(folded)) throw invalidArgument(`the column ${name} is named twice`);
    seen.add(folded);
  }
}

function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
