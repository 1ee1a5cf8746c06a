/**
 * One table that is browsed: its rows as they are filtered and sorted, all of one state, and whether
 * they have changed since. A small result that costs little is read again by itself; another one only
 * when the person asks, who may be reading it. Filter, sort and a cell that is being edited stay with
 * the tab.
 */

import { batch, effect, signal } from '@preact/signals';
import type { Database } from '../../client/database.ts';
import { toReadError, type ResqliteError } from '../../client/errors.ts';
import { viewOfSource } from '../shell/result-view.ts';
import type { ResultView } from '../shell/shell-items.ts';
import { settings } from '../shell/settings.ts';
import type { OpenEdit } from './open-edit.ts';
import { tabList } from './tab-store.ts';
import {
  browseQuery,
  probeQuery,
  type BrowsedTable,
  type TableFilter,
  type TableQuery,
  type TableSort,
} from './table-query.ts';

export type RowsResult = Extract<ResultView, { type: 'table' | 'blocks' }>;

/** Rows that are shown, and what they came of. */
export interface BrowsedRows {
  readonly view: RowsResult;
  readonly query: TableQuery;
  /** How much of the log they reflect. */
  readonly index: number;
  readonly elapsedMs: number;
}

/** What is read again by itself may keep SQLite busy for a tenth of the time. */
const REREAD_INTERVAL_MS = 500;
const CHEAP_READ_MS = 50;

const NO_FILTER: TableFilter = { column: null, operator: 'contains', value: '' };

export class TableBrowse {
  readonly filter = signal<TableFilter>(NO_FILTER);
  readonly sort = signal<TableSort | null>(null);
  readonly isStructureShown = signal(false);
  readonly rows = signal<BrowsedRows | null>(null);
  readonly error = signal<ResqliteError | null>(null);
  readonly isReading = signal(false);
  /** Something was written to what the rows were read from. */
  readonly hasChanged = signal(false);
  /** The cell that is being edited; null: none is. */
  readonly edit = signal<OpenEdit | null>(null);
  #abort: AbortController | null = null;
  #changedAt = 0;
  /** A read that waits for the one under way. */
  #next: (() => void) | null = null;
  /** Reads by itself what has changed. */
  #reread: () => void = () => undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** A change was told since the last read began. */
  #hasNews = false;
  /** Of the last read: when it ended, and how long it took. */
  #endedMs = 0;
  #elapsedMs = 0;
  /** Something of it is shown: what is read is not lost, and will be given back. */
  #isShown = false;

  /**
   * Reads the rows, behind a read that is under way. `isOther`: other rows are wanted than that one is
   * after, which is given up. Before it is followed, and once it was left, there is nobody to read for.
   */
  show(database: Database, table: BrowsedTable, isOther: boolean): void {
    if (!this.#isShown) return;
    if (this.isReading.peek()) {
      this.#next = () => this.show(database, table, isOther);
      if (isOther) this.#abort?.abort();
      return;
    }
    const sort = this.sort.peek();
    if (sort !== null && table.columns.every(({ name }) => name !== sort.column)) {
      // Nobody could take it back: its column's head is gone.
      this.sort.value = null;
      // Whoever shows it may have asked anew.
      if (this.isReading.peek()) return;
    }
    void this.#read(database, browseQuery(table, this.filter.peek(), this.sort.peek()));
  }

  /**
   * Follows changes of what is read; `read` reads it again. The answer ends it. The first answer tells
   * that changes are followed, so nothing is missed by reading from then on.
   */
  follow(database: Database, table: string, read: () => void): () => void {
    const { sql, params } = probeQuery(table);
    let isFirst = true;
    this.#isShown = true;
    this.#reread = read;
    return database.live(
      sql,
      params,
      (_rows, { appliedIndex }) => {
        if (isFirst) read();
        else {
          this.#changedAt = appliedIndex;
          this.#hasNews = true;
          this.#look();
        }
        isFirst = false;
      },
      (error) => {
        this.error.value = error;
        isFirst = true;
      },
    );
  }

  /** Nothing of it is shown any more; rows that are kept are given back. */
  leave(): void {
    this.#isShown = false;
    this.#next = null;
    clearTimeout(this.#timer);
    this.#abort?.abort();
    const { view } = this.rows.peek() ?? {};
    if (view?.type === 'blocks') void view.blocks.close();
    batch(() => {
      this.rows.value = null;
      this.error.value = null;
      this.hasChanged.value = false;
    });
  }

  /** At a change, or behind the read that it met: whether and when rows are read again for it. */
  #look(): void {
    if (this.isReading.peek()) return;
    const { value: shown } = this.rows;
    const hasFailed = this.error.peek() !== null;
    const isOld = shown !== null && this.#changedAt > shown.index;
    if (!(hasFailed ? this.#hasNews : isOld)) return;
    const isSmall = hasFailed || shown?.view.type === 'table';
    if (isSmall && this.#elapsedMs < CHEAP_READ_MS) this.#readSoon();
    else this.hasChanged.value = true;
  }

  #readSoon(): void {
    clearTimeout(this.#timer);
    const waitMs = this.#endedMs + REREAD_INTERVAL_MS - performance.now();
    if (waitMs > 0) this.#timer = setTimeout(this.#reread, waitMs);
    else this.#reread();
  }

  async #read(database: Database, query: TableQuery): Promise<void> {
    const { signal: aborted } = (this.#abort = new AbortController());
    this.isReading.value = true;
    this.#hasNews = false;
    clearTimeout(this.#timer);
    const startedMs = performance.now();
    try {
      const cursor = await database.cursor(query.sql, query.params, {
        level: 'none',
        signal: aborted,
      });
      const shownBy = { ...settings.peek(), mode: 'table' } as const;
      const view = await viewOfSource(cursor, query.sql, shownBy, () => !aborted.aborted);
      const elapsedMs = performance.now() - startedMs;
      this.#take(
        { view: view as RowsResult, query, index: cursor.appliedIndex, elapsedMs },
        aborted,
      );
    } catch (error) {
      if (!aborted.aborted) this.error.value = toReadError(error);
    }
    this.#endedMs = performance.now();
    this.#elapsedMs = this.#endedMs - startedMs;
    this.isReading.value = false;
    const next = this.#next;
    this.#next = null;
    if (next === null) this.#look();
    else next();
  }

  #take(rows: BrowsedRows, aborted: AbortSignal): void {
    if (aborted.aborted) {
      if (rows.view.type === 'blocks') void rows.view.blocks.close();
      return;
    }
    const { view: former } = this.rows.peek() ?? {};
    if (former?.type === 'blocks') void former.blocks.close();
    batch(() => {
      this.rows.value = rows;
      this.error.value = null;
      this.hasChanged.value = false;
    });
  }
}

const browses = new Map<number, TableBrowse>();

/** By the tab's id. */
export function browseOf(id: number): TableBrowse {
  const known = browses.get(id) ?? new TableBrowse();
  browses.set(id, known);
  return known;
}

effect(() => {
  const ids = new Set(tabList.value.tabs.map((tab) => tab.id));
  for (const id of browses.keys()) if (!ids.has(id)) browses.delete(id);
});
