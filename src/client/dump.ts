/** `db.dump`: the database as SQL that makes it again, collected from the pieces the SQL worker keeps. */

import type { CallOptions } from './call-limits.ts';
import { callBack } from './callback.ts';
import { invalidArgument } from './errors.ts';
import type { FileProgress } from './export.ts';
import type { WorkerCursor } from './worker-cursor.ts';

/**
 * What of a database is dumped.
 *
 * @category Files
 *
 * @example
 * ```ts
 * import { open, type DumpOptions } from 'resqlite';
 *
 * const schema: DumpOptions = { schemaOnly: true };
 * const db = await open();
 * await db.execute(['CREATE TABLE note (body TEXT)', "INSERT INTO note VALUES ('milk')"]);
 * const script = await (await db.dump(schema)).text();
 * [script.includes('CREATE TABLE note'), script.includes('milk')]; // => [true, false]
 * ```
 */
export interface DumpOptions extends CallOptions {
  /** Names of tables and views, with their indexes and triggers; everything where not given. */
  readonly objects?: readonly string[];
  /** Leave the rows out; false where not given. */
  readonly schemaOnly?: boolean;
  /** Called behind every piece that is collected. */
  readonly onProgress?: (progress: FileProgress) => void;
}

const SQL_FILE = 'application/sql;charset=utf-8';
const BATCH_PIECES = 5_000;

/** Throws `ResqliteError` 'InvalidArgument'. */
export function checkObjects(objects: unknown): readonly string[] | null {
  if (objects === undefined) return null;
  if (Array.isArray(objects) && objects.every((name) => typeof name === 'string')) return objects;
  throw invalidArgument('objects must be an array of names');
}

/** Closes the cursor. */
export async function collectDump(cursor: WorkerCursor, options: DumpOptions): Promise<Blob> {
  const { onProgress, signal = null } = options;
  const parts: Blob[] = [];
  let pieces = 0;
  try {
    for await (const { rows } of cursor.batches(BATCH_PIECES, signal)) {
      // A Blob of its own for each batch: the browser may keep it outside of this page's memory.
      parts.push(new Blob([rows.map(([piece]) => `${String(piece)}\n`).join('')]));
      pieces += rows.length;
      callBack(onProgress, { fraction: pieces / cursor.rowCount });
    }
  } finally {
    await cursor.close();
  }
  return new Blob(parts, { type: SQL_FILE });
}
