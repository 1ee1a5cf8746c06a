/** Scripts as `Database` runs them: what script.ts needs of the node, and what a statement is. */

import { REQUEST_TIMEOUT_MS } from '../node/limits.ts';
import type { StatementKind } from '../node/sql.ts';
import type { LogIndex } from '../raft/types.ts';
import type { CallOptions } from './call-limits.ts';
import { checkOffline } from './arguments.ts';
import { LONG_TIMEOUT_MS, type Calls } from './calls.ts';
import type { Cursor } from './cursor.ts';
import { invalidArgument, statementRefused } from './errors.ts';
import { late, LATE_PARTS } from './late-code.ts';
import type { Queueing } from './queueing.ts';
import type { QueryAnswer, QueryOptions, Reads } from './reads.ts';
import type { RunOptionsFor, ScriptReport, ScriptResult } from './script-report.ts';
import type { ScriptPorts } from './script.ts';

/**
 * How a script is run. The rows of its reads come with its outcomes, bounded as those of `query` are.
 *
 * @category Writes
 *
 * @example
 * ```ts
 * import { open, type RunOptions } from 'resqlite';
 *
 * const rows: unknown[] = [];
 * const options: RunOptions = {
 *   onResult: ({ outcome }) => {
 *     if (outcome.type === 'rows') rows.push(...outcome.answer.rows);
 *   },
 * };
 * const db = await open();
 * await db.run('SELECT 1; SELECT 2', options);
 * rows; // => [[1], [2]]
 * ```
 */
export interface RunOptions extends RunOptionsFor<QueryAnswer> {
  /** What a statement that reads gives; 'rows' where not given. */
  readonly reads?: 'rows';
}

/**
 * How a script is run. The outcome of a read is a cursor, as `cursor` opens it; whoever is given it
 * closes it.
 *
 * @category Writes
 *
 * @example
 * ```ts
 * import { open, type Cursor, type CursorRunOptions } from 'resqlite';
 *
 * const cursors: Cursor[] = [];
 * const options: CursorRunOptions = {
 *   reads: 'cursor',
 *   onResult: ({ outcome }) => {
 *     if (outcome.type === 'rows') cursors.push(outcome.answer);
 *   },
 * };
 * const db = await open();
 * await db.run('VALUES (1), (2)', options);
 * await cursors[0].read(1, 1); // => [[2]]
 * for (const cursor of cursors) await cursor.close();
 * ```
 */
export interface CursorRunOptions extends RunOptionsFor<Cursor> {
  /** What a statement that reads gives. */
  readonly reads: 'cursor';
  /** Called with every statement's outcome, in order. */
  readonly onResult: (report: ScriptReport<Cursor>) => void;
}

/**
 * What came of a script, with a bookmark.
 *
 * @category Writes
 *
 * @example
 * ```ts
 * import { open, type RunResult } from 'resqlite';
 *
 * const db = await open();
 * const result: RunResult = await db.run('CREATE TABLE note (body TEXT)');
 * const options = { level: 'none', atLeast: result.bookmark } as const;
 * (await db.query('SELECT * FROM note', [], options)).rows; // => []
 * ```
 */
export interface RunResult extends ScriptResult {
  /** Stands for all that the script did and saw in a later read's `atLeast`. */
  readonly bookmark: string;
}

/** Every method rejects with `ResqliteError`. */
export class ScriptRuns {
  readonly #calls: Calls;
  readonly #reads: Reads;
  readonly #queueing: Queueing;

  constructor(calls: Calls, reads: Reads, queueing: Queueing) {
    this.#calls = calls;
    this.#reads = reads;
    this.#queueing = queueing;
  }

  async run(script: string, options: RunOptions | CursorRunOptions): Promise<RunResult> {
    if (typeof script !== 'string') throw invalidArgument('a script must be a string');
    return options.reads === 'cursor'
      ? this.#run(script, options, (sql, limits) => this.#reads.cursor(sql, [], limits))
      : this.#run(script, options, (sql, limits) => this.#reads.query(sql, [], limits));
  }

  /** What a statement is. One that does not compile may only do so because this node lags behind. */
  async classify(sql: string): Promise<StatementKind> {
    const kind = await this.#classifyNow(sql, {});
    if (kind.error === null) return kind;
    const retried = await this.#classifyBehind(sql, {});
    if (retried.error !== null) throw statementRefused(retried.error, 0);
    return retried;
  }

  /** Alone it is a request of its own; among others it is refused where it runs. */
  async isVacuum(sql: string, options: CallOptions): Promise<boolean> {
    return (await this.#classifyNow(sql, options)).vacuum;
  }

  async #run<Rows extends { readonly appliedIndex: LogIndex }>(
    script: string,
    options: RunOptionsFor<Rows>,
    read: (sql: string, limits: QueryOptions) => Promise<Rows>,
  ): Promise<RunResult> {
    const { signal, level = 'linearizable' } = options;
    const limits: CallOptions = { timeoutMs: LONG_TIMEOUT_MS, signal };
    const mayQueue = checkOffline(options.offline);
    const { node } = this.#calls;
    let index = 0 as LogIndex;
    const note = (reached: LogIndex): void => {
      if (reached > index) index = reached;
    };
    const ports: ScriptPorts<Rows> = {
      split: (part) => this.#calls.reading(() => node.reader('split', [part]), limits),
      classify: (sql) => this.#classifyBehind(sql, limits),
      execute: async (request) => {
        const executed =
          mayQueue && 'statements' in request && request.mode !== 'transaction'
            ? await this.#queueing.execute(request, limits, false)
            : await this.#calls.execute(request, limits);
        if ('index' in executed) note(executed.index);
        return executed;
      },
      query: async (sql) => {
        const answer = await read(sql, { ...limits, level });
        note(answer.appliedIndex);
        return answer;
      },
    };
    const { runScript } = await late(LATE_PARTS.script);
    const result = await runScript(ports, script, options);
    return { ...result, bookmark: this.#calls.bookmark(index) };
  }

  async #classifyNow(sql: string, options: CallOptions): Promise<StatementKind> {
    return this.#calls.reading(() => this.#calls.node.reader('classify', [sql, null]), options);
  }

  async #classifyBehind(sql: string, options: CallOptions): Promise<StatementKind> {
    const timeoutMs = options.timeoutMs ?? REQUEST_TIMEOUT_MS;
    const { node } = this.#calls;
    return this.#calls.reading(async () => {
      const index = await node.node('readIndex', ['linearizable', timeoutMs]);
      return node.reader('classify', [sql, index]);
    }, options);
  }
}
