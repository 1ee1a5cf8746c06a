/**
 * What the console is doing: one run at a time, of the editor's text or of files, with its results.
 * Components call `runEditor`, `runFiles` and `stop`, and read the signals.
 */

import { signal } from '@preact/signals';
import { toResqliteError, type ResqliteError } from '../client/errors.ts';
import type { ReadLevel } from '../node/sql.ts';
import { remember } from './history.ts';
import { keepFiles, shellHost, withdrawQuestion } from './shell-host.ts';
import type { ScriptSource, ShellItem } from './shell/shell-items.ts';
import type { ShellDatabase } from './shell/shell-ports.ts';
import {
  ShellRun,
  type ChangeCounts,
  type ShellCounts,
  type ShellProgress,
} from './shell/shell-run.ts';

/** The last run, under way or done. */
export interface ConsoleRun {
  /** Another one for each run of this page. */
  readonly number: number;
  /** The files' names; empty for the editor. */
  readonly title: string;
  readonly items: readonly ShellItem[];
  /** There were more items than are shown. */
  readonly isCut: boolean;
  readonly progress: ShellProgress;
  readonly counts: ShellCounts;
  /** Null while it is under way. */
  readonly end: RunEnd | null;
}

export type RunEnd =
  | { readonly type: 'done' }
  | { readonly type: 'failed'; readonly error: ResqliteError };

export const run = signal<ConsoleRun | null>(null);
export const level = signal<ReadLevel>('linearizable');

const changes: ChangeCounts = { last: 0, total: 0 };
let abort: AbortController | null = null;
let shown: ShellRun | null = null;

export function isRunning(): boolean {
  return run.value !== null && run.value.end === null;
}

export function stop(): void {
  abort?.abort();
  withdrawQuestion();
}

/** Runs the editor's text, or a selection in it. Answers whether all of it went well. */
export async function runEditor(
  database: ShellDatabase,
  script: string,
  base: number,
): Promise<boolean> {
  if (isRunning() || script.trim() === '') return false;
  remember(script);
  return runShell(database, '', { name: '', text: script, base });
}

/** Files that were dropped or picked: scripts are run, others imported, by their names' endings. */
export async function runFiles(database: ShellDatabase, files: readonly File[]): Promise<boolean> {
  if (isRunning() || files.length === 0) return false;
  keepFiles(files);
  const text = files.map(({ name }) => `.${commandFor(name)} ${JSON.stringify(name)}`).join('\n');
  const title = files.map(({ name }) => name).join(', ');
  return runShell(database, title, { name: '', text, base: null });
}

function commandFor(name: string): string {
  if (/\.(?:csv|tsv)$/i.test(name)) return 'import';
  return /\.(?:sqlite3?|db3?)$/i.test(name) ? 'open' : 'read';
}

async function runShell(
  database: ShellDatabase,
  title: string,
  source: ScriptSource,
): Promise<boolean> {
  abort = new AbortController();
  shown?.close();
  let frame = 0;
  const number = (run.value?.number ?? 0) + 1;
  const shell = new ShellRun({
    database,
    host: shellHost,
    level,
    changes,
    signal: abort.signal,
    onChange: () => {
      if (frame === 0) frame = requestAnimationFrame(() => show(null));
    },
  });
  const show = (end: RunEnd | null): void => {
    cancelAnimationFrame(frame);
    frame = 0;
    const { items, isCut, progress, counts } = shell;
    run.value = { number, title, items, isCut, progress, counts, end };
  };
  shown = shell;
  show(null);
  try {
    await shell.run(source);
    show({ type: 'done' });
    return shell.hasSucceeded;
  } catch (error) {
    show({ type: 'failed', error: toResqliteError(error) });
    return false;
  }
}
