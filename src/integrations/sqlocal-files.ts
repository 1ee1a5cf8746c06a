/** Database files in the forms that SQLocal's interface takes and gives, and what it tells of them. */

import type { Database } from '../client/resqlite.ts';
import type { DatabasePath } from './sqlocal-config.ts';
import { invalidUse } from './targets.ts';

/** A SQLite file, or its bytes. */
export type DatabaseFile = File | Blob | ArrayBuffer | Uint8Array | ReadableStream<Uint8Array>;

/** What `getDatabaseInfo` tells. */
export interface DatabaseInfo {
  /** The name that the client was made with. */
  databasePath?: DatabasePath;
  /** Of this tab's copy, without the log. */
  databaseSizeBytes?: number;
  /** Always 'opfs'. */
  storageType?: string;
  /** The browser has promised to keep this site's data; ask it by `database()` and `persist`. */
  persisted?: boolean;
}

/** Throws `ResqliteError` 'InvalidArgument', also where a stream breaks off. */
export async function blobOf(file: DatabaseFile): Promise<Blob> {
  if (file instanceof Blob) return file;
  if (file instanceof ArrayBuffer) return new Blob([file]);
  // A copy, as its memory may be shared, which no Blob takes.
  if (file instanceof Uint8Array) return new Blob([new Uint8Array(file)]);
  if (!(file instanceof ReadableStream)) {
    throw invalidUse('a database file must be a File, a Blob, bytes or a stream of bytes');
  }
  try {
    return await new Response(file as ReadableStream<Uint8Array<ArrayBuffer>>).blob();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw invalidUse(`the stream of the database file could not be read: ${reason}`);
  }
}

/** The last part of a path. */
export function fileNameOf(databasePath: string): string {
  const name = databasePath.split('/').findLast((part) => part !== '');
  return name ?? 'database.sqlite3';
}

/** Of this tab's copy; rejects with `ResqliteError`. */
export async function infoOf(
  database: Database,
  databasePath: DatabasePath,
): Promise<DatabaseInfo> {
  const { rows } = await database.query(
    'select page_count * page_size from pragma_page_count, pragma_page_size',
    [],
    { level: 'none' },
  );
  const { storage } = await database.status();
  return {
    databasePath,
    databaseSizeBytes: Number(rows[0]?.[0] ?? 0),
    storageType: 'opfs',
    persisted: storage.persisted,
  };
}
