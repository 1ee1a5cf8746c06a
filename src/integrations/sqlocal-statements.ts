/**
 * Statements in the forms that SQLocal's interface takes them in: text with values, what its `sql` function
 * makes of a template, and queries of Kysely and Drizzle, which are known by their shape alone.
 */

import type { SqlValue } from '../client/resqlite.ts';
import { invalidUse } from './targets.ts';

/**
 * Rows whose type their reader has not named. As in SQLocal their values are taken for what the reader takes
 * them for; they are null, numbers, bigints, strings and `Uint8Array`s.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- An interface is no `Record` of anything narrower.
export type AnyRow = Record<string, any>;

/** One statement and its values, in the order of its question marks. */
export interface Statement {
  /** One statement's text. */
  sql: string;
  /** Its values: those of SQLite's five types, booleans and `undefined` (NULL). */
  params: unknown[];
}

/** Makes a statement of a template, whose values become parameters, or of a text and its values. */
export type SqlTag = (
  queryTemplate: TemplateStringsArray | string,
  ...params: unknown[]
) => Statement;

/** What Kysely's `compile()` answers. It does not tell the type of its rows: name it, or pass the query itself. */
export interface KyselyCompiledQuery {
  /** One statement's text. */
  readonly sql: string;
  /** Its values, in the order of its question marks. */
  readonly parameters: readonly unknown[];
}

/** A query of Kysely's that is not compiled yet. */
export interface KyselyQuery<Result> {
  /** Called by the client. */
  compile: () => KyselyCompiledQuery;
  /** Not called; it tells the type of the rows. */
  execute: () => Promise<Result[]>;
}

/**
 * A query of Drizzle's: its rows have the names and types that Drizzle gives them, and are read from this tab's
 * copy where it is of `resqlite/drizzle`. A query of another driver is run by that, each time.
 *
 * @example
 * ```ts
 * import { sqliteTable, text } from 'drizzle-orm/sqlite-core';
 * import { drizzle } from 'resqlite/drizzle';
 * import { SQLocal, type DrizzleQuery } from 'resqlite/sqlocal';
 *
 * const client = new SQLocal('garden.sqlite3');
 * await client.sql`CREATE TABLE plant (common_name TEXT)`;
 * const plant = sqliteTable('plant', { name: text('common_name') });
 * const orm = drizzle(await client.database());
 * const query: DrizzleQuery<{ name: string | null }> = orm.select().from(plant);
 * let plants: unknown;
 * client.reactiveQuery(query).subscribe((rows) => (plants = rows));
 * await orm.insert(plant).values({ name: 'fern' });
 * plants; // soon => [{ name: 'fern' }]
 * await client.destroy();
 * ```
 */
export interface DrizzleQuery<Result> {
  /** By this Drizzle tells what its queries are. */
  readonly _: {
    /** Others' queries are refused by the compiler. */
    readonly dialect: 'sqlite';
    /** The type of the rows. */
    readonly result: Result[];
  };
}

/**
 * One statement, as it is or as a query builder has made it.
 *
 * @example
 * ```ts
 * import { Kysely } from 'kysely';
 * import { ResqliteDialect } from 'resqlite/kysely';
 * import { SQLocal, type KyselyCompiledQuery, type KyselyQuery } from 'resqlite/sqlocal';
 * import type { ReturningStatement, StatementInput } from 'resqlite/sqlocal';
 *
 * interface Plant {
 *   name: string;
 * }
 *
 * const { sql, reactiveQuery, database, destroy } = new SQLocal('garden.sqlite3');
 * await sql`CREATE TABLE plant (name TEXT)`;
 * await sql`INSERT INTO plant VALUES ('fern')`;
 * const dialect = new ResqliteDialect({ database, borrowed: true });
 * const kysely = new Kysely<{ plant: Plant }>({ dialect });
 * const query: KyselyQuery<Plant> = kysely.selectFrom('plant').select('name');
 * const compiled: KyselyCompiledQuery = query.compile();
 * const texts: ReturningStatement[] = [{ sql: 'SELECT name FROM plant', params: [] }, compiled];
 * const inputs: StatementInput<Plant>[] = [query, (tag) => tag`SELECT name FROM plant`];
 * const names: string[] = [];
 * for (const input of [...texts, ...inputs] as StatementInput<Plant>[]) {
 *   reactiveQuery(input).subscribe(([plant]) => names.push(plant?.name ?? ''));
 * }
 * names; // soon => ['fern', 'fern', 'fern', 'fern']
 * await destroy();
 * ```
 */
