/**
 * Who migrates, among all tabs of a cluster: whoever has put a number into the row that Kysely keeps for that.
 * The holder changes its number every few seconds; a number that stays the same for long is that of a tab that
 * is gone, and is taken over. No clocks are compared, and nothing depends on the lock: who loses it while it
 * migrates meets a conflict.
 */

import { ResqliteError, type Database } from '../client/resqlite.ts';

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
  #number: number;
  /** The last renewal. */
  #renewed: Promise<void> = Promise.resolve();

  private constructor(row: LockRow, number: number) {
    this.#row = row;
    this.#number = number;
    this.#timer = setInterval(() => (this.#renewed = this.#renew()), RENEWAL_MS);
  }

  /** Rejects with `ResqliteError`: 'Timeout' where others had it all the time, and as any read and write. */
  static async acquire(database: Database, table: string, id: string): Promise<MigrationLock> {
    const row = new LockRow(database, table, id);
    const beganMs = performance.now();
    let seen = FREE;
    let seenMs = beganMs;
    for (;;) {
      const found = await row.read();
      const nowMs = performance.now();
      if (found !== seen) [seen, seenMs] = [found, nowMs];
      if (found === FREE || nowMs - seenMs >= LEASE_MS) {
        const number = newNumber();
        if (await row.replace(found, number)) return new MigrationLock(row, number);
      } else if (nowMs - beganMs >= PATIENCE_MS) {
        throw stillHeld();
      } else {
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
    }
  }

  /** Where it cannot be given back it is taken over in its time. */
  async release(): Promise<void> {
    clearInterval(this.#timer);
    await this.#renewed;
    await this.#row.replace(this.#number, FREE).catch(() => undefined);
  }

  async #renew(): Promise<void> {
    const number = newNumber();
    const isRenewed = await this.#row.replace(this.#number, number).catch(() => false);
    if (isRenewed) this.#number = number;
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

  async read(): Promise<number> {
    const sql = `select is_locked from ${this.#table} where id = ?`;
    const { rows } = await this.#database.query(sql, [this.#id]);
    return Number(rows[0]?.[0] ?? FREE);
  }

  /** Whether it was `before`, and is `after` now. */
  async replace(before: number, after: number): Promise<boolean> {
    const sql = `update ${this.#table} set is_locked = ? where id = ? and is_locked = ?`;
    const params = [after, this.#id, before];
    const { results } = await this.#database.execute({ sql, params });
    return results[0]?.rowsAffected === 1;
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
