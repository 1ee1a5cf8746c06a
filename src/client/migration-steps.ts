/**
 * One migration as what is sent of it: a single atomic log entry that begins with its record
 * (migration-records.ts). SQL becomes the statements of that entry, as SQLite's own lexer finds them; a
 * function runs as an interactive transaction, whose first statements write the record.
 */

import type { ErrorCode } from '../node/errors.ts';
import type { ExecuteRequest, Statement, StatementKind } from '../node/sql.ts';
import type { CallOptions } from './call-limits.ts';
import { invalidArgument, ResqliteError, statementRefused } from './errors.ts';
import { isOvertaken, recordStatements, type KnownMigration } from './migration-records.ts';
import type { Executed } from './protocol.ts';
import { readScript } from './script-reader.ts';
import type { Transaction } from './transaction.ts';

/** Rejects with `ResqliteError`. */
export interface MigrationStepPorts {
  split(part: string): Promise<readonly { sql: string; kind: StatementKind }[]>;
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
  const { statements, foreignKeys } = await readStatements(ports, up);
  const record = recordStatements(migration);
  const all = [...record, ...statements];
  const common = { mode: 'atomic', bail: true, rows: false } as const;
  const { response } = await unlessBroken(
    ports.execute({ statements: all, foreignKeys, ...common }, limits),
  );
  if (response.committed) return 'applied';
  const last = response.outcomes.at(-1);
  if (last?.type !== 'error') throw new Error('an entry without effect has an error');
  const number = response.outcomes.length - 1 - record.length;
  if (number === -1 && isOvertaken(last.error.sqlite.resultCode)) return 'overtaken';
  const failed = statements[number];
  const statement = failed === undefined ? null : { sql: failed.sql, number };
  throw new BrokenMigration(statementRefused(last.error, Math.max(0, number)), statement);
}

/** What `work` comes to; where it fails by what it is itself, that is told. */
async function unlessBroken<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw isItsOwn(error) ? new BrokenMigration(error, null) : error;
  }
}

/** What is to run. */
interface StatementList {
  readonly statements: readonly Statement[];
  readonly foreignKeys: boolean;
}

async function readStatements(
  ports: MigrationStepPorts,
  up: string | readonly (string | Statement)[],
): Promise<StatementList> {
  const parts = typeof up === 'string' ? [up] : up;
  // Asked in one turn, they cross to the worker together.
  const read = await Promise.all(
    parts.map((part) =>
      typeof part === 'string'
        ? readText(ports, part)
        : { statements: [part], turnsKeysOff: false },
    ),
  );
  return {
    statements: read.flatMap(({ statements }) => statements),
    foreignKeys: !read.some(({ turnsKeysOff }) => turnsKeysOff),
  };
}

async function readText(
  ports: MigrationStepPorts,
  text: string,
): Promise<{ readonly statements: readonly Statement[]; readonly turnsKeysOff: boolean }> {
  const statements: Statement[] = [];
  let turnsKeysOff = false;
  for await (const found of readScript(text, (part) => ports.split(part))) {
    for (const { sql, number, kind } of found) {
      if (kind.transaction === 'rollback') throw refused('ROLLBACK', { sql, number });
      if (kind.vacuum) throw refused('VACUUM', { sql, number });
      if (kind.foreignKeys === false) turnsKeysOff = true;
      const means = kind.transaction === null && kind.foreignKeys === null;
      if (means && !(kind.readOnly && kind.error === null)) statements.push({ sql });
    }
  }
  return { statements, turnsKeysOff };
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
