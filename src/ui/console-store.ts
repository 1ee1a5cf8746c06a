/**
 * What the console is doing: one run at a time, of the editor's text or of files, with its results.
 * Components call `runEditor`, `runFiles` and `stop`, and read the signals.
 */

import { signal } from '@preact/signals';
import { toReadError, toResqliteError, type ResqliteError } from '../client/errors.ts';
import { READS } from '../client/queueing.ts';
import type { ReadLevel } from '../node/sql.ts';
import { remember } from './history.ts';
import { LatePart } from './late-part.ts';
import { keepFiles, shellHost, withdrawQuestion } from './shell-host.ts';
import { settings } from './shell/settings.ts';
import type { ScriptSource, ShellItem } from './shell/shell-items.ts';
import type { ShellDatabase } from './shell/shell-ports.ts';
import type {
  ChangeCounts,
  ShellCounts,
  ShellProgress,
  ShellRun,
  ShellRunOptions,
} from './shell/shell-run.ts';

/** The last run, under way or done. */
export interface ConsoleRun {
  /** Another one for each run of this page. */
  readonly number: number;
  /** The files' names; empty for the editor. */
  readonly title: string;
  readonly source: ScriptSource;
  /** What wrote was to be queued where it found no quorum. */
  readonly queues: boolean;
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

/** What runs scripts and commands. */
export const shell = new LatePart(() => import('./shell/shell-run.ts'));

/** A run that waits for that. */
const NOTHING_YET: Pick<ConsoleRun, 'items' | 'isCut' | 'progress' | 'counts'> = {
  items: [],
  isCut: false,
  progress: { label: '', fraction: 0, statements: 0, errors: 0 },
  counts: { statements: 0, commands: 0, errors: 0, rowsAffected: 0, elapsedMs: 0 },
};

const changes: ChangeCounts = { last: 0, total: 0 };
let abort: AbortController | null = null;
let shown: ShellRun | null = null;

export function isRunning(): boolean {
  return run.value !== null && run.value.end === null;
}

/**
 * Whether the editor's text failed for want of a quorum, and may wait for one. It would be run again as a
 * whole, so nothing of it may have happened: the error speaks of the statements between two commands only,
 * neither of those before a command nor of what commands did. What reads cannot wait.
 */
export function canBeQueued({ end, source, queues, counts }: ConsoleRun): boolean {
  if (end?.type !== 'failed' || source.base === null) return false;
  if (end.error.code !== 'NoQuorum' || end.error.applied !== 'no') return false;
  const failedAtRead = queues || (counts.statements === 0 && READS.test(source.text));
  return counts.commands === 0 && !failedAtRead;
}

export function stop(): void {
  abort?.abort();
  withdrawQuestion();
}

/**
 * Runs the editor's text, or a selection in it. Answers whether all of it went well. `queues`: what finds
 * no quorum is queued.
 */
export async function runEditor(
  database: ShellDatabase,
  script: string,
  base: number,
  queues = false,
): Promise<boolean> {
  if (isRunning() || script.trim() === '') return false;
  remember(script);
  return runShell(database, '', { name: '', text: script, base }, queues);
}

/** Files that were dropped or picked: scripts are run, others imported, by their names' endings. */
export async function runFiles(database: ShellDatabase, files: readonly File[]): Promise<boolean> {
  if (isRunning() || files.length === 0) return false;
  keepFiles(files);
  const text = files.map(({ name }) => `.${commandFor(name)} ${JSON.stringify(name)}`).join('\n');
  const title = files.map(({ name }) => name).join(', ');
  return runShell(database, title, { name: '', text, base: null }, false);
}

function commandFor(name: string): string {
  if (/\.(?:csv|tsv)$/i.test(name)) return 'import';
  return /\.(?:sqlite3?|db3?)$/i.test(name) ? 'open' : 'read';
}

async function runShell(
  database: ShellDatabase,
  title: string,
  source: ScriptSource,
  queues: boolean,
): Promise<boolean> {
  abort = new AbortController();
  shown?.close();
  shown = null;
  const number = (run.value?.number ?? 0) + 1;
  const known = { number, title, source, queues: queues || settings.value.queue };
  run.value = { ...known, ...NOTHING_YET, end: null };
  const options = { database, host: shellHost, level, changes, queues, signal: abort.signal };
  try {
    const { ShellRun } = shell.module.peek() ?? (await shell.need());
    return await showing(known, (onChange) => new ShellRun({ ...options, onChange }), source);
  } catch (error) {
    // Nothing was run.
    const end = { type: 'failed', error: toReadError(error) } as const;
    run.value = { ...known, ...NOTHING_YET, end };
    return false;
  }
}

async function showing(
  known: Pick<ConsoleRun, 'number' | 'title' | 'source' | 'queues'>,
  begin: (onChange: ShellRunOptions['onChange']) => ShellRun,
  source: ScriptSource,
): Promise<boolean> {
  let frame = 0;
  const started = begin(() => {
    if (frame === 0) frame = requestAnimationFrame(() => show(null));
  });
  const show = (end: RunEnd | null): void => {
    cancelAnimationFrame(frame);
    frame = 0;
    const { items, isCut, progress, counts } = started;
    run.value = { ...known, items, isCut, progress, counts, end };
  };
  shown = started;
  show(null);
  try {
    await started.run(source);
    show({ type: 'done' });
    return started.hasSucceeded;
  } catch (error) {
    show({ type: 'failed', error: toResqliteError(error) });
    return false;
  }
}
