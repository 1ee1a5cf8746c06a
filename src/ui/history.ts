/** What was run before, newest first, kept in this browser. Bounded in number and in size. */

import { signal } from '@preact/signals';
import { keep, kept } from './browser-memory.ts';

const KEY = 'resqlite:history';
const MAX_ENTRIES = 100;
export const MAX_CHARACTERS = 10_000;

export const history = signal<readonly string[]>(load() ?? []);

/** Whether it is short enough to be remembered. */
export function fitsHistory(sql: string): boolean {
  return sql.trim().length <= MAX_CHARACTERS;
}

/** Puts `sql` first; what is there already, also by another tab of the browser, moves up. */
export function remember(sql: string): void {
  const text = sql.trim();
  if (text === '' || !fitsHistory(text)) return;
  const others = (load() ?? history.value).filter((entry) => entry !== text);
  history.value = [text, ...others].slice(0, MAX_ENTRIES);
  keep(KEY, history.value);
}

export function clearHistory(): void {
  history.value = [];
  keep(KEY, history.value);
}

/** What is run in another tab of this browser counts here, too. */
export function followHistory(): void {
  addEventListener('storage', ({ key }) => {
    if (key === KEY || key === null) history.value = load() ?? [];
  });
}

/** Null: nothing is stored, or nothing can be. */
function load(): string[] | null {
  const stored = kept(KEY);
  if (!Array.isArray(stored)) return null;
  return stored.filter((entry) => typeof entry === 'string').slice(0, MAX_ENTRIES);
}
