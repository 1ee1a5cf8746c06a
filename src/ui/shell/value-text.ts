/**
 * SQL values as text. Numbers are written as SQLite writes them, but with as many digits as it takes
 * to tell them from their neighbours; a real number that is whole looks like an integer, because it
 * has become one on its way here. Pure.
 */

import type { SqlValue } from '../../node/sql.ts';

/** From here on, and below SMALL, SQLite writes real numbers with an exponent. */
const LARGE = 1e15;
const SMALL = 1e-4;

export function numberText(value: number | bigint): string {
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) return String(value);
  if (!Number.isFinite(value)) return value > 0 ? 'Inf' : '-Inf';
  const size = Math.abs(value);
  if (size >= SMALL && size < LARGE) return String(value);
  const [mantissa = '', exponent = ''] = value.toExponential().split('e');
  const digits = exponent.slice(1).padStart(2, '0');
  return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}e${exponent.charAt(0)}${digits}`;
}

export function hexText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** `X'00ff'`: there is no better text for a blob. */
function blobText(value: Uint8Array): string {
  return `X'${hexText(value)}'`;
}

/** The value without quotes. */
export function valueText(value: SqlValue, nullText: string): string {
  if (value === null) return nullText;
  if (typeof value === 'string') return value;
  return value instanceof Uint8Array ? blobText(value) : numberText(value);
}

/** The value as SQL has it. */
export function literalText(value: SqlValue): string {
  if (value === null) return 'NULL';
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`;
  if (value instanceof Uint8Array) return blobText(value);
  return infinityText(value) ?? numberText(value);
}

/** The value as JSON has it. */
export function jsonText(value: SqlValue): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof Uint8Array) return JSON.stringify(blobText(value));
  return infinityText(value) ?? numberText(value);
}

/** Out of every reader's range, hence read as infinite. */
function infinityText(value: number | bigint): string | null {
  if (value === Infinity) return '9.0e+999';
  return value === -Infinity ? '-9.0e+999' : null;
}
