/**
 * One run of the shell: the parts of a script in order, dot-commands and SQL, with what came of them.
 * Counts everything, and shows a bounded number of items. Results it keeps are given back by `close`.
 *
 * Of a file only what has something to say is shown: rows, errors, and what commands print.
 */

import type { Signal } from '@preact/signals';
import { aborted } from '../../client/call-limits.ts';
import type { Cursor } from '../../client/cursor.ts';
import { restated, toResqliteError } from '../../client/errors.ts';
import type { ScriptReport } from '../../client/script-report.ts';
import type { ReadLevel } from '../../node/sql.ts';
import type { RowBlocks } from '../row-source.ts';
import type { CommandContext } from './command-context.ts';
import { CommandError, Declined } from './command-error.ts';
import { runCommand } from './commands.ts';
import { ProgressReports } from './progress-reports.ts';
import { viewOfRows, viewOfSource } from './result-view.ts';
import { settings, type Settings } from './settings.ts';
import type {
  CommandItem,
  ItemOutcome,
  ScriptSource,
  ShellItem,
  StatementItem,
} from './shell-items.ts';
import type { ShellDatabase, ShellHost } from './shell-ports.ts';
import { readLines } from './shell-lines.ts';
import { readShellScript, type CommandPart, type SqlPart } from './shell-script.ts';

export interface ShellProgress {
  /** What is being done; empty: statements are run. */
  readonly label: string;
  readonly statements: number;
  readonly errors: number;
  /** How much of it is done, from 0 to 1. */
  readonly fraction: number;
}

export interface ShellCounts {
  readonly statements: number;
  readonly commands: number;
  /** Statements and commands that failed. */
  readonly errors: number;
  readonly rowsAffected: number;
  readonly elapsedMs: number;
}

/** What `.changes` tells: of the last statement that changed rows, and of all. */
export interface ChangeCounts {
  last: number;
  total: number;
}

export interface ShellRunOptions {
  readonly database: ShellDatabase;
  readonly host: ShellHost;
  readonly level: Signal<ReadLevel>;
  readonly changes: ChangeCounts;
  readonly signal: AbortSignal;
  /** What finds no quorum is queued, whatever the settings say. */
  readonly queues: boolean;
  /** Rows are shown as tables and plans as trees, whatever the mode is. */
  readonly asTables?: boolean;
  /** There is another item, or progress. */
  readonly onChange: () => void;
}

export const MAX_ITEMS = 100;
/** Errors are shown beyond that bound, too. */
const MAX_LATE_ERRORS = 20;
/** Each holds memory of the SQL worker: of one run, and of all that are shown in the page. */
const MAX_KEPT_RESULTS = 8;
const MAX_KEPT_IN_PAGE = 20;
const MAX_READ_DEPTH = 8;

let keptInPage = 0;

export class ShellRun {
  readonly #options: ShellRunOptions;
  readonly #startedMs = performance.now();
  /** Null: its rows are being read. */
  readonly #slots: (ShellItem | null)[] = [];
  readonly #pending: Promise<void>[] = [];
  readonly #kept: RowBlocks[] = [];
  #openResults = 0;
  #lateErrors = 0;
  #statements = 0;
  #commands = 0;
  #errors = 0;
  #rowsAffected = 0;
  #depth = 0;
  #progress = { label: '', fraction: 0 };
  readonly #reports = new ProgressReports();
  #isClosed = false;
  /** What follows may count on what was not done. */
  #hasDeclined = false;
  /** Not everything that there is to show is among the items. */
  isCut = false;
  /** A statement of a line has failed, and those behind it in the line were left out. */
  hasHalted = false;

  constructor(options: ShellRunOptions) {
    this.#options = options;
  }

  /** In order. */
  get items(): readonly ShellItem[] {
    return this.#slots.filter((slot) => slot !== null);
  }

