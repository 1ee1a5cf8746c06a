/**
 * One client that writes single rows without pause while something else happens, and remembers when it
 * was answered: what the longest time without an acknowledged write was, and how long each write took.
 * A write that fails is counted, and the next one follows at once; time goes on meanwhile.
 */

import type { Database } from '../client/database.ts';
import { insertStatement, textOf } from './rows.ts';

export interface WatchReport {
  readonly latenciesMs: readonly number[];
  /** Between two answers, one behind the other. */
  readonly longestGapMs: number;
  readonly errors: number;
  readonly lastError: string | null;
}

export class WriteWatch {
  readonly #db: Database;
  readonly #table: string;
  readonly #text: string;
  readonly #latenciesMs: number[] = [];
  readonly #ended: Promise<void>;
  #longestGapMs = 0;
  #errors = 0;
  #lastError: string | null = null;
  #isOver = false;

  constructor(db: Database, table: string, bytes: number) {
    this.#db = db;
    this.#table = table;
    this.#text = textOf(bytes);
    this.#ended = this.#write();
  }

  async end(): Promise<WatchReport> {
    this.#isOver = true;
    await this.#ended;
    return {
      latenciesMs: this.#latenciesMs,
      longestGapMs: this.#longestGapMs,
      errors: this.#errors,
      lastError: this.#lastError,
    };
  }

  /** So many writes were acknowledged so far. */
  get count(): number {
    return this.#latenciesMs.length;
  }

  async #write(): Promise<void> {
    let answeredMs = performance.now();
    while (!this.#isOver) {
      const beganMs = performance.now();
      try {
        await this.#db.execute(insertStatement(this.#table, this.count, this.#text));
      } catch (error) {
        this.#errors += 1;
        this.#lastError = error instanceof Error ? error.message : String(error);
        continue;
      }
      const nowMs = performance.now();
      this.#latenciesMs.push(nowMs - beganMs);
      this.#longestGapMs = Math.max(this.#longestGapMs, nowMs - answeredMs);
      answeredMs = nowMs;
    }
  }
}
