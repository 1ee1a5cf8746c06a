/**
 * What a query gives, in the text that logic tests compare: one value a line, by the type of its
 * column, in the order of the sort mode; and the MD5 of such lines.
 *
 * - NULL is `NULL` under every type.
 * - I: a whole number; fractions are cut off, of a text the leading number counts.
 * - R: three digits behind the point.
 * - T: `(empty)` for an empty text; every byte outside of printable ASCII is `@`. A number is as
 *   JavaScript prints it, since no caller of the database can tell 1.0 from 1.
 */

import { createHash } from 'node:crypto';
import type { SqlValue } from '../../node/sql.ts';
import type { Expected, SortMode } from './parser.ts';

export type Rows = readonly (readonly SqlValue[])[];

const LEADING_INTEGER = /^\s*([+-]?\d+)/;
const LEADING_NUMBER = /^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)/i;

/** The values in their order. */
export function renderRows(rows: Rows, types: string, sortMode: SortMode): string[] {
  const rendered = rows.map((row) => row.map((value, at) => render(value, types[at] ?? 'T')));
  switch (sortMode) {
    case 'nosort':
      return rendered.flat();
    case 'rowsort':
      return rendered.toSorted(compareRows).flat();
    case 'valuesort':
      return rendered.flat().toSorted(compareTexts);
  }
}

export function hashValues(values: readonly string[]): string {
  const hash = createHash('md5');
  for (const value of values) hash.update(`${value}\n`, 'latin1');
  return hash.digest('hex');
}

/** Null: the values are what was expected; else what is wrong. */
export function compareResult(values: readonly string[], expected: Expected): string | null {
  if (expected.type === 'hash') {
    const md5 = hashValues(values);
    if (values.length === expected.count && md5 === expected.md5) return null;
    const found = `${values.length} values hashing to ${md5}`;
    return `expected ${expected.count} values hashing to ${expected.md5}, found ${found}`;
  }
  const { values: wanted } = expected;
  if (values.length !== wanted.length) {
    return `expected ${wanted.length} values, found ${values.length}: ${values.join(' | ')}`;
  }
  const at = wanted.findIndex((value, index) => value !== values[index]);
  if (at === -1) return null;
  return `value ${at + 1}: expected ${wanted[at]}, found ${values[at]}`;
}

function render(value: SqlValue, type: string): string {
  if (value === null) return 'NULL';
  switch (type) {
    case 'I':
      return renderInteger(value);
    case 'R':
      return renderReal(value);
    default:
      return renderText(value);
  }
}

function renderInteger(value: Exclude<SqlValue, null>): string {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return String(BigInt.asIntN(64, BigInt(Math.trunc(clamp(value)))));
  const [, digits = '0'] = LEADING_INTEGER.exec(textOf(value)) ?? [];
  return String(BigInt(digits.replace('+', '')));
}

/** What a 64-bit integer can hold. */
function clamp(value: number): number {
  return Math.max(-(2 ** 63), Math.min(2 ** 63 - 1_024, value));
}

function renderReal(value: Exclude<SqlValue, null>): string {
  if (typeof value === 'number' || typeof value === 'bigint') return fixed(Number(value));
  const [, number = '0'] = LEADING_NUMBER.exec(textOf(value)) ?? [];
  return fixed(Number(number));
}

function fixed(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? 'Inf' : '-Inf';
  const text = Math.abs(value) < 1e21 ? value.toFixed(3) : `${BigInt(value)}.000`;
  return Object.is(value, -0) ? `-${text}` : text;
}

function renderText(value: Exclude<SqlValue, null>): string {
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
  if (bytes.length === 0) return '(empty)';
  return Array.from(bytes, (byte) =>
    byte < 0x20 || byte > 0x7e ? '@' : String.fromCharCode(byte),
  ).join('');
}

function textOf(value: string | Uint8Array): string {
  return typeof value === 'string' ? value : new TextDecoder().decode(value);
}

function compareRows(a: readonly string[], b: readonly string[]): number {
  for (const [at, value] of a.entries()) {
    const order = compareTexts(value, b[at] ?? '');
    if (order !== 0) return order;
  }
  return 0;
}

/** By bytes: the texts are ASCII. */
function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
