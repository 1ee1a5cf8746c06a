/** Numbers, durations, SQL values and errors in words. Pure. */

import type { Applied } from '../node/errors.ts';
import type { SqlValue } from '../node/sql.ts';
import type { NodeStatus } from '../node/status.ts';
import { hexText, numberText } from './shell/value-text.ts';

const BLOB_BYTES_SHOWN = 8;
const TEXT_CHARACTERS_SHOWN = 400;
const SHORT_ID_CHARACTERS = 6;
const integers = new Intl.NumberFormat('en');

/** Whether it happened, as a person is told. */
export const EFFECTS: Readonly<Record<Applied, string>> = {
  no: 'It changed nothing.',
  yes: 'It took effect; only the answer was lost.',
  unknown: 'Whether it took effect is not known.',
};

/** Of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function formatCount(count: number): string {
  return integers.format(count);
}

/** '1 row', '2 rows'. */
export function formatCounted(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** How many rows there are, and how many of them are shown. */
export function formatRowCount(shown: number, all: number): string {
  if (shown === all) return formatCounted(all, 'row');
  return `The first ${formatCount(shown)} of ${formatCounted(all, 'row')}`;
}

export function formatDuration(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 100_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.floor((ms % 60_000) / 1_000)} s`;
}

export function formatBytes(bytes: number): string {
  if (bytes < 1024) return formatCounted(bytes, 'byte');
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KiB`;
  if (bytes < 1024 ** 3) return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}

/** Enough of an id to tell members apart. */
export function shortId(id: string): string {
  return id.slice(0, SHORT_ID_CHARACTERS);
}

/** As a sentence begins. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Where there is room for one line. */
export function oneLine(sql: string): string {
  return sql.trim().replace(/\s+/g, ' ');
}

/** A pre-candidate is to a person what a candidate is. */
export function nameOfRole(role: NodeStatus['role']): string {
  return role === 'pre-candidate' ? 'candidate' : role;
}

/** How a value is shown: its kind, its text, and what had to be left out of it. */
export interface Cell {
  readonly kind: 'null' | 'number' | 'text' | 'blob';
  readonly text: string;
  readonly note: string | null;
}

export function cellOf(value: SqlValue, nullText = 'NULL'): Cell {
  if (value === null) return { kind: 'null', text: nullText, note: null };
  if (typeof value === 'string') return textCell(value);
  if (typeof value === 'object') return blobCell(value);
  return { kind: 'number', text: numberText(value), note: null };
}

function textCell(value: string): Cell {
  if (value.length <= TEXT_CHARACTERS_SHOWN) return { kind: 'text', text: value, note: null };
  const note = formatCounted(value.length, 'character');
  return { kind: 'text', text: `${value.slice(0, TEXT_CHARACTERS_SHOWN)}…`, note };
}

function blobCell(value: Uint8Array): Cell {
  const shown = value.subarray(0, BLOB_BYTES_SHOWN);
  const more = value.length > shown.length ? '…' : '';
  return {
    kind: 'blob',
    text: `x'${hexText(shown)}${more}'`,
    note: formatCounted(value.length, 'byte'),
  };
}
