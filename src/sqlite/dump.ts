/**
 * The database as a script that makes it again, statement for statement as sqlite3's `.dump` writes
 * it: tables in the order in which they were made, each with its rows, then indexes, triggers and
 * views, all with foreign keys off in one transaction. Hidden and generated columns, and the row ids
 * of tables that do not name them, are left out, as they are there.
 *
 * It differs where sqlite3 would write into the schema itself, which nobody may here:
 *
 * - A virtual table is made by its own statement and filled through itself. What cannot be read back
 *   (FTS5 that keeps no content) is left empty, which a comment says; what FTS5 keeps of another
 *   table is built anew at the end.
 * - Rows come in the order of their row ids or primary keys, also where SQLite would find them faster
 *   in an index: so that those with hidden row ids stay in order.
 * - A text that contains NUL, or is no UTF-8, is written as its bytes; sqlite3 cuts it short.
 *
 * Our own tables are in no dump. All of it is of one state; the rows of the result are pieces of the
 * script, to be put on lines of their own.
 */

import type { LogIndex } from '../raft/types.ts';
import { INTERNAL_PREFIX } from './authorizer.ts';
import type { Cursors, OpenedCursor } from './cursors.ts';
import type { SqlDatabase } from './database.ts';
import { readingUntil } from './query.ts';
import { OPEN, type SqlService } from './service.ts';
import { LiteralWriter, quotedName, quotedText } from './sql-literal.ts';
import { refused } from './sql-error.ts';
import { columnsOf, contentOf, type VirtualContent } from './virtual-content.ts';

export interface DumpRequest {
  /** Names of tables and views, with their indexes and triggers; null: everything. */
  readonly objects: readonly string[] | null;
  readonly schemaOnly: boolean;
  readonly atLeast: LogIndex | null;
  readonly timeoutMs: number;
}

export class Dumps {
  readonly #service: SqlService;
  readonly #cursors: Cursors;

  constructor(service: SqlService, cursors: Cursors) {
    this.#service = service;
    this.#cursors = cursors;
  }

  /** 'InvalidArgument': a name is no table's and no view's. For the rest see `Cursors.keep`. */
  async openDump(request: DumpRequest, signal: AbortSignal | null = null): Promise<OpenedCursor> {
    const { objects, schemaOnly, atLeast, timeoutMs } = request;
    const deadlineMs = performance.now() + timeoutMs;
    const state = await this.#service.whenTrusted(atLeast ?? OPEN, timeoutMs, signal);
    const { database, appliedIndex } = state;
    return readingUntil(database, deadlineMs, () => {
      const rows = asRows(dumpScript(database, objects, schemaOnly));
      return this.#cursors.keep(['sql'], rows, appliedIndex);
    });
  }
}

function* asRows(pieces: Iterable<string>): Generator<[string], void> {
  for (const piece of pieces) yield [piece];
}

/** The script in pieces, each one or more whole lines without the last line's end. */
export function* dumpScript(
  database: SqlDatabase,
  objects: readonly string[] | null,
  schemaOnly: boolean,
): Generator<string, void> {
  const dump = new Dump(database, objects, schemaOnly);
  try {
    yield* dump.pieces();
  } finally {
    dump.close();
  }
}

interface SchemaRow {
  readonly type: string;
  readonly name: string;
  readonly table: string;
  readonly sql: string;
}

class Dump {
  readonly #database: SqlDatabase;
  /** In lower case. */
  readonly #wanted: ReadonlySet<string> | null;
  readonly #schemaOnly: boolean;
  readonly #writer: LiteralWriter;
  readonly #schema: readonly SchemaRow[];
  /** Virtual tables keep their data in them, and make them. */
  readonly #shadows: ReadonlySet<string>;

  constructor(database: SqlDatabase, objects: readonly string[] | null, schemaOnly: boolean) {
    this.#database = database;
    this.#wanted = objects === null ? null : new Set(objects.map((name) => name.toLowerCase()));
    this.#schemaOnly = schemaOnly;
    this.#shadows = shadowTables(database);
    this.#schema = [...schemaRows(database)].filter((row) => !this.#shadows.has(row.table));
    this.#checkWanted();
    this.#writer = new LiteralWriter(database.connection);
  }

  close(): void {
    this.#writer.close();
  }

