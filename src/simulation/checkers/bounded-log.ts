/**
 * Logs stay bounded (paper section 7): a server of a converged cluster soon keeps no more entries than
 * the length at which logs are compacted, in memory and on disk; and of database files one, besides
 * one that it may be receiving.
 */

import type { World } from '../world.ts';

const FILES_MAX = 2;

/** Null where all logs are within their bounds; else the first that is not. */
export function whatIsUnbounded(world: World): string | null {
  const maxEntries = world.limits.logCompactEntries;
  for (const { server, running } of world.running) {
    const { raft } = running.node;
    const { disk, database, nodeId } = server;
    const inMemory = raft.lastIndex - raft.firstIndex + 1;
    if (inMemory > maxEntries) return `${nodeId} keeps ${inMemory} entries of ${maxEntries}`;
    const onDisk = disk.entries.length;
    if (onDisk > maxEntries) return `${nodeId} keeps ${onDisk} entries of ${maxEntries} on disk`;
    if (database.fileCount > FILES_MAX) return `${nodeId} keeps ${database.fileCount} databases`;
  }
  return null;
}
