/**
 * One cell that is being edited: what is typed, and what came of saving it. It stays with its tab,
 * whether that one is shown or not. Components call methods and read signals.
 */

import { signal } from '@preact/signals';
import type { Database } from '../../client/database.ts';
import { toResqliteError, type ResqliteError } from '../../client/errors.ts';
import { typedOf, updateOf, valueOf, type CellUpdate, type EditedCell } from './cell-edit.ts';

const NO_ROW = 'The row has changed or gone meanwhile: nothing was written.';

export class OpenEdit {
  readonly cell: EditedCell;
  readonly typed;
  /** Why it was not written; null: nothing is known against it. */
  readonly problem = signal<ResqliteError | string | null>(null);
  readonly isBusy = signal(false);

  constructor(cell: EditedCell) {
    this.cell = cell;
    this.typed = signal(typedOf(cell));
  }

  /** What would write it; null: what is typed is no value. */
  get update(): CellUpdate | null {
    const value = valueOf(this.typed.value);
    return value === null ? null : updateOf(this.cell, value.value);
  }

  /** Answers whether it was written. */
  async save(database: Pick<Database, 'execute'>): Promise<boolean> {
    const { update } = this;
    if (update === null || this.isBusy.peek()) return false;
    this.isBusy.value = true;
    this.problem.value = null;
    try {
      const { results } = await database.execute({ sql: update.sql, params: update.params });
      if (results[0]?.rowsAffected !== 0) return true;
      this.problem.value = NO_ROW;
    } catch (error) {
      this.problem.value = toResqliteError(error);
    } finally {
      this.isBusy.value = false;
    }
    return false;
  }
}
