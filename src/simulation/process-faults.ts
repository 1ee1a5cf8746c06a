/**
 * Processes that die or stand still: at any moment, in the middle of a write to the log, in the middle
 * of work on a snapshot. Everybody who died comes back after a while.
 */

import type { ProcessFault } from './fault-plan.ts';
import type { FaultTools } from './faults.ts';
import type { Server } from './server.ts';
import { MILLION } from './random.ts';

const MILLISECOND_US = 1_000;
const SECOND_US = 1_000_000;
/** Steps of a snapshot, of which a crash falls into any. */
const SNAPSHOT_STEPS = 12;

/** False where there was nobody to do it to, or it comes only once somebody gives occasion. */
export function strikeProcess(kind: ProcessFault, tools: FaultTools): boolean {
  const { world, random } = tools;
  switch (kind) {
    case 'crash-in-persist':
      crashInPersist(tools);
      return false;
    case 'crash-in-snapshot':
      crashInSnapshot(tools);
      return false;
    case 'pause':
      return pause(tools, tools.anyRunning());
    case 'pause-leader':
      return pause(tools, world.leader());
    case 'crash-one':
      return crash(tools, [tools.anyRunning()]);
    case 'crash-leader':
      return crash(tools, [world.leader()]);
    case 'crash-all':
      return crash(tools, runningOf(tools));
    case 'crash-many': {
      const running = random.shuffle(runningOf(tools));
      return crash(tools, running.slice(0, random.between(1, Math.max(running.length, 1))));
    }
  }
}

function runningOf({ world }: FaultTools): readonly Server[] {
  return world.running.map(({ server }) => server);
}

function crash(tools: FaultTools, victims: readonly (Server | null)[]): boolean {
  let struck = false;
  for (const server of victims) {
    if (server === null) continue;
    tools.crashForAWhile(server);
    struck = true;
  }
  return struck;
}

/** The next record that some server writes meets its end somewhere between its two ends. */
function crashInPersist(tools: FaultTools): void {
  const { world, random } = tools;
  const server = random.chance(MILLION / 2) ? world.leader() : tools.anyRunning();
  if (server === null) return;
  const { running } = server;
  server.disk.onWriting = (lastsUs) => {
    server.disk.onWriting = null;
    world.queue.schedule(random.between(0, lastsUs), () => {
      if (server.running !== running || running === null || !tools.active) return;
      tools.counts['crash-in-persist'] += 1;
      tools.crashForAWhile(server);
    });
  };
}

/** Whoever is next to send or receive a snapshot dies at any step of it. */
function crashInSnapshot(tools: FaultTools): void {
  const { world, random } = tools;
  let left = random.between(1, SNAPSHOT_STEPS);
  let done = false;
  for (const server of runningOf(tools)) {
    const { running } = server;
    server.database.onSnapshotStep = () => {
      left -= 1;
      if (left > 0 || done || !tools.active) return;
      done = true;
      server.database.onSnapshotStep = null;
      world.queue.schedule(random.between(0, 4 * MILLISECOND_US), () => {
        if (server.running !== running || running === null) return;
        tools.counts['crash-in-snapshot'] += 1;
        tools.crashForAWhile(server);
      });
    };
  }
}

function pause({ world, random }: FaultTools, server: Server | null): boolean {
  const running = server?.running;
  if (server === null || running === null || running === undefined) return false;
  server.pause(random.chance(MILLION / 2));
  world.queue.schedule(random.between(100 * MILLISECOND_US, 6 * SECOND_US), () => {
    if (server.running === running) server.resume();
  });
  return true;
}
