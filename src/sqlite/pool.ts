/**
 * The database in OPFS: SQLite's pool of synchronous access handles, in a directory that belongs to
 * one node. Browsers only, in a dedicated worker.
 *
 * It may assume that the caller has the node's Web Lock, so that files in use are those of a worker
 * that is being torn down: they are waited for. The pool drops a file whose header it cannot read;
 * then, and when SQLite finds the file damaged, the database is begun anew: it is made from the log,
 * which the caller replays. It never falls back to memory.
 */

import { failure } from '../node/errors.ts';
import { POOL_WAIT_MS } from './limits.ts';
import type { Runtime } from './runtime.ts';
import { refused, SqlFailure, SqliteError, troubleCode } from './sql-error.ts';
import { SqlDatabase, type DatabaseOptions } from './database.ts';

export interface PooledDatabase {
  readonly database: SqlDatabase;
  /** Closes the database and gives the files back. */
  close(): void;
}

type Pool = Awaited<ReturnType<Runtime['installPool']>>;

const POOL_NAME = 'resqlite';
const DATABASE_PATH = '/database';
const RETRY_MS = 50;
/** What the pool says when it has emptied a file whose header it could not read. */
const DROPPED_FILE = /bad digest/;

/** Throws `SqlFailure`: 'StorageDenied', 'Unsupported' or 'Corrupt' (a newer version's file). */
export async function openPooledDatabase(
  runtime: Runtime,
  directory: string,
  options: Partial<DatabaseOptions> = {},
): Promise<PooledDatabase> {
  const pool = await installPool(runtime, directory);
  const close = (): void => void pool.pauseVfs();
  if (runtime.warnings.some((warning) => DROPPED_FILE.test(warning))) removeFiles(pool);
  try {
    const database = openDatabase(runtime, pool, options);
    return {
      database,
      close: () => {
        database.close();
        close();
      },
    };
  } catch (error) {
    close();
    if (!(error instanceof SqliteError)) throw error;
    throw new SqlFailure(failure(troubleCode(error.resultCode), 'no', error.message));
  }
}

function openDatabase(
  runtime: Runtime,
  pool: Pool,
  options: Partial<DatabaseOptions>,
): SqlDatabase {
  const location = { vfs: pool.vfsName, path: DATABASE_PATH };
  try {
    return new SqlDatabase(runtime, location, options);
  } catch (error) {
    const isDamaged = error instanceof SqliteError && troubleCode(error.resultCode) === 'Corrupt';
    if (!isDamaged) throw error;
    removeFiles(pool);
    return new SqlDatabase(runtime, location, options);
  }
}

function removeFiles(pool: Pool): void {
  for (const name of pool.getFileNames()) pool.unlink(name);
}

async function installPool(runtime: Runtime, directory: string): Promise<Pool> {
  const deadline = performance.now() + POOL_WAIT_MS;
  for (;;) {
    try {
      runtime.warnings.length = 0;
      return await runtime.installPool({
        name: POOL_NAME,
        directory,
        verbosity: 0,
        // Else a start that fails deletes the database.
        preserveOnInitFailure: true,
        forceReinitIfPreviouslyFailed: true,
      });
    } catch (error) {
      if (!isInUse(error)) throw explain(error);
      if (performance.now() >= deadline) throw inUse();
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/** InvalidStateError is what older engines say. */
function isInUse(error: unknown): boolean {
  if (!(error instanceof DOMException)) return false;
  return error.name === 'NoModificationAllowedError' || error.name === 'InvalidStateError';
}

function inUse(): SqlFailure {
  const message = 'the database is in use by another tab, or one that does not go away';
  return refused('StorageDenied', `${message}: close it and reload`);
}

function explain(error: unknown): SqlFailure {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof DOMException) {
    return refused('StorageDenied', `the browser denies storage: ${message}`);
  }
  return refused('Unsupported', `the browser lacks what the database needs: ${message}`);
}
