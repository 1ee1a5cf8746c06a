/** Transactions in SQLocal's form, and statements that run together. */

import type { Database, Transaction } from '../client/resqlite.ts';
import {
  ownStatement,
  sqlTag,
  type AnyRow,
  type PlainStatement,
  type SqlTag,
  type Statement,
  type StatementInput,
} from './sqlocal-statements.ts';
import { rowObjects, type Rows } from './targets.ts';

/**
 * What the function of a transaction works with. Each call sees what those before it did, and waits for them.
 * A statement that fails rejects with `ResqliteError` and has no effect; the function may go on. Rejects with
 * 'InvalidArgument' once the transaction has ended.
 */
export interface TransactionHandle {
  /**
   * Runs one statement, of text and values or as Kysely has made it. Drizzle's are refused with
   * 'InvalidArgument': Drizzle has transactions of its own.
   *
   * @example
   * ```ts
   * import { SQLocal } from 'resqlite/sqlocal';
   *
   * const { transaction, destroy } = new SQLocal('garden.sqlite3');
   * await transaction(({ query }) => query({ sql: 'SELECT ? AS name', params: ['fern'] }));
   * // => [{ name: 'fern' }]
   * await destroy();
   * ```
   */
  query: <Result extends AnyRow = AnyRow>(
    passStatement: StatementInput<Result>,
  ) => Promise<Result[]>;
  /**
   * Runs one statement: a template, whose values become parameters, or a text and its values.
   *
   * @example
   * ```ts
   * import { SQLocal } from 'resqlite/sqlocal';
   *
   * const { transaction, destroy } = new SQLocal('garden.sqlite3');
   * const names = await transaction(async (tx) => [
   *   ...(await tx.sql`SELECT ${'fern'} AS name`),
   *   ...(await tx.sql('SELECT ? AS name', 'moss')),
   * ]);
   * names; // => [{ name: 'fern' }, { name: 'moss' }]
   * await destroy();
   * ```
   */
  sql: <Result extends AnyRow = AnyRow>(
    queryTemplate: TemplateStringsArray | string,
    ...params: unknown[]
  ) => Promise<Result[]>;
  /**
   * Runs statements in their order. Where one fails the whole transaction is undone, also where that is caught.
   *
   * @example
   * ```ts
   * import { SQLocal } from 'resqlite/sqlocal';
   *
   * const { transaction, destroy } = new SQLocal('garden.sqlite3');
   * await transaction((tx) => tx.batch((sql) => [sql`SELECT 1 AS one`, sql`SELECT 2 AS two`]));
   * // => [[{ one: 1 }], [{ two: 2 }]]
   * await destroy();
   * ```
   */
  batch: <Result extends AnyRow = AnyRow>(
    passStatements: (sql: SqlTag) => Statement[],
  ) => Promise<Result[][]>;
}

/** All or nothing. Rejects with `ResqliteError`, 'InvalidArgument' where one writes that may only read. */
export async function runBatch(
  database: Database,
  statements: readonly PlainStatement[],
  readOnly: boolean,
): Promise<readonly Rows[]> {
  if (statements.length === 0) return [];
  const list = statements.map(({ sql, params }) => ({ sql, params }));
  if (!readOnly) return (await database.execute(list)).results;
  return database.transaction((tx) =>
    Promise.all(list.map(({ sql, params }) => tx.query(sql, params))),
  );
}

/** `checkWhole` throws what a batch failed with. */
export function transactionHandle(
  tx: Transaction,
  readOnly: boolean,
): { readonly handle: TransactionHandle; readonly checkWhole: () => void } {
  let broken: { readonly error: unknown } | null = null;
  const run = ({ sql, params }: PlainStatement): Promise<Rows> =>
    readOnly ? tx.query(sql, params) : tx.execute({ sql, params });
  const runAll = async (statements: readonly PlainStatement[]): Promise<Rows[]> => {
    const answers: Rows[] = [];
    try {
      for (const statement of statements) answers.push(await run(statement));
    } catch (error) {
      broken = { error };
      throw error;
    }
    return answers;
  };
  const handle: TransactionHandle = {
    query: async <Result>(passStatement: StatementInput<Result>) =>
      rowObjects<Result>(await run(ownStatement(passStatement as StatementInput))),
    sql: async <Result>(queryTemplate: TemplateStringsArray | string, ...params: unknown[]) =>
      rowObjects<Result>(await run(ownStatement(sqlTag(queryTemplate, ...params)))),
    batch: async <Result>(passStatements: (sql: SqlTag) => Statement[]) => {
      const statements = passStatements(sqlTag).map(ownStatement);
      return (await runAll(statements)).map((answer) => rowObjects<Result>(answer));
    },
  };
  const checkWhole = (): void => {
    if (broken !== null) throw broken.error;
  };
  return { handle, checkWhole };
}
