/**
 * The queries by which a table is browsed. Names are quoted and stand behind the table's, so that one
 * that is there no more is an error and not a text; what the person filters by is a parameter. Pure.
 */

import type { SqlParams, SqlValue } from '../../node/sql.ts';

export const FILTER_OPERATORS = [
  'contains',
  'begins with',
  '=',
  '<>',
  '<',
  '<=',
  '>',
  '>=',
  'is null',
  'is not null',
] as const;

export type FilterOperator = (typeof FILTER_OPERATORS)[number];

export interface TableFilter {
  /** Null: any of them. */
  readonly column: string | null;
  readonly operator: FilterOperator;
  /** As it was typed. */
  readonly value: string;
}

export interface TableSort {
  readonly column: string;
  readonly direction: 'asc' | 'desc';
}

export interface BrowsedTable {
  readonly name: string;
  readonly kind: 'table' | 'view' | 'virtual';
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

export interface TableQuery {
  readonly sql: string;
  readonly params: SqlParams;
}

/** Any name as SQL takes it. */
export function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A name as a person would write it: quoted only where it has to be, as far as can be told. */
export function sqlName(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) && !KEYWORDS.has(name) ? name : quotedName(name);
}

/** Of SQLite's keywords those that cannot be names as they are, and are likely ones. */
const KEYWORDS: ReadonlySet<string> = new Set(
  (
    'add all alter and as between case check collate commit constraint create default delete ' +
    'distinct drop else escape except exists foreign from group having in index insert intersect ' +
    'into is isnull join limit not notnull null on or order primary references returning select set ' +
    'table then to transaction union unique update using values when where'
  ).split(' '),
);

/** `filter` null, or one without a value: all rows. */
export function browseQuery(
  table: BrowsedTable,
  filter: TableFilter | null,
  sort: TableSort | null,
): TableQuery {
  const params: SqlValue[] = [];
  const where = filter === null || isIdle(filter) ? '' : whereOf(table, filter, params);
  const order =
    sort === null
      ? ''
      : ` order by t.${quotedName(sort.column)}${sort.direction === 'desc' ? ' desc' : ''}`;
  return { sql: `select * from main.${quotedName(table.name)} as t${where}${order}`, params };
}

export function countSql(table: string): string {
  return `select count(*) from main.${quotedName(table)}`;
}

/**
 * Has another result at every write to the table, and costs the same however many rows it has: what a
 * statement may read counts as read, though this one never comes to it.
 */
export function probeQuery(table: string): TableQuery {
  const sql = `select random(), case when ? then exists (select * from main.${quotedName(table)}) end`;
  return { sql, params: [0] };
}

/** Another click: upwards, downwards, and as the table has them. */
export function nextSort(sort: TableSort | null, column: string): TableSort | null {
  if (sort?.column !== column) return { column, direction: 'asc' };
  return sort.direction === 'asc' ? { column, direction: 'desc' } : null;
}

export function needsValue(operator: FilterOperator): boolean {
  return operator !== 'is null' && operator !== 'is not null';
}

/** It waits for a value. */
export function isIdle({ operator, value }: TableFilter): boolean {
  return needsValue(operator) && value === '';
}

function whereOf(table: BrowsedTable, filter: TableFilter, params: SqlValue[]): string {
  const { column } = filter;
  const columns = table.columns.filter(({ name }) => column === null || name === column);
  // One that is there no more: SQLite says so.
  const of = columns.length > 0 || column === null ? columns : [{ name: column, type: '' }];
  const conditions = of.map(({ name, type }) => {
    const affinity = table.kind === 'table' ? affinityOf(type) : 'unknown';
    return conditionOf(`t.${quotedName(name)}`, affinity, filter, params);
  });
  return ` where ${conditions.length === 0 ? 'false' : conditions.join(' or ')}`;
}

function conditionOf(
  subject: string,
  affinity: Affinity,
  { operator, value }: TableFilter,
  params: SqlValue[],
): string {
  if (!needsValue(operator)) return `${subject} ${operator}`;
  if (operator === 'contains' || operator === 'begins with') {
    const pattern = value.replace(/[\\%_]/g, '\\$&');
    params.push(operator === 'contains' ? `%${pattern}%` : `${pattern}%`);
    return `${subject} like ? escape '\\'`;
  }
  const number = affinity === 'text' ? null : numberOf(value);
  if (number === null || affinity === 'numeric') {
    params.push(number ?? value);
    return `${subject} ${operator} ?`;
  }
  // Texts that look like numbers may be among numbers: each is compared with its like.
  params.push(value, number);
  const compared = `${subject} ${operator} ?`;
  return `case typeof(${subject}) when 'text' then ${compared} else ${compared} end`;
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const INTEGER = /^[+-]?\d+$/;
const SMALLEST_INTEGER = -(2n ** 63n);
const LARGEST_INTEGER = 2n ** 63n - 1n;

/** What looks like a number is one, where the column takes it for one; null: it does not. */
export function numberOf(value: string): number | bigint | null {
  const text = value.trim();
  if (!NUMBER.test(text)) return null;
  const number = Number(text);
  if (!INTEGER.test(text) || Number.isSafeInteger(number)) return number;
  const integer = BigInt(text);
  const isInRange = integer >= SMALLEST_INTEGER && integer <= LARGEST_INTEGER;
  return isInRange ? integer : number;
}

/** What SQLite makes of values of a column; 'unknown': it may leave them as they are. */
type Affinity = 'numeric' | 'text' | 'unknown';

/** Of a table's column, by SQLite's rules, in their order. ANY is one thing in STRICT tables, another else. */
function affinityOf(type: string): Affinity {
  if (/int/i.test(type)) return 'numeric';
  if (/char|clob|text/i.test(type)) return 'text';
  return type === '' || /blob|^any$/i.test(type) ? 'unknown' : 'numeric';
}
