/**
 * The database files in OPFS: SQLite's pool of synchronous access handles, in a directory that
 * belongs to one node. Browsers only, in a dedicated worker.
 *
 * It may assume that the caller has the node's Web Lock, so that files in use are those of a worker
 * that is being torn down: they are waited for. The pool empties a file whose header it cannot read,
 * be it that the disk damaged it or that a worker died while it gave a file another name; which one
 * it was it cannot tell, and state-files.ts finds out whether it mattered. It never falls back to
 * memory.
 *
 * Its handles write behind (write-behind.ts). The pool flushes each header that it writes, so which files
 * there are is on the disk at once, as it is without that.
 */

import { POOL_FILES, POOL_WAIT_MS } from './limits.ts';
import type { Runtime } from './runtime.ts';
import { refused, type SqlFailure } from './sql-error.ts';
import { StateFiles } from './state-files.ts';
import { WriteBehindHandle } from './write-behind.ts';

type Pool = Awaited<ReturnType<Runtime['installPool']>>;

const POOL_NAME = 'resqlite';
/** SQLite remembers pools by name, also those that were given back. */
let pools = 0;
const RETRY_MS = 50;
/** What the pool says when it has emptied a file whose header it could not read. */
const DROPPED_FILE = /bad digest/;

/** Throws `SqlFailure`: 'StorageDenied' or 'Unsupported'. */
export async function openPooledFiles(runtime: Runtime, directory: string): Promise<StateFiles> {
  const handles: FileSystemSyncAccessHandle[] = [];
  const pool = await noting(handles, () => installPool(runtime, directory));
  try {
    await noting(handles, () => pool.reserveMinimumCapacity(POOL_FILES));
  } catch (error) {
    pool.pauseVfs();
    throw explain(error);
  }
  return new StateFiles(runtime, {
    prefix: '/',
    vfsName: pool.vfsName,
    list: () => pool.getFileNames(),
    lostSomething: runtime.warnings.some((warning) => DROPPED_FILE.test(warning)),
    close: () => void pool.pauseVfs(),
    abandon: () => {
      for (const handle of handles) handle.close();
    },
  });
}

/**
 * The access handles that `work` opens write behind, and are noted: the pool gives back only what it
 * believes closed.
 */
async function noting<T>(
  handles: FileSystemSyncAccessHandle[],
  work: () => Promise<T>,
): Promise<T> {
  const { prototype } = FileSystemFileHandle;
  const create = prototype.createSyncAccessHandle;
  prototype.createSyncAccessHandle = async function createNoted(this: FileSystemFileHandle) {
    const handle = new WriteBehindHandle(await create.call(this));
    handles.push(handle);
    return handle;
  };
  try {
    return await work();
  } finally {
    prototype.createSyncAccessHandle = create;
  }
}

async function installPool(runtime: Runtime, directory: string): Promise<Pool> {
  const deadline = performance.now() + POOL_WAIT_MS;
  pools += 1;
  const name = `${POOL_NAME}-${pools}`;
  for (;;) {
    try {
      runtime.warnings.length = 0;
      return await runtime.installPool({
        name,
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