  get progress(): ShellProgress {
    return { ...this.#progress, statements: this.#statements, errors: this.#errors };
  }

  get counts(): ShellCounts {
    return {
      statements: this.#statements,
      commands: this.#commands,
      errors: this.#errors,
      rowsAffected: this.#rowsAffected,
      elapsedMs: performance.now() - this.#startedMs,
    };
  }

  /** Of every thousandth statement, oldest first, in words. */
  get reports(): readonly string[] {
    return this.#reports.lines;
  }

  /** So far nothing has failed, and the person has agreed to everything. */
  get hasSucceeded(): boolean {
    return this.#errors === 0 && !this.#hasDeclined;
  }

  /** Rejects with `ResqliteError` where the cluster fails, or when it was stopped. */
  async run(source: ScriptSource): Promise<void> {
    try {
      await this.#runParts(source);
    } finally {
      await Promise.all(this.#pending);
    }
  }

  /** Nothing of it is shown any more. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    keptInPage -= this.#openResults;
    for (const blocks of this.#kept) void blocks.close();
  }

  async #runParts(source: ScriptSource): Promise<void> {
    for (const part of readShellScript(source.text)) {
      if (this.#options.signal.aborted) throw aborted('no');
      if (part.type === 'command') await this.#runCommand(source, part);
      else await this.#runLines(source, part);
      if (settings.value.bail && !this.hasSucceeded) return;
    }
  }

  /** Of what is entered a line stops where it fails, and the next one goes on, as in sqlite3; a file has no lines. */
  async #runLines(source: ScriptSource, part: SqlPart): Promise<void> {
    const { bail } = settings.value;
    if (source.base === null || bail) return this.#runSql(source, part, bail);
    const first = this.#statements;
    for (const { text, start, halts } of readLines(part.text)) {
      const before = this.#statements - first;
      const lines: SqlPart = { type: 'sql', text, start: part.start + start };
      await this.#runSql(source, lines, halts).catch((error: unknown) => {
        throw before === 0 ? error : afterOthers(error, before);
      });
    }
  }

  async #runSql(source: ScriptSource, part: SqlPart, bail: boolean): Promise<void> {
    const { database, level, signal, queues, onChange } = this.#options;
    const offline = queues || settings.value.queue ? ({ offline: 'queue' } as const) : {};
    const { length } = source.text;
    const first = this.#statements;
    const { rowsAffected } = await database.run(part.text, {
      reads: 'cursor',
      ...offline,
      bail,
      level: level.value,
      signal,
      onProgress: ({ fraction }) => {
        const done = (part.start + fraction * part.text.length) / length;
        this.#progress = { label: source.name, fraction: Math.min(1, done) };
        onChange();
      },
      onResult: (report) => {
        this.#statements = first + report.statement + 1;
        if (report.outcome.type === 'error') {
          this.#errors += 1;
          const rest = part.text.slice(report.start + report.sql.length);
          if (bail && /[^\s;]/.test(rest)) this.hasHalted = true;
        }
        this.#reports.note(this.#statements, this.#errors);
        this.#take(source, part, report);
      },
    });
    this.#rowsAffected += rowsAffected;
  }

  #take(source: ScriptSource, part: SqlPart, report: ScriptReport<Cursor>): void {
    const { outcome, sql, start, elapsedMs } = report;
    const notes = this.#notesOn(report);
    const about = { sql, source, elapsedMs, notes, start: part.start + start };
    const place = this.#placeFor(source, report);
    if (place === null) {
      if (outcome.type === 'rows') void outcome.answer.close();
      return;
    }
    const number = this.#statements;
    const put = (shown: ItemOutcome): void => {
      const item: StatementItem = { type: 'statement', place, number, ...about, outcome: shown };
      this.#slots[place] = item;
      this.#options.onChange();
    };
    if (outcome.type === 'rows') {
      this.#pending.push(this.#readRows(outcome.answer, sql, this.#shownBy).then(put));
    } else if (outcome.type === 'executed') {
      const { index, result } = outcome;
      const { columns, rows, rowsAffected } = result;
      const shown = { columns, rows, rowCount: rows.length };
      const view = columns.length === 0 ? null : viewOfRows(shown, sql, this.#shownBy);
      put({ type: 'executed', index, rowsAffected, view });
    } else {
      put(outcome);
    }
  }

  /** Null: it is not shown. */
  #placeFor(source: ScriptSource, { outcome }: ScriptReport<Cursor>): number | null {
    const isError = outcome.type === 'error';
    const hasRows =
      outcome.type === 'rows' || (outcome.type === 'executed' && outcome.result.columns.length > 0);
    if (source.base === null && !isError && !hasRows) return null;
    return this.#newPlace(isError);
  }

  get #shownBy(): Settings {
    const { asTables = false } = this.#options;
    return asTables ? { ...settings.value, mode: 'table' } : settings.value;
  }

  #newPlace(isError: boolean): number | null {
    if (this.#slots.length >= MAX_ITEMS) {
      if (!isError || this.#lateErrors >= MAX_LATE_ERRORS) {
        this.isCut = true;
        return null;
      }
      this.#lateErrors += 1;
    }
    return this.#slots.push(null) - 1;
  }

  async #readRows(cursor: Cursor, sql: string, shownBy: Settings): Promise<ItemOutcome> {
    const level = this.#options.level.value;
    const { rowCount, appliedIndex } = cursor;
    try {
      const mayKeep = (): boolean => this.#mayKeep();
      const view = await viewOfSource(cursor, sql, shownBy, mayKeep);
      if (view.type === 'blocks') this.#keep(view.blocks);
      return { type: 'rows', view, rowCount, level, appliedIndex };
    } catch (error) {
      return { type: 'error', error: toResqliteError(error) };
    }
  }

  #mayKeep(): boolean {
    if (this.#isClosed || this.#openResults >= MAX_KEPT_RESULTS) return false;
    if (keptInPage >= MAX_KEPT_IN_PAGE) return false;
    this.#openResults += 1;
    keptInPage += 1;
    return true;
  }

  #keep(blocks: RowBlocks): void {
    if (this.#isClosed) void blocks.close();
    else this.#kept.push(blocks);
  }

  #notesOn({ outcome, elapsedMs }: ScriptReport<Cursor>): string[] {
    const { timer, changes } = settings.value;
    const counts = this.#options.changes;
    if (outcome.type === 'executed' && outcome.result.rowsAffected > 0) {
      counts.last = outcome.result.rowsAffected;
      counts.total += outcome.result.rowsAffected;
    }
    return [
      ...(timer ? [`Run Time: real ${(elapsedMs / 1_000).toFixed(3)}`] : []),
      ...(changes ? [`changes: ${counts.last}   total_changes: ${counts.total}`] : []),
    ];
  }

  async #runCommand(source: ScriptSource, part: CommandPart): Promise<void> {
    const { signal, onChange } = this.#options;
    this.#commands += 1;
    this.#progress = { label: part.text, fraction: 0 };
    onChange();
    const put = (outcome: CommandItem['outcome']): void => {
      const isError = outcome.type === 'refused' || outcome.type === 'error';
      if (isError) this.#errors += 1;
      const place = this.#newPlace(isError);
      if (place === null) return;
      this.#slots[place] = { type: 'command', place, text: part.text, outcome };
      onChange();
    };
    try {
      const text = await runCommand(this.#contextFor(), part.name, part.args);
      if (text !== null || source.base !== null) put({ type: 'text', text: text ?? '' });
    } catch (error) {
      if (error instanceof Declined) {
        this.#hasDeclined = true;
        return put({ type: 'declined' });
      }
      if (error instanceof CommandError) return put({ type: 'refused', message: error.message });
      const failed = toResqliteError(error);
      if (signal.aborted) throw failed;
      put({ type: 'error', error: failed });
    }
  }

  #contextFor(): CommandContext {
    const { database, host, level, signal, onChange } = this.#options;
    return {
      database,
      host,
      level,
      signal,
      progress: (label, fraction) => {
        this.#progress = { label, fraction };
        onChange();
      },
      runScript: async (name, text) => {
        if (this.#depth >= MAX_READ_DEPTH) throw new CommandError('Files read files too deeply.');
        this.#depth += 1;
        try {
          await this.#runParts({ name, text, base: null });
        } finally {
          this.#depth -= 1;
        }
      },
    };
  }
}

/** Of lines that were run one by one, what has been answered has taken effect. */
function afterOthers(error: unknown, statements: number): Error {
  const failed = toResqliteError(error);
  const note = ` (after ${statements} statements had been answered)`;
  return failed.applied === 'no' ? restated(failed, 'unknown', note) : failed;
}
