/**
 * Storage that is slow, fails, loses things or changes them. What the ports promise stays promised: a
 * record of the log is lost from one copy at a time, and databases are lost or changed only where a
 * strict majority of the voters has a sound one.
 */

import { GOOD_DISK } from './disk.ts';
import type { StorageFault } from './fault-plan.ts';
import type { FaultTools } from './faults.ts';
import { MILLION } from './random.ts';
import type { Server } from './server.ts';
import { GOOD_DATABASE } from './simulated-database.ts';
import type { World } from './world.ts';

const MILLISECOND_US = 1_000;
const SECOND_US = 1_000_000;

/** False where there was nobody to do it to. */
export function strikeStorage(kind: StorageFault, tools: FaultTools): boolean {
  const { random, world } = tools;
  switch (kind) {
    case 'corrupt-record':
    case 'wipe-copy':
      return hurtCopy(kind, tools, tools.anyRunning());
    case 'wipe-copy-everywhere': {
      const name = random.chance(MILLION / 2) ? 'journal' : 'indexeddb';
      const running = world.running.map(({ server }) => server);
      for (const server of running) tools.crashForAWhile(server);
      return running.map((server) => server.disk.wipeCopy(name)).some((lost) => lost);
    }
    case 'wipe-database': {
      const server = tools.anyRunning();
      if (server === null || tools.areLossesHeld) return false;
      if (!canSpareDatabase(world, server)) return false;
      tools.crashForAWhile(server);
      server.database.wipe();
      return true;
    }
    case 'deviate': {
      const server = tools.anyRunning();
      if (server === null || tools.areLossesHeld) return false;
      if (!canSpareDatabase(world, server)) return false;
      server.running?.machine.deviate(random.below(tools.keys), random.below(16));
      return true;
    }
    default: {
      const server = tools.anyRunning();
      if (server !== null) disturb(kind, tools, server);
      return server !== null;
    }
  }
}

function hurtCopy(
  kind: 'corrupt-record' | 'wipe-copy',
  tools: FaultTools,
  server: Server | null,
): boolean {
  if (server === null) return false;
  tools.crashForAWhile(server);
  const name = tools.random.chance(MILLION / 2) ? 'journal' : 'indexeddb';
  return kind === 'wipe-copy' ? server.disk.wipeCopy(name) : server.disk.corruptCopy(name);
}

/**
 * Whether a strict majority of the voters keeps a sound database if `victim` loses its own; and only
 * one at a time, since others may be voters by the time that it is noticed.
 */
function canSpareDatabase(world: World, victim: Server): boolean {
  const isOther = (server: Server): boolean => server !== victim && !server.destroyed;
  if (world.servers.some((server) => isOther(server) && server.isUnsound)) return false;
  const raft = (world.leader() ?? victim).running?.node.raft;
  if (raft === undefined) return false;
  const { voters, outgoingVoters } = raft.configuration;
  const unsound = new Set(
    world.servers
      .filter((server) => server === victim || server.destroyed || server.isUnsound)
      .map(({ nodeId }) => nodeId),
  );
  return [voters, outgoingVoters].every((ids) => {
    const lost = ids.filter((id) => unsound.has(id)).length;
    return ids.length === 0 || 2 * lost < ids.length;
  });
}

function disturb(
  kind: 'slow-disk' | 'fail-disk' | 'slow-database' | 'fail-database' | 'refuse-snapshots',
  tools: FaultTools,
  server: Server,
): void {
  const { random, world } = tools;
  const { disk, database } = server;
  const slowUs = random.between(10 * MILLISECOND_US, 2 * SECOND_US);
  switch (kind) {
    case 'slow-disk':
      disk.conditions = { writeMinUs: slowUs >> 3, writeMaxUs: slowUs };
      world.queue.schedule(tools.lastsUs(), () => {
        disk.conditions = GOOD_DISK;
      });
      return;
    case 'slow-database':
      database.conditions = { ...GOOD_DATABASE, applyMinUs: slowUs >> 3, applyMaxUs: slowUs };
      break;
    case 'refuse-snapshots':
      database.conditions = { ...GOOD_DATABASE, refusedPerMillion: random.between(1, MILLION) };
      break;
    case 'fail-disk':
      disk.failNext = true;
      return;
    case 'fail-database':
      database.failNext = true;
      return;
  }
  world.queue.schedule(tools.lastsUs(), () => {
    database.conditions = GOOD_DATABASE;
  });
}
