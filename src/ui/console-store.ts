/**
 * What the console is doing: one run at a time, of the editor's text or of a file, with its results.
 * Components call `runEditor`, `runFile` and `stop`, and read the signals.
 */

import { signal } from '@preact/signals';
import type { Database, QueryAnswer } from '../client/database.ts';
import { toResqliteError, type ResqliteError } from '../client/errors.ts';
import type { RunProgress, RunResult, ScriptReport } from '../client/script.ts';
import type { ReadLevel } from '../node/sql.ts';
import { remember } from './history.ts';

export type Report = ScriptReport<QueryAnswer>;

/** The last run, under way or done. */
export interface ConsoleRun {
  readonly source: 'editor' | 'file';
  /** The file's name; empty for the editor. */
  readonly name: string;
  readonly script: string;
  /** Where in the editor the script begins: a selection may be run alone. */
  readonly base: number;
  readonly reports: readonly Report[];
  readonly progress: RunProgress | null;
  /** Null while it is under way. */
  readonly end: RunEnd | null;
}

export type RunEnd =
  | { readonly type: 'done'; readonly result: RunResult }
  | { readonly type: 'failed'; readonly error: ResqliteError };

/** Of an editor's run, so many statements are shown each with its result. */
export const MAX_REPORTS = 100;

export const run = signal<ConsoleRun | null>(null);
export const level = signal<ReadLevel>('linearizable');

let abort: AbortController | null = null;

export function isRunning(): boolean {
  return run.value !== null && run.value.end === null;
}

export function stop(): void {
  abort?.abort();
}

/** Runs the editor's text, or a selection in it; stops at the first error. */
export async function runEditor(database: Database, script: string, base: number): Promise<void> {
  if (isRunning() || script.trim() === '') return;
  remember(script);
  const reports: Report[] = [];
  await runScript({ source: 'editor', name: '', script, base }, reports, (signal, show) =>
    database.run(script, {
      bail: true,
      level: level.value,
      signal,
      onProgress: show,
      onResult: (report) => {
        if (reports.length < MAX_REPORTS) reports.push(report);
      },
    }),
  );
}

/** Runs a file as sqlite3 would: failing statements are counted, the rest goes on. */
export async function runFile(database: Database, file: File): Promise<void> {
  const script = await file.text();
  if (isRunning()) return;
  await runScript({ source: 'file', name: file.name, script, base: 0 }, [], (signal, show) =>
    database.run(script, { signal, onProgress: show }),
  );
}

async function runScript(
  about: Pick<ConsoleRun, 'source' | 'name' | 'script' | 'base'>,
  reports: readonly Report[],
  work: (signal: AbortSignal, show: (progress: RunProgress) => void) => Promise<RunResult>,
): Promise<void> {
  abort = new AbortController();
  let progress: RunProgress | null = null;
  let frame = 0;
  const show = (end: RunEnd | null): void => {
    cancelAnimationFrame(frame);
    frame = 0;
    run.value = { ...about, reports: [...reports], progress, end };
  };
  const onProgress = (next: RunProgress): void => {
    progress = next;
    if (frame === 0) frame = requestAnimationFrame(() => show(null));
  };
  show(null);
  try {
    const result = await work(abort.signal, onProgress);
    show({ type: 'done', result });
  } catch (error) {
    show({ type: 'failed', error: toResqliteError(error) });
  }
}
