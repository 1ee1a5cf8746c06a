/**
 * Writes that may wait for a quorum: what can be queued, and what callers ask of the outbox of this
 * browser profile. Rejects with `ResqliteError`.
 */

import { REQUEST_TIMEOUT_MS } from '../node/limits.ts';
import type { QueuedWrite } from '../node/queued-write.ts';
import type { ExecuteRequest, Statement, StatementKind } from '../node/sql.ts';
import { checkTimeout } from './arguments.ts';
import { withinLimits, type CallOptions } from './call-limits.ts';
import type { Calls } from './calls.ts';
import { invalidArgument, toResqliteError } from './errors.ts';
import type { Executed, Queued } from './protocol.ts';
import { beginsWithRead } from './script-gap.ts';

/**
 * How statements are executed.
 *
 * @category Writes
 *
 * @example
 * ```ts
 * import { open, type ExecuteOptions } from 'resqlite';
 *
 * const whenThereIsAQuorum: ExecuteOptions = { offline: 'queue' };
 * const db = await open();
 * await db.execute('CREATE TABLE note (body TEXT)');
 * const { results } = await db.execute("INSERT INTO note VALUES ('milk')", whenThereIsAQuorum);
 * results[0].rowsAffected; // => 1
 * await db.execute('SELECT 1', whenThereIsAQuorum); // throws 'InvalidArgument'
 * ```
 */
export interface ExecuteOptions extends CallOptions {
  /**
   * 'queue': where there is no quorum, or writes of this browser profile wait already, the write is put
   * into the profile's outbox, which outlives the page, and sent when there is one again. `timeoutMs`
   * does not count the time it waits there.
   */
  readonly offline?: 'queue';
}

export class Queueing {
  readonly #calls: Calls;

  constructor(calls: Calls) {
    this.#calls = calls;
  }

  /**
   * Executes now or, from the outbox, later. `isAwaited`: resolves when it has committed; else as soon as
   * it is in the outbox.
   */
  async execute(
    request: ExecuteRequest,
    options: CallOptions,
    isAwaited: boolean,
  ): Promise<Executed | Queued> {
    const calls = this.#calls;
    calls.checkOpen();
    const timeoutMs = checkTimeout(options.timeoutMs ?? REQUEST_TIMEOUT_MS);
    const { signal = null } = options;
    // The time that it waits in the outbox does not count.
    const limits = { timeoutMs: null, signal, appliedIfSent: 'unknown' } as const;
    try {
      const executed = await withinLimits(limits, () =>
        calls.node.node('executeOrQueue', [request, timeoutMs, isAwaited]),
      );
      if ('index' in executed) calls.noteOwn(executed.index);
      return executed;
    } catch (error) {
      throw toResqliteError(error);
    }
  }

  /** The same for statements as `db.execute` takes them. Throws 'InvalidArgument' for one that only reads. */
  async executeAtomic(statements: readonly Statement[], options: CallOptions): Promise<Executed> {
    for (const { sql } of statements) {
      const kind = await this.#calls.reading(() =>
        this.#calls.node.reader('classify', [sql, null]),
      );
      if (!mayBeQueued(sql, kind))
        throw invalidArgument('only statements that write can be queued');
    }
    const common = { mode: 'atomic', foreignKeys: true, bail: true, rows: true } as const;
    const executed = await this.execute({ statements, ...common }, options, true);
    if ('index' in executed) return executed;
    throw new Error('it was answered before it was sent');
  }

  list(): Promise<readonly QueuedWrite[]> {
    return this.#calls.reading(() => this.#calls.node.node('outbox', []));
  }

  cancel(id: string): Promise<void> {
    return this.#calls.reading(() => this.#calls.node.node('cancelQueued', [checkId(id)]));
  }

  dismiss(id: string): Promise<void> {
    return this.#calls.reading(() => this.#calls.node.node('dismissQueued', [checkId(id)]));
  }
}

/**
 * It writes, as far as this node's copy of the schema tells: what it misses there may come, by a write
 * that waits before it.
 */
export function mayBeQueued(sql: string, kind: StatementKind): boolean {
  const { error, readOnly, transaction, vacuum, foreignKeys } = kind;
  if (error !== null) return error.message.startsWith('no such ') && !beginsWithRead(sql);
  return !readOnly && transaction === null && !vacuum && foreignKeys === null;
}

function checkId(id: unknown): string {
  if (typeof id !== 'string') throw invalidArgument('the id of a queued write is a string');
  return id;
}
