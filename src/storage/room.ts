/**
 * Whether this site may write more. Browsers' own estimates do not tell: a quota may be enforced at
 * other numbers than are told, and a full disk is not in them at all. So it is tried, with a file
 * that is deleted again. OPFS and IndexedDB share one quota, and one disk.
 */

import { newId } from './names.ts';
import { makeDirectory, openSyncFile } from './opfs.ts';

/** What a node needs at the least to go on for a while. */
const PROBE_BYTES = 2 * 1024 * 1024;
const PAUSE_MIN_MS = 2_000;
const PAUSE_MAX_MS = 60_000;

async function hasRoom(root: string): Promise<boolean> {
  const name = `room-${newId()}`;
  try {
    const directory = await makeDirectory([root]);
    const file = await openSyncFile(directory, name, 0);
    try {
      if (file.write(new Uint8Array(PROBE_BYTES), { at: 0 }) !== PROBE_BYTES) return false;
      file.flush();
    } finally {
      file.close();
      await directory.removeEntry(name).catch(() => undefined);
    }
  } catch {
    return false;
  }
  return true;
}

/**
 * Tells that there is no room, and, with growing pauses between its looks, that there is again; tells
 * nothing where there is. Resolves when there is room.
 */
export async function watchRoom(root: string, tell: (hasRoom: boolean) => void): Promise<void> {
  if (await hasRoom(root)) return;
  tell(false);
  let pauseMs = PAUSE_MIN_MS;
  do {
    const waitMs = pauseMs;
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    pauseMs = Math.min(2 * pauseMs, PAUSE_MAX_MS);
  } while (!(await hasRoom(root)));
  tell(true);
}
