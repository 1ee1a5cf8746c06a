/**
 * One long life of a cluster: as many writes as are asked for, while servers are down now and then for
 * longer than the log reaches back. It is there to show what stays bounded: both copies of the log, the
 * entries in memory, the databases' files.
 */

import { whatIsUnbounded } from './checkers/bounded-log.ts';
import { checkContents, checkEqual, whatIsMissing } from './checkers/convergence.ts';
import { Violation } from './checkers/violation.ts';
import { Random } from './random.ts';
import type { Server } from './server.ts';
import { World } from './world.ts';

const SECOND_US = 1_000_000;
const STEP_US = 5_000;
const SERVERS = 3;
const KEYS = 8;
/** Writes that each server's client has unanswered at most. */
const PENDING_MAX = 1_024;
/** Servers crash and come back this many times, evenly over the run. */
const CRASHES = 10;
const LINES = 20;
/** What a record of one entry takes, as simulated disks count it, and some more. */
const ENTRY_BYTES_MAX = 192;
/** Snapshots under way may hold back this much, less than in production: so the bound is close. */
const LOG_HELD_BYTES = 8 * 1024 * 1024;

/** Runs it and says how much is kept, line by line. Throws what the checkers find. */
export function runLong(seed: number, writes: number, say: (line: string) => void): void {
  const limits = { logHeldBytes: LOG_HELD_BYTES };
  const world = new World({ seed, text: null, forgetsAnswered: true, limits });
  const random = Random.fromSeed(seed).stream('long run');
  world.addCluster(SERVERS);
  waitFor(world, () => votersOf(world) === SERVERS && whatIsMissing(world) === null, 'growth');
  // What is held back and what is compacted next, twice while a whole record takes the old one's place.
  const maxBytes = 2 * (LOG_HELD_BYTES + world.limits.logCompactEntries * ENTRY_BYTES_MAX);
  say(`before: ${sizes(world)}`);
  let highest = 0;
  let nextLine = 1;
  let nextCrash = 1;
  let down: { readonly server: Server; readonly untilWrites: number } | null = null;
  while (acknowledged(world) < writes) {
    work(world);
    world.runFor(STEP_US);
    const done = acknowledged(world);
    for (const server of world.servers) {
      highest = Math.max(highest, server.disk.journal.bytes, server.disk.indexedDb.bytes);
    }
    if (highest > maxBytes) {
      throw new Violation('bounded log', '7', `a copy takes ${highest} bytes of ${maxBytes}`);
    }
    if (down !== null && done >= down.untilWrites) {
      down.server.start();
      down = null;
    } else if (down === null && done >= (nextCrash * writes) / (CRASHES + 1)) {
      nextCrash += 1;
      const server = random.pick(world.servers);
      world.crash(server);
      down = { server, untilWrites: done + Math.floor(writes / (2 * CRASHES)) };
    }
    if (done < (nextLine * writes) / LINES) continue;
    nextLine += 1;
    say(`during: ${done} writes: ${sizes(world)}`);
  }
  for (const server of world.servers) if (server.running === null) server.start();
  waitFor(world, () => whatIsMissing(world) === null, 'convergence');
  waitFor(world, () => whatIsUnbounded(world) === null, 'compaction');
  checkEqual(world);
  checkContents(world, KEYS);
  // Space is given back a little later.
  world.runFor(2 * SECOND_US);
  say(`after: ${sizes(world)}`);
  const { compactions, installs } = world.check.snapshots;
  say(
    `${acknowledged(world)} writes acknowledged, ${world.check.committedIndex} entries committed, ` +
      `${compactions} compactions, ${installs} snapshots installed, ${world.crashes} crashes`,
  );
  say(`the most that one copy of a log ever took: ${highest} bytes (bound ${maxBytes})`);
}

function work(world: World): void {
  for (const { running } of world.running) {
    const room = PENDING_MAX - running.client.pending;
    if (room > 0) running.loop.post('client', () => running.client.burst(room, KEYS));
  }
}

function acknowledged(world: World): number {
  return world.history.counters.acknowledgedWrites;
}

function votersOf(world: World): number {
  return world.leader()?.running?.node.raft.configuration.voters.length ?? 0;
}

function waitFor(world: World, condition: () => boolean, what: string): void {
  if (world.runUntil(condition, 120 * SECOND_US)) return;
  const evidence = `${what}: ${whatIsMissing(world) ?? whatIsUnbounded(world) ?? 'voters'}`;
  throw new Violation('convergence', 'liveness', evidence);
}

/** Bytes of both copies and entries kept, for each server. */
function sizes(world: World): string {
  return world.servers
    .map(({ number, disk, running }) => {
      const kept = running === null ? 'down' : `${disk.entries.length} entries`;
      return `n${number} journal ${disk.journal.bytes} B, IndexedDB ${disk.indexedDb.bytes} B, ${kept}`;
    })
    .join('; ');
}
