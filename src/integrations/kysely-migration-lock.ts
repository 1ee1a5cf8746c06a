/**
 * Who migrates, among all tabs of a cluster: whoever has put a number into the row that Kysely keeps for that.
 * The holder changes its number every few seconds; a number that stays the same for long is that of a tab that
 * is gone, and is taken over. No clocks are compared, and nothing depends on the lock: who loses it while it
 * migrates meets a conflict.
 */

import { ResqliteError, type Database } from '../client/resqlite.ts';
import { invalidUse } from './targets.ts';

/** How long a number may stay the same, by the clock of whoever waits for it. */
const LEASE_MS = 10_000;
const RENEWAL_MS = LEASE_MS / 4;
const LOOK_MS = 100;
/** Others have a minute each, and are quick as a rule. */
const PATIENCE_MS = 120_000;
const FREE = 0;

export class MigrationLock {
  readonly #row: LockRow;
  readonly #timer: ReturnType<typeof setInterval>;
  /** The row has one of these: what became of a renewal is not always known. */
  readonly #numbers: Set<number>;
  /** Under way. */
  #renewal: Promise<void> | null = null;

  private constructor(row: LockRow, number: number) {
    this.#row = row;
    this.#numbers = new Set([number]);
    this.#timer = setInterval(() => this.#renew(), RENEWAL_MS);
  }

  /**
   * Rejects with `ResqliteError`, whose `applied` is 'no': 'Timeout' where others had it all the time,
   * 'InvalidArgument' where the row is missing, and as any read and write.
   */
  static async acquire(database: Database, table: string, id: string): Promise<MigrationLock> {
    const row = new LockRow(database, table, id);
    const number = newNumber();
    const beganMs = performance.now();
    let seen = FREE;
    let seenMs = beganMs;
    for (;;) {
      const found = await row.read();
      const nowMs = performance.now();
      if (found !== seen) [seen, seenMs] = [found, nowMs];
      const mayTake = found === FREE || nowMs - seenMs >= LEASE_MS;
      // What an earlier turn has sent may have come through late.
      const isTaken = found === number || (mayTake && (await row.replace(found, number)));
      if (isTaken) return new MigrationLock(row, number);
      if (nowMs - beganMs >= PATIENCE_MS) throw stillHeld();
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /** Where it cannot be given back it is taken over in its time. */
  async release(): Promise<void> {
    clearInterval(this.#timer);
    await this.#renewal;
    await this.#become(FREE);
  }

  #renew(): void {
    this.#renewal ??= this.#become(newNumber()).finally(() => (this.#renewal = null));
  }

  /** Nothing where it was lost. */
  async #become(number: number): Promise<void> {
    try {
      const found = await this.#row.read();
      if (!this.#numbers.has(found)) return;
      this.#numbers.add(number);
      await this.#row.replace(found, number);
    } catch {
      // Tried again at the next renewal; who waits takes it over if there is none.
    }
  }
}

class LockRow {
  readonly #database: Database;
  readonly #table: string;
  readonly #id: string;

  constructor(database: Database, table: string, id: string) {
    this.#database = database;
    this.#table = `"${table.replaceAll('"', '""')}"`;
    this.#id = id;
  }

  /** Rejects with `ResqliteError`. */
  async read(): Promise<number> {
    const sql = `select is_locked from ${this.#table} where id = ?`;
    const { rows } = await this.#database.query(sql, [this.#id]);
    const [row] = rows;
    if (row === undefined) throw invalidUse(`${this.#table} has no row '${this.#id}'`);
    return Number(row[0]);
  }

  /** Whether it was `before` and is `after` now, as far as is known. Rejects with `ResqliteError`. */
  async replace(before: number, after: number): Promise<boolean> {
    const sql = `update ${this.#table} set is_locked = ? where id = ? and is_locked = ?`;
    const params = [after, this.#id, before];
    try {
      const { results } = await this.#database.execute({ sql, params });
      return results[0]?.rowsAffected === 1;
    } catch (error) {
      if (error instanceof ResqliteError && error.applied !== 'no') return false;
      throw error;
    }
  }
}

/** Never free, and nobody's else. */
function newNumber(): number {
  const [drawn = 0] = crypto.getRandomValues(new Uint32Array(1));
  return 1 + drawn;
}

function stillHeld(): ResqliteError {
  const message = `others migrate for ${PATIENCE_MS / 1_000} s: nothing was changed`;
  return new ResqliteError({ code: 'Timeout', applied: 'no', message, sqlite: null });
}
