/**
 * One migration as what is sent of it: a single atomic log entry that begins with its record
 * (migration-records.ts). SQL becomes the statements of that entry, as SQLite's own lexer finds them; a
 * function runs as an interactive transaction, whose first statements write the record.
 */

import type { ErrorCode } from '../node/errors.ts';
import { REST_LEFT_OUT } from '../node/left-out.ts';
import type { ExecuteRequest, ExecuteResponse, Statement, StatementKind } from '../node/sql.ts';
import type { CallOptions } from './call-limits.ts';
import { invalidArgument, ResqliteError, statementRefused } from './errors.ts';
import { isOvertaken, recordStatements, type KnownMigration } from './migration-records.ts';
import type { Executed } from './protocol.ts';
import { beginsWith, beginsWithRead } from './script-gap.ts';
import { readScript } from './script-reader.ts';
import type { Transaction } from './transaction.ts';

/** Rejects with `ResqliteError`. */
export interface MigrationStepPorts {
  split(
    part: string,
    limits: CallOptions,
  ): Promise<readonly { sql: string; kind: StatementKind }[]>;
  execute(request: ExecuteRequest, limits: CallOptions): Promise<Executed>;
  /** Rejects with what `work` throws, too. */
  transact(work: (tx: Transaction) => Promise<void>, limits: CallOptions): Promise<void>;
}

/** The statement of a migration that failed. */
export interface FailedStatement {
  readonly sql: string;
  /** Counted from 0 within the migration. */
  readonly number: number;
}

const WITH = /with\b/iy;
const OWN_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'Sql',
  'NotReplicable',
  'TooLarge',
  'InvalidArgument',
  'Skipped',
]);

/** A migration that failed by itself: nothing of it was applied, and the next try would fail, too. */
export class BrokenMigration extends Error {
  override readonly name = 'BrokenMigration';
  override readonly cause: unknown;
  /** Null: it was not one statement that failed. */
  readonly statement: FailedStatement | null;

  constructor(cause: unknown, statement: FailedStatement | null) {
    super('a migration failed', { cause });
    this.cause = cause;
    this.statement = statement;
  }
}

/** What ends the transaction of a function that is not needed any more. */
class Overtaken extends Error {
  override readonly name = 'Overtaken';
}

/**
 * 'overtaken': there are other records by now than this one should follow; nothing was done. Rejects with
 * `BrokenMigration`, and with the `ResqliteError` of a cluster that cannot be reached.
 */
export type StepEnd = 'applied' | 'overtaken';

export function applyMigration(
  ports: MigrationStepPorts,
  migration: KnownMigration,
  limits: CallOptions,
): Promise<StepEnd> {
  const { up } = migration;
  return typeof up === 'function'
    ? applyFunction(ports, migration, up, limits)
    : applyStatements(ports, migration, up, limits);
}

async function applyStatements(
  ports: MigrationStepPorts,
  migration: KnownMigration,
  up: string | readonly (string | Statement)[],
  limits: CallOptions,
): Promise<StepEnd> {
  const { statements, foreignKeys } = await readStatements(ports, up, limits);
  const record = recordStatements(migration);
  const all = [...record, ...statements.map(({ statement }) => statement)];
  const common = { mode: 'atomic', bail: true, rows: false } as const;
  const { response } = await unlessBroken(
    ports.execute({ statements: all, foreignKeys, ...common }, limits),
  );
  const cause = refusalOf(response);
  if (cause === null) return 'applied';
  if (cause.statement === null) throw new BrokenMigration(cause, null);
  const at = cause.statement - record.length;
  if (at === -1 && isOvertaken(cause.resultCode)) return 'overtaken';
  const failed = statements[at];
  if (failed === undefined) throw new BrokenMigration(cause, null);
  throw new BrokenMigration(cause, { sql: failed.statement.sql, number: failed.number });
}

/** Why an entry has no effect; null: it has one. Its last outcome is that error, if there was room for it. */
function refusalOf({ committed, outcomes }: ExecuteResponse): ResqliteError | null {
  if (committed) return null;
  const last = outcomes.at(-1);
  if (last?.type !== 'error') throw new Error('an entry without effect has an error');
  if (last.error.message !== REST_LEFT_OUT)
    return statementRefused(last.error, outcomes.length - 1);
  const message =
    'a statement failed, and which one and why is lost: the answers of those before it take all the room ' +
    'that an answer has';
  return new ResqliteError({ code: 'TooLarge', applied: 'no', message, sqlite: null });
}

