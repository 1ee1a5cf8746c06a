/**
 * A transaction that is begun by one call and ended by another, as query builders want it: its callback waits
 * until it is told how to end. So it can be run once only, and a conflict is its caller's to deal with. One
 * that nobody ends is over when its time is up.
 */

import {
  ResqliteError,
  type Applied,
  type Database,
  type SqlParams,
  type StatementResult,
  type Transaction,
  type TransactionOptions,
} from '../client/resqlite.ts';
import { onlyReads } from './targets.ts';

interface Plain {
  readonly sql: string;
  readonly params: SqlParams;
}

/** What a transaction is undone by that nothing is wrong with. */
class RolledBack extends Error {
  override readonly name = 'RolledBack';
}

export class OpenTransaction {
  readonly #tx: Transaction;
  readonly #readsOnly: boolean;
  readonly #end: (undoneBy?: Error) => void;
  /** Settled when it is over; resolves with why it could not be committed. */
  readonly #over: Promise<unknown>;
  /** Why nothing more can be run; null: it is under way. */
  #failure: { readonly error: unknown } | null = null;

  /** `over` tells, when it has begun, what it is over by. */
  private constructor(
    tx: Transaction,
    readsOnly: boolean,
    end: (undoneBy?: Error) => void,
    over: () => Promise<unknown>,
  ) {
    this.#tx = tx;
    this.#readsOnly = readsOnly;
    this.#end = end;
    this.#over = Promise.resolve()
      .then(over)
      .then((error) => {
        if (error !== null) this.#failure ??= { error };
        return error;
      });
  }

  /** Rejects with `ResqliteError`. */
  static begin(
    database: Database,
    readsOnly: boolean,
    options: TransactionOptions,
  ): Promise<OpenTransaction> {
    return new Promise((resolve, reject) => {
      const work = (tx: Transaction): Promise<void> =>
        new Promise((commit, rollBack) => {
          const end = (undoneBy?: Error): void => (undoneBy ? rollBack(undoneBy) : commit());
          resolve(new OpenTransaction(tx, readsOnly, end, () => over));
        });
      const over: Promise<unknown> = database
        .transaction(work, { ...options, maxAttempts: 1 })
        .then(
          () => null,
          (error: unknown) => {
            reject(error);
            return error;
          },
        );
    });
  }

  /** Rejects with `ResqliteError`, and leaves what was aborted to the transaction. */
  async run(statement: Plain, signal?: AbortSignal): Promise<StatementResult> {
    this.#check();
    try {
      return await runInTransaction(this.#tx, this.#readsOnly, statement, signal);
    } catch (error) {
      // What it is over by says more than that it is over.
      this.#check();
      throw error;
    }
  }

  /** Rejects with `ResqliteError`, 'Conflict' among others; what its `applied` says is so. */
  async commit(): Promise<void> {
    this.#end();
    const error = await this.#over;
    if (error !== null) throw error;
  }

  /** Nothing of it remains. */
  async rollback(): Promise<void> {
    await this.#undo(new RolledBack('the transaction was rolled back'));
  }

  /** The same, of one that others still work with: they are told `error`. */
  async abandon(error: Error): Promise<void> {
    this.#failure ??= { error };
    await this.#undo(error);
  }

  async #undo(error: Error): Promise<void> {
    this.#end(error);
    await this.#over;
  }

  #check(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }
}

/**
 * Rejects with `ResqliteError`: 'InvalidArgument' for what writes where only reads may be, and 'Aborted' as soon
 * as the signal fires; what was begun may be done nevertheless, as a part of the transaction.
 */
export async function runInTransaction(
  tx: Transaction,
  readsOnly: boolean,
  statement: Plain,
  signal?: AbortSignal,
): Promise<StatementResult> {
  if (signal?.aborted === true) throw aborted('no');
  const work = readsOnly ? read(tx, statement) : tx.execute(statement);
  if (signal === undefined) return work;
  const applied = readsOnly || onlyReads(statement.sql) ? 'no' : 'unknown';
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(aborted(applied));
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

async function read(tx: Transaction, { sql, params }: Plain): Promise<StatementResult> {
  const { columns, rows } = await tx.query(sql, params);
  return { rowsAffected: 0, lastInsertRowId: 0, columns, rows };
}

function aborted(applied: Applied): ResqliteError {
  const message = 'the caller aborted the query';
  return new ResqliteError({ code: 'Aborted', applied, message, sqlite: null });
}
