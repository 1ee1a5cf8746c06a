/**
 * How results are shown and runs go on, as dot-commands and the toolbar set it. Kept in this browser,
 * so that it survives a reload. What is stored is not trusted: whatever does not fit is left out.
 */

import { signal } from '@preact/signals';
import { keep, kept } from '../browser-memory.ts';
import { TEXT_MODES, type TextMode } from './text-modes.ts';

export const MODES = ['table', ...TEXT_MODES] as const;

export type Mode = 'table' | TextMode;

export interface Settings {
  readonly mode: Mode;
  /** Null: as the mode has it. */
  readonly headers: boolean | null;
  /** Null: NULL in tables, nothing in text. */
  readonly nullText: string | null;
  /** Null: as the mode has it. */
  readonly columnSeparator: string | null;
  readonly rowSeparator: string | null;
  readonly widths: readonly number[];
  /** What mode 'insert' inserts into. */
  readonly insertTable: string;
  readonly timer: boolean;
  readonly changes: boolean;
  readonly bail: boolean;
  /** What finds no quorum is queued. */
  readonly queue: boolean;
}

export const DEFAULT_SETTINGS: Settings = {
  mode: 'table',
  headers: null,
  nullText: null,
  columnSeparator: null,
  rowSeparator: null,
  widths: [],
  insertTable: 'table',
  timer: false,
  changes: false,
  bail: false,
  queue: false,
};

const KEY = 'resqlite:shell';

export const settings = signal<Settings>(load() ?? DEFAULT_SETTINGS);

/** What another tab of the browser has set meanwhile stays. */
export function changeSettings(changes: Partial<Settings>): void {
  settings.value = { ...(load() ?? settings.value), ...changes };
  keep(KEY, settings.value);
}

/** What is set in another tab of this browser counts here, too. */
export function followShellSettings(): void {
  addEventListener('storage', ({ key }) => {
    if (key === KEY || key === null) settings.value = load() ?? DEFAULT_SETTINGS;
  });
}

/** Null: nothing is stored, or nothing can be. */
function load(): Settings | null {
  const stored = kept(KEY);
  return typeof stored === 'object' && stored !== null ? sound(stored) : null;
}

function sound(stored: Partial<Record<keyof Settings, unknown>>): Settings {
  const { widths, mode } = stored;
  const given = DEFAULT_SETTINGS;
  return {
    mode: MODES.find((name) => name === mode) ?? given.mode,
    headers: flagOf(stored.headers),
    nullText: textOf(stored.nullText),
    columnSeparator: textOf(stored.columnSeparator),
    rowSeparator: textOf(stored.rowSeparator),
    widths: Array.isArray(widths) ? widths.filter((width) => Number.isSafeInteger(width)) : [],
    insertTable: textOf(stored.insertTable) ?? given.insertTable,
    timer: flagOf(stored.timer) ?? given.timer,
    changes: flagOf(stored.changes) ?? given.changes,
    bail: flagOf(stored.bail) ?? given.bail,
    queue: flagOf(stored.queue) ?? given.queue,
  };
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function flagOf(value: unknown): boolean | null {
  return typeof value === 'boolean' ? value : null;
}
