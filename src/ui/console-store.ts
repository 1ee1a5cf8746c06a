/**
 * What the consoles are doing, one for each tab for queries: one run at a time in each, of the editor's
 * text or of files, with its results. Components call methods and read signals.
 */

import { effect, signal } from '@preact/signals';
import { toReadError, toResqliteError, type ResqliteError } from '../client/errors.ts';
import { beginsWithRead } from '../client/script-gap.ts';
import type { ReadLevel } from '../node/sql.ts';
import { tabList } from './database/tab-store.ts';
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
  /** Statements of a line were left out behind one that failed. */
  readonly hasHalted: boolean;
  /** Of every thousandth statement, in words. */
  readonly reports: readonly string[];
  readonly progress: ShellProgress;
  readonly counts: ShellCounts;
  /** Null while it is under way. */
  readonly end: RunEnd | null;
}

export type RunEnd =
  | { readonly type: 'done' }
  | { readonly type: 'failed'; readonly error: ResqliteError };

export const level = signal<ReadLevel>('linearizable');

/** What runs scripts and commands. */
export const shell = new LatePart(() => import('./shell/shell-run.ts'));

/** A run that waits for that. */
const NOTHING_YET: Pick<
  ConsoleRun,
  'items' | 'isCut' | 'hasHalted' | 'reports' | 'progress' | 'counts'
> = {
  items: [],
  isCut: false,
  hasHalted: false,
  reports: [],
  progress: { label: '', fraction: 0, statements: 0, errors: 0 },
  counts: { statements: 0, commands: 0, errors: 0, rowsAffected: 0, elapsedMs: 0 },
};

/** As of one shell, whichever tab changes rows. */
const changes: ChangeCounts = { last: 0, total: 0 };
let runs = 0;

/** Of all runs of this page, whichever tab they are of; 0: there was none. */
export function lastRunNumber(): number {
  return runs;
}

/**
 * Whether the editor's text failed for want of a quorum, and may wait for one. It would be run again as a
 * whole, so nothing of it may have happened: the error speaks of the statements between two commands only,
 * neither of those before a command nor of what commands did. What reads cannot wait.
 */
export function canBeQueued({ end, source, queues, counts }: ConsoleRun): boolean {
  if (end?.type !== 'failed' || source.base === null) return false;
  if (end.error.code !== 'NoQuorum' || end.error.applied !== 'no') return false;
  const failedAtRead = queues || (counts.statements === 0 && beginsWithRead(source.text));
  return counts.commands === 0 && !failedAtRead;
}

/** The console of one tab for queries. */
export class QueryConsole {
  readonly run = signal<ConsoleRun | null>(null);
  #abort: AbortController | null = null;
  #shown: ShellRun | null = null;
  #isClosed = false;

  get isRunning(): boolean {
    return this.run.value !== null && this.run.value.end === null;
  }

  stop(): void {
    this.#abort?.abort();
    if (this.isRunning) withdrawQuestion();
  }

  /** Nothing of it is shown any more, and nothing is run. */
  close(): void {
    this.#isClosed = true;
    this.stop();
    this.#shown?.close();
    this.#shown = null;
  }

  /**
   * Runs the editor's text, or a selection in it. Answers whether all of it went well. `queues`: what
   * finds no quorum is queued.
   */
  async runEditor(
    database: ShellDatabase,
    script: string,
    base: number,
    queues = false,
  ): Promise<boolean> {
    if (this.isRunning || script.trim() === '') return false;
    remember(script);
    return this.#runShell(database, '', { name: '', text: script, base }, { queues });
  }

  /** Runs what the page has made of the editor's text, which stands nowhere in it; plans are trees. */
  async runMade(database: ShellDatabase, script: string): Promise<boolean> {
    if (this.isRunning) return false;
    const source = { name: '', text: script, base: null };
    return this.#runShell(database, '', source, { queues: false, asTables: true });
  }

  /** Files that were dropped or picked: scripts are run, others imported, by their names' endings. */
  async runFiles(database: ShellDatabase, files: readonly File[]): Promise<boolean> {
    if (this.isRunning || files.length === 0) return false;
    keepFiles(files);
    const text = files.map(({ name }) => `.${commandFor(name)} ${JSON.stringify(name)}`).join('\n');
    const title = files.map(({ name }) => name).join(', ');
    return this.#runShell(database, title, { name: '', text, base: null }, { queues: false });
  }

  async #runShell(
    database: ShellDatabase,
    title: string,
    source: ScriptSource,
    how: Pick<ShellRunOptions, 'queues' | 'asTables'>,
  ): Promise<boolean> {
    if (this.#isClosed) return false;
    this.#abort = new AbortController();
    this.#shown?.close();
    this.#shown = null;
    runs += 1;
    const number = runs;
    const known = { number, title, source, queues: how.queues || settings.value.queue };
    this.run.value = { ...known, ...NOTHING_YET, end: null };
    const { signal } = this.#abort;
    const options = { database, host: shellHost, level, changes, ...how, signal };
    try {
      const { ShellRun } = shell.module.peek() ?? (await shell.need());
      return await this.#showing(
        known,
        (onChange) => new ShellRun({ ...options, onChange }),
        source,
      );
    } catch (error) {
      // Nothing was run.
      const end = { type: 'failed', error: toReadError(error) } as const;
      this.run.value = { ...known, ...NOTHING_YET, end };
      return false;
    }
  }

  async #showing(
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
      const { items, isCut, hasHalted, reports, progress, counts } = started;
      this.run.value = { ...known, items, isCut, hasHalted, reports, progress, counts, end };
    };
    this.#shown = started;
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
}

const consoles = new Map<number, QueryConsole>();

/** The console of a tab for queries, by the tab's id. */
export function consoleOf(id: number): QueryConsole {
  const known = consoles.get(id) ?? new QueryConsole();
  consoles.set(id, known);
  return known;
}

/** What ran in a tab goes with it. */
effect(() => {
  const ids = new Set(tabList.value.tabs.map((tab) => tab.id));
  for (const [id, console] of consoles) {
    if (ids.has(id)) continue;
    consoles.delete(id);
    console.close();
  }
});

function commandFor(name: string): string {
  if (/\.(?:csv|tsv)$/i.test(name)) return 'import';
  return /\.(?:sqlite3?|db3?)$/i.test(name) ? 'open' : 'read';
}
