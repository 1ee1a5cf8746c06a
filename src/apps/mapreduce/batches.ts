/**
 * Rows with packed data on their way into the log: gathered into entries of a modest size, several of
 * which are under way at once. An entry that has begun to travel delays what is behind it, heartbeats
 * of the cluster and other people's writes too, so they are far below what an entry may be.
 */

import type { SqlValue, Statement } from '../../node/sql.ts';
import { PART_BYTES, partsOf } from './packing.ts';

/** Data of one entry; the last row may go beyond it, by a part. */
const BATCH_BYTES = PART_BYTES;
/** Far below what a statement may have of parameters. */
const BATCH_ROWS = 400;
/** Entries under way. */
const WINDOW = 4;

/** A row's own columns, the packed data last. */
export type DataRow = readonly SqlValue[];

/** Rows of one thing that is packed: `key`, the part's number, its bytes. */
export function rowsOf(key: readonly SqlValue[], packed: Uint8Array): DataRow[] {
  return partsOf(packed).map((part, number) => [...key, number, part]);
}

export class Batches {
  readonly #statementsOf: (rows: readonly DataRow[]) => Statement[];
  readonly #send: (statements: readonly Statement[]) => Promise<unknown>;
  readonly #underWay = new Set<Promise<unknown>>();
  #rows: DataRow[] = [];
  #bytes = 0;

  /** What `send` rejects with comes out of `add` or `last`. */
  constructor(
    statementsOf: (rows: readonly DataRow[]) => Statement[],
    send: (statements: readonly Statement[]) => Promise<unknown>,
  ) {
    this.#statementsOf = statementsOf;
    this.#send = send;
  }

  async add(rows: readonly DataRow[]): Promise<void> {
    for (const row of rows) {
      if (this.#bytes >= BATCH_BYTES || this.#rows.length >= BATCH_ROWS) await this.#sendOff();
      this.#rows.push(row);
      this.#bytes += (row.at(-1) as Uint8Array).length;
    }
  }

  /** Resolves when all others have been sent, with what is left for the caller to send: the last batch. */
  async last(): Promise<Statement[]> {
    await Promise.all(this.#underWay);
    return this.#rows.length === 0 ? [] : this.#statementsOf(this.#rows);
  }

  async #sendOff(): Promise<void> {
    const statements = this.#statementsOf(this.#rows);
    this.#rows = [];
    this.#bytes = 0;
    while (this.#underWay.size >= WINDOW) await Promise.race(this.#underWay);
    const sent = this.#send(statements);
    this.#underWay.add(sent);
    // Whoever awaits the batches is told.
    sent.then(
      () => this.#underWay.delete(sent),
      () => undefined,
    );
  }
}

/** Of packed data. */
export function bytesOf(rows: readonly DataRow[]): number {
  return rows.reduce((total, row) => total + (row.at(-1) as Uint8Array).length, 0);
}

/** `(?, ?), (?, ?)` with the rows' values for them. */
export function valuesOf(rows: readonly DataRow[]): { sql: string; params: SqlValue[] } {
  const sql = rows.map((row) => `(${row.map(() => '?').join(', ')})`).join(', ');
  return { sql, params: rows.flat() };
}