  *pieces(): Generator<string, void> {
    yield 'PRAGMA foreign_keys=OFF;';
    yield 'BEGIN TRANSACTION;';
    const later: string[] = [];
    const tables = this.#schema.filter(({ type }) => type === 'table');
    // The sequences last: rows change them.
    for (const table of tables.filter((one) => !isSequence(one))) yield* this.#table(table, later);
    for (const table of tables.filter(isSequence)) yield* this.#table(table, later);
    for (const { type, name, table, sql } of this.#schema) {
      if (type === 'table' || !this.#wants(type === 'view' ? name : table)) continue;
      yield sql + (sql.includes('--') ? '\n;' : ';');
    }
    yield* later;
    yield 'COMMIT;';
  }

  /** What has to come behind everything is added to `later`. */
  *#table({ name, table, sql }: SchemaRow, later: string[]): Generator<string, void> {
    if (name.startsWith('sqlite_')) {
      if (this.#wanted === null && !this.#schemaOnly) yield* this.#systemTable(name);
      return;
    }
    if (!this.#wants(table)) return;
    const content = contentOf(this.#database, name, sql);
    if (content === null) {
      yield createStatement(this.#database, sql);
      if (!this.#schemaOnly) {
        const columns = columnsOf(this.#database, name).map(quotedName).join(',');
        const from = `FROM main.${quotedName(name)} NOT INDEXED`;
        yield* this.#rows(this.#writer.name(name), `SELECT ${columns} ${from}`);
      }
      return;
    }
    if (content.comment !== null) yield `-- ${content.comment}`;
    yield `${sql};`;
    if (!this.#schemaOnly) yield* this.#virtualRows(name, content, later);
  }

  *#systemTable(name: string): Generator<string, void> {
    if (name === 'sqlite_sequence') yield 'DELETE FROM sqlite_sequence;';
    else if (/^sqlite_stat.$/.test(name)) yield 'ANALYZE sqlite_schema;';
    else return;
    const owner = name === 'sqlite_sequence' ? 'name' : 'tbl';
    const isOurs = `substr(${owner}, 1, ${INTERNAL_PREFIX.length}) = '${INTERNAL_PREFIX}'`;
    yield* this.#rows(name, `SELECT * FROM main.${name} WHERE ${isOurs} IS NOT TRUE`);
  }

  *#virtualRows(
    name: string,
    { columns, settings, isRebuilt }: VirtualContent,
    later: string[],
  ): Generator<string, void> {
    const table = this.#writer.name(name);
    if (settings !== null) {
      yield* this.#rows(`${table}(${table},rank)`, settings);
    }
    if (columns !== null) {
      const names = columns.map(quotedName);
      const into = columns.map((column) => this.#writer.name(column)).join(',');
      yield* this.#rows(
        `${table}(${into})`,
        `SELECT ${names.join(',')} FROM main.${quotedName(name)}`,
      );
    }
    if (isRebuilt) later.push(`INSERT INTO ${table}(${table}) VALUES('rebuild');`);
  }

  *#rows(into: string, select: string): Generator<string, void> {
    const statement = this.#database.connection.prepare(select);
    try {
      const count = statement.columnCount;
      while (statement.step()) {
        const literals: string[] = [];
        for (let at = 0; at < count; at += 1) {
          literals.push(this.#writer.literal(statement.rawValue(at)));
        }
        yield `INSERT INTO ${into} VALUES(${literals.join(',')});`;
      }
    } finally {
      statement.finalize();
    }
  }

  #wants(name: string): boolean {
    return this.#wanted === null || this.#wanted.has(name.toLowerCase());
  }

  #checkWanted(): void {
    const known = new Set<string>();
    for (const { type, name } of this.#schema) {
      if (type === 'table' || type === 'view') known.add(name.toLowerCase());
    }
    for (const name of this.#wanted ?? []) {
      if (known.has(name)) continue;
      throw refused('InvalidArgument', `there is no table and no view ${quotedText(name)}`);
    }
  }
}

function isSequence({ name }: SchemaRow): boolean {
  return name === 'sqlite_sequence';
}

/** Of everything but our own, in the order in which it was made. */
function* schemaRows(database: SqlDatabase): Generator<SchemaRow, void> {
  const sql =
    'SELECT type, name, tbl_name, sql FROM main.sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid';
  for (const row of database.rows(sql)) {
    const [type, name, table, text] = row.map(String) as [string, string, string, string];
    if (!table.startsWith(INTERNAL_PREFIX)) yield { type, name, table, sql: text };
  }
}

function shadowTables(database: SqlDatabase): Set<string> {
  const names = new Set<string>();
  // schema, name, type, ncol, wr, strict
  for (const row of database.rows('PRAGMA main.table_list')) {
    if (row[2] === 'shadow') names.add(String(row[1]));
  }
  return names;
}

/** A comment may reach to the end of the text, and must not swallow the semicolon. */
function createStatement(database: SqlDatabase, sql: string): string {
  let text = sql;
  if (sql.includes('--') || sql.includes('/*')) {
    text = ['', '*/', '\n'].map((end) => sql + end).find((one) => isComplete(database, one)) ?? sql;
  }
  const isQuoted = /^CREATE TABLE ['"]/.test(text);
  return `${isQuoted ? text.replace('CREATE TABLE', 'CREATE TABLE IF NOT EXISTS') : text};`;
}

function isComplete({ connection }: SqlDatabase, sql: string): boolean {
  return connection.api.sqlite3_complete(connection.writeText(`${sql};`).pointer) !== 0;
}
