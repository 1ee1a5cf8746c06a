/**
 * What adapters run statements on: a database, or one transaction of it. They are given statements of which
 * nobody says whether they read, and choose by the first word of each between a read and a log entry.
 */

import type {
  Database,
  ReadLevel,
  Row,
  SqlParams,
  SqlValue,
  Statement,
  StatementResult,
  Transaction,
} from '../client/resqlite.ts';
import { ResqliteError } from '../client/resqlite.ts';

/** A database, or a transaction that its own `transaction` has begun. */
export type Target = Database | Transaction;

/** What a statement gave, whatever it was. */
export interface Rows {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly SqlValue[])[];
}

/** How statements are run that are no part of a transaction. */
export interface RunLimits {
  readonly level?: ReadLevel | undefined;
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** These only read, whatever follows. */
const READS = new Set(['explain', 'select', 'values']);
/** These may read. */
const MAY_READ = new Set(['pragma', 'with']);
const FIRST_WORD = /^(?:\s|;|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*(?<word>[a-z]+)/i;

export function isDatabase(target: Target): target is Database {
  return 'transaction' in target;
}

/** In lower case; empty where the statement begins with no word. */
export function firstWord(sql: string): string {
  return FIRST_WORD.exec(sql)?.groups?.['word']?.toLowerCase() ?? '';
}

/** Whether it only reads, whatever the schema is. */
export function onlyReads(sql: string): boolean {
  return READS.has(firstWord(sql));
}

/** One statement. Rejects with `ResqliteError`. */
export async function runStatement(
  target: Target,
  statement: { readonly sql: string; readonly params: SqlParams },
  limits: RunLimits,
): Promise<StatementResult> {
  if (!isDatabase(target)) return target.execute(statement);
  const { sql, params } = statement;
  const word = firstWord(sql);
  if (READS.has(word)) return read(target, sql, params, limits);
  if (MAY_READ.has(word)) {
    try {
      return await read(target, sql, params, limits);
    } catch (error) {
      // It was not run: it is one that writes.
      if (!isRefusedRead(error)) throw error;
    }
  }
  const { results } = await target.execute(statement, callOptions(limits));
  return results[0] ?? NO_RESULT;
}

/** Several as one atomic log entry; one result each. Rejects with `ResqliteError`. */
export async function runTogether(
  target: Target,
  statements: readonly Statement[],
  limits: RunLimits,
): Promise<readonly StatementResult[]> {
  if (isDatabase(target)) return (await target.execute(statements, callOptions(limits))).results;
  const results: StatementResult[] = [];
  for (const statement of statements) results.push(await target.execute(statement));
  return results;
}

/** Rows by their columns' names. Of two columns with one name the last wins. */
export function rowObjects<R = Row>({ columns, rows }: Rows): R[] {
  return rows.map((row) => Object.fromEntries(columns.map((name, at) => [name, row[at]])) as R);
}

/** An error about what the caller does: nothing was sent anywhere. */
export function invalidUse(message: string): ResqliteError {
  return new ResqliteError({ code: 'InvalidArgument', applied: 'no', message, sqlite: null });
}

const NO_RESULT: StatementResult = { rowsAffected: 0, lastInsertRowId: 0, columns: [], rows: [] };

async function read(
  database: Database,
  sql: string,
  params: SqlParams,
  { level, ...limits }: RunLimits,
): Promise<StatementResult> {
  const options = { ...callOptions(limits), ...(level === undefined ? {} : { level }) };
  const { columns, rows } = await database.query(sql, params, options);
  return { ...NO_RESULT, columns, rows };
}

export function callOptions({ timeoutMs, signal }: RunLimits): {
  timeoutMs?: number;
  signal?: AbortSignal;
} {
  return {
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(signal === undefined ? {} : { signal }),
  };
}

function isRefusedRead(error: unknown): boolean {
  return error instanceof ResqliteError && error.code === 'InvalidArgument';
}
