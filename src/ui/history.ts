/** What was run before, newest first, kept in this browser. Bounded in number and in size. */

import { signal } from '@preact/signals';
import { keep, kept } from './browser-memory.ts';

const KEY = 'resqlite:history';
const MAX_ENTRIES = 100;
const MAX_CHARACTERS = 10_000;

export const history = signal<readonly string[]>(load());

/** Puts `sql` first; what is there already moves up. */
export function remember(sql: string): void {
  const text = sql.trim();
  if (text === '' || text.length > MAX_CHARACTERS) return;
  history.value = [text, ...history.value.filter((entry) => entry !== text)].slice(0, MAX_ENTRIES);
  keep(KEY, history.value);
}

export function clearHistory(): void {
  history.value = [];
  keep(KEY, history.value);
}

function load(): string[] {
  const stored = kept(KEY);
  if (!Array.isArray(stored)) return [];
  return stored.filter((entry) => typeof entry === 'string').slice(0, MAX_ENTRIES);
}