export type ReturningStatement<Result = unknown> =
  | Statement
  | KyselyCompiledQuery
  | KyselyQuery<Result>
  | DrizzleQuery<Result>;

/** One statement, or a function that makes it. */
export type StatementInput<Result = unknown> =
  | ReturningStatement<Result>
  | ((sql: SqlTag) => ReturningStatement<Result>);

/** A statement as `Database` takes it. */
export interface PlainStatement {
  readonly sql: string;
  readonly params: readonly SqlValue[];
  /** How Drizzle gives its rows the names and types that it knows; null: it is not Drizzle's. */
  readonly drizzleRows: ((read: ReadRows) => Promise<unknown[]>) | null;
}

/** Reads the statement's rows as lists of values, which keep what columns of the same name have. */
export type ReadRows = () => Promise<readonly (readonly SqlValue[])[]>;

/** The prepared queries that map lists of values: those of `resqlite/drizzle` are such. */
const LISTS_KIND = 'SQLiteProxyPreparedQuery';
/** Where classes of Drizzle have the names of their kinds. */
const KIND = Symbol.for('drizzle:entityKind');

interface Prepared {
  mapAllResult: (result: object, isFromBatch: boolean) => unknown;
}

/** Throws `ResqliteError` 'InvalidArgument'. */
export const sqlTag: SqlTag = (queryTemplate, ...params) => {
  const [list] = params;
  const values = params.length === 1 && Array.isArray(list) ? (list as unknown[]) : params;
  if (typeof queryTemplate === 'string') return { sql: queryTemplate, params: values };
  if (!Array.isArray(queryTemplate)) throw invalidUse('sql takes a template or a string');
  if (queryTemplate.some((part: string | undefined) => part === undefined)) {
    throw invalidUse('the SQL has an escape sequence that JavaScript does not know');
  }
  return { sql: queryTemplate.join('?'), params: values };
};

/** Throws `ResqliteError` 'InvalidArgument'. */
export function plainStatement(input: StatementInput): PlainStatement {
  const given: unknown = typeof input === 'function' ? input(sqlTag) : input;
  const drizzle = textOf(called(given, 'toSQL'));
  if (drizzle !== null) return { ...drizzle, drizzleRows: (read) => drizzleRows(given, read) };
  const statement = textOf(called(given, 'compile')) ?? textOf(given);
  if (statement === null) throw invalidUse('a statement must be { sql, params }, or a query');
  return { ...statement, drizzleRows: null };
}

/** All but of Drizzle's: its rows would lack the names and types that it gives them. */
export function ownStatement(input: StatementInput): PlainStatement {
  const statement = plainStatement(input);
  if (statement.drizzleRows === null) return statement;
  throw invalidUse(
    "a transaction here does not run Drizzle's queries: run them in the transaction of Drizzle's " +
      'own database (resqlite/drizzle), or pass what `toSQL()` answers',
  );
}

function textOf(given: unknown): Omit<PlainStatement, 'drizzleRows'> | null {
  if (typeof given !== 'object' || given === null || !('sql' in given)) return null;
  const { sql } = given;
  const params = 'params' in given ? given.params : 'parameters' in given ? given.parameters : [];
  if (typeof sql !== 'string' || !Array.isArray(params)) return null;
  return { sql, params: params.map(bindable) };
}

/** What a method of it answers, where it has one. */
function called(given: unknown, method: string): unknown {
  if (typeof given !== 'object' || given === null) return null;
  const own = (given as Record<string, unknown>)[method];
  return typeof own === 'function' ? own.call(given) : null;
}

async function drizzleRows(query: unknown, read: ReadRows): Promise<unknown[]> {
  const prepared = called(query, '_prepare');
  const rows: unknown = isOfLists(prepared)
    ? prepared.mapAllResult({ rows: await read() }, true)
    : await called(query, 'all');
  if (Array.isArray(rows)) return rows;
  throw invalidUse('a query must answer rows');
}

function isOfLists(prepared: unknown): prepared is Prepared {
  if (typeof prepared !== 'object' || prepared === null) return false;
  return Reflect.get(prepared.constructor, KIND) === LISTS_KIND;
}

/** Values that SQLite's own JavaScript binds, too; what else is none is told by `Database`. */
function bindable(value: unknown): SqlValue {
  if (value === undefined) return null;
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (value instanceof Int8Array) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  return value as SqlValue;
}