/** What `work` comes to; where it fails by what it is itself, that is told. */
async function unlessBroken<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw isItsOwn(error) ? new BrokenMigration(error, null) : error;
  }
}

/** What is to run, and each statement's number among all that are written. */
interface StatementList {
  readonly statements: { readonly statement: Statement; readonly number: number }[];
  foreignKeys: boolean;
  /** Written so far. */
  count: number;
}

async function readStatements(
  ports: MigrationStepPorts,
  up: string | readonly (string | Statement)[],
  limits: CallOptions,
): Promise<StatementList> {
  const list: StatementList = { statements: [], foreignKeys: true, count: 0 };
  for (const part of typeof up === 'string' ? [up] : up) {
    if (typeof part === 'string') {
      await readText(ports, part, limits, list);
    } else {
      list.statements.push({ statement: part, number: list.count });
      list.count += 1;
    }
  }
  return list;
}

async function readText(
  ports: MigrationStepPorts,
  text: string,
  limits: CallOptions,
  list: StatementList,
): Promise<void> {
  for await (const found of readScript(text, (part) => ports.split(part, limits))) {
    for (const { sql, kind } of found) {
      const number = list.count;
      list.count += 1;
      if (kind.transaction === 'rollback') throw refused('ROLLBACK', { sql, number });
      if (kind.vacuum) throw refused('VACUUM', { sql, number });
      if (kind.foreignKeys === false) list.foreignKeys = false;
      // Of any other word it may be what earlier statements do that makes it write.
      const hasReadingWord = beginsWithRead(sql) || beginsWith(sql, WITH);
      const reads = kind.readOnly && kind.error === null && hasReadingWord;
      const isPlain = kind.transaction === null && kind.foreignKeys === null;
      if (isPlain && !reads) list.statements.push({ statement: { sql }, number });
    }
  }
}

function refused(word: string, statement: FailedStatement): BrokenMigration {
  const message = `${word} cannot stand in a migration, which is one transaction`;
  return new BrokenMigration(invalidArgument(message), statement);
}

async function applyFunction(
  ports: MigrationStepPorts,
  migration: KnownMigration,
  up: (tx: Transaction) => Promise<void>,
  limits: CallOptions,
): Promise<StepEnd> {
  const work = async (tx: Transaction): Promise<void> => {
    await writeRecord(tx, migration);
    await runFunction(tx, up);
  };
  try {
    await unlessBroken(ports.transact(work, limits));
    return 'applied';
  } catch (error) {
    if (error instanceof Overtaken) return 'overtaken';
    throw error;
  }
}

async function writeRecord(tx: Transaction, migration: KnownMigration): Promise<void> {
  for (const statement of recordStatements(migration)) {
    try {
      await tx.execute(statement);
    } catch (error) {
      const isRefused = error instanceof ResqliteError && error.code === 'Sql';
      throw isRefused && isOvertaken(error.resultCode) ? new Overtaken() : error;
    }
  }
}

/** What it throws is its own fault, unless that is an error of the cluster. */
async function runFunction(tx: Transaction, up: (tx: Transaction) => Promise<void>): Promise<void> {
  const failed = new Map<unknown, FailedStatement>();
  let count = 0;
  const noting = async <T>(sql: string, answer: Promise<T>): Promise<T> => {
    const number = count;
    count += 1;
    try {
      return await answer;
    } catch (error) {
      failed.set(error, { sql, number });
      throw error;
    }
  };
  try {
    await up({
      execute: (statement) =>
        noting(typeof statement === 'string' ? statement : statement.sql, tx.execute(statement)),
      query: (sql, params) => noting(sql, tx.query(sql, params)),
      sql: (strings, ...values) => noting(strings.join('?'), tx.sql(strings, ...values)),
    });
  } catch (error) {
    if (error instanceof ResqliteError && !isItsOwn(error)) throw error;
    throw new BrokenMigration(error, failed.get(error) ?? null);
  }
}

/** Of an error that nothing but the migration itself is to blame for. */
function isItsOwn(error: unknown): boolean {
  return error instanceof ResqliteError && error.applied === 'no' && OWN_CODES.has(error.code);
}
