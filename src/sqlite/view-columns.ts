/**
 * Whether what is in memory knows names that SQLite drew for columns of views: where many columns bear
 * the same name, it tells them apart by numbers of chance, drawn when the view is first used after the
 * schema was loaded.
 */

import type { Connection } from './connection.ts';
import { SqliteError } from './sql-error.ts';
import { quotedName } from './sql-literal.ts';

/** Behind some equal names SQLite counts, a:1 to a:4, and then it draws the number. */
const DRAWN_NAME = /:(?:[5-9]|\d\d+)$/;

export class ViewColumns {
  readonly #connection: Connection;
  /** Their columns are named without chance, for as long as the schema is what it is. */
  readonly #steady = new Set<string>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** The schema was loaded anew. */
  forget(): void {
    this.#steady.clear();
  }

  /** A view that was used has columns whose names SQLite drew: it would draw others now. */
  areDrawn(usedViews: ReadonlySet<string>): boolean {
    for (const view of usedViews) {
      if (this.#steady.has(view)) continue;
      if (this.#hasDrawn(view)) return true;
      this.#steady.add(view);
    }
    return false;
  }

  #hasDrawn(view: string): boolean {
    try {
      const statement = this.#connection.prepare(`SELECT * FROM ${quotedName(view)}`);
      const names = statement.columnNames();
      statement.finalize();
      return names.some((name) => DRAWN_NAME.test(name));
    } catch (error) {
      if (error instanceof SqliteError) return true;
      throw error;
    }
  }
}
