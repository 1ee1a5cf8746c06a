/**
 * Runs the records of a logic test on a database, one after another, and says which failed. It knows
 * nothing of what kind of database that is; each file begins with an empty one.
 */

import type { Condition, LogicRecord, QueryRecord, StatementRecord } from './parser.ts';
import { compareResult, hashValues, renderRows, type Rows } from './result.ts';

export type TargetOutcome =
  | { readonly type: 'rows'; readonly columns: number; readonly rows: Rows }
  | { readonly type: 'error'; readonly message: string };

/** What logic tests are run on. */
export interface LogicTarget {
  /** The names that conditions know it by, in lower case. */
  readonly engines: readonly string[];
  /** One statement or several, as a transaction each; the first that fails is the last. */
  execute(sql: string): Promise<TargetOutcome>;
  /** One statement that gives rows. */
  query(sql: string): Promise<TargetOutcome>;
  /** What is wrong with the database as a whole, behind the last record; null: nothing. */
  verdict(): Promise<string | null>;
}

export interface LogicFailure {
  readonly line: number;
  readonly sql: string;
  readonly reason: string;
}

export interface LogicReport {
  readonly passed: number;
  readonly failures: readonly LogicFailure[];
}

export async function runLogicTest(
  target: LogicTarget,
  records: readonly LogicRecord[],
): Promise<LogicReport> {
  const labels = new Map<string, string>();
  const failures: LogicFailure[] = [];
  let passed = 0;
  for (const record of records) {
    if (!record.conditions.every((condition) => holds(condition, target.engines))) continue;
    if (record.type === 'halt') break;
    if (record.type === 'hash-threshold') continue;
    const reason = await runRecord(target, record, labels);
    if (reason === null) passed += 1;
    else failures.push({ line: record.line, sql: record.sql, reason });
  }
  const verdict = await target.verdict();
  if (verdict !== null) {
    failures.push({ line: records.at(-1)?.line ?? 0, sql: '', reason: verdict });
  }
  return { passed, failures };
}

export function holds({ type, engine }: Condition, engines: readonly string[]): boolean {
  return engines.includes(engine) === (type === 'onlyif');
}

function runRecord(
  target: LogicTarget,
  record: StatementRecord | QueryRecord,
  labels: Map<string, string>,
): Promise<string | null> {
  return record.type === 'query'
    ? runQueryRecord(target, record, labels)
    : runStatementRecord(target, record);
}

async function runStatementRecord(
  target: LogicTarget,
  record: StatementRecord,
): Promise<string | null> {
  const outcome = await target.execute(record.sql);
  if (record.error === null) return outcome.type === 'error' ? outcome.message : null;
  if (outcome.type !== 'error') return 'expected an error, and it succeeded';
  if (record.error.test(outcome.message)) return null;
  return `expected the error ${record.error.source}, found ${outcome.message}`;
}

async function runQueryRecord(
  target: LogicTarget,
  record: QueryRecord,
  labels: Map<string, string>,
): Promise<string | null> {
  const { sql, types, sortMode, label, expected } = record;
  const outcome = await target.query(sql);
  if (outcome.type === 'error') return outcome.message;
  if (outcome.columns !== types.length) {
    return `expected ${types.length} columns, found ${outcome.columns}`;
  }
  const values = renderRows(outcome.rows, types, sortMode);
  const wrong = compareResult(values, expected);
  if (wrong !== null || label === null) return wrong;
  const hash = hashValues(values);
  const known = labels.get(label);
  labels.set(label, known ?? hash);
  return known === undefined || known === hash
    ? null
    : `the result differs from that of another query with the label ${label}`;
}
