/** The worlds that the Lab makes itself: on a network slow enough to be watched, with clocks as they should be. */

import { GOOD_NETWORK, type NetworkConditions } from '../simulation/network.ts';
import type { RuntimeLimits } from '../node/limits.ts';
import { pass, type Script } from '../simulation/script.ts';
import { nodeIdOf, type Server } from '../simulation/server.ts';
import { World } from '../simulation/world.ts';
import type { Workload } from '../simulation/client.ts';

/** The list that everybody appends to. */
export const HAND_KEY = 0;

const MILLISECOND_US = 1_000;

/** A message takes long enough to be seen, and a lost link is noticed before an election timeout is over. */
const LAB_NETWORK: NetworkConditions = {
  ...GOOD_NETWORK,
  latencyMinUs: 8 * MILLISECOND_US,
  latencyMaxUs: 24 * MILLISECOND_US,
  detectMinUs: 100 * MILLISECOND_US,
  detectMaxUs: 300 * MILLISECOND_US,
};
const TIMER_LATENESS_US = 50;
/** How often clients of servers that have started since are set to work. */
const HIRING_INTERVAL_US = 200 * MILLISECOND_US;

const WORKLOAD: Workload = {
  clients: 1,
  pauseMinUs: 500 * MILLISECOND_US,
  pauseMaxUs: 3_000 * MILLISECOND_US,
  readsPerMillion: 0,
  burstsPerMillion: 0,
  burstMax: 1,
  pendingMax: 8,
  keys: HAND_KEY + 1,
};

/** The worlds in which no clock is ever wrong but by hand. */
const steadyWorlds = new WeakSet<World>();

export function labWorld(seed: number, servers: number, limits: Partial<RuntimeLimits>): World {
  const maxVoters = servers % 2 === 1 ? servers : servers - 1;
  const bounds = { maxVoters: Math.max(maxVoters, 3), ...limits };
  const world = new World({ seed, text: null, limits: bounds });
  world.network.conditions = LAB_NETWORK;
  steadyWorlds.add(world);
  return world;
}

/** Servers numbered 0 to `count` - 1: the first founds the cluster, the others ask it to join. */
export function startCluster(world: World, count: number): void {
  for (let i = 0; i < count; i += 1) {
    const server = world.addServer(i === 0 ? [] : [nodeIdOf(0)]);
    setClock(server);
    server.start();
  }
}

export function hasSteadyClocks(world: World): boolean {
  return steadyWorlds.has(world);
}

/** As quartz does that nobody disturbs. */
export function setClock({ clock }: Server): void {
  clock.driftPpm = 0;
  clock.wallOffsetMs = 0;
  clock.timerLatenessUs = TIMER_LATENESS_US;
}

/** A cluster that is founded, grows, and then works for its clients for ever. */
export function* freeScript(world: World, servers: number, clients: number): Script {
  startCluster(world, servers);
  for (;;) {
    if (clients > 0 && isGrown(world)) {
      for (const { running } of world.running) running.client.work({ ...WORKLOAD, clients });
    }
    yield* pass(world, HIRING_INTERVAL_US);
  }
}

/** Everybody that is up is a member, and all that may vote do. */
function isGrown(world: World): boolean {
  const configuration = world.leader()?.running?.node.raft.configuration;
  if (configuration === undefined) return false;
  const { voters, outgoingVoters, learners } = configuration;
  const members = voters.length + learners.length;
  const room = world.limits.maxVoters - voters.length;
  const isWhole = members >= world.servers.length && outgoingVoters.length === 0;
  return isWhole && (learners.length < 2 || room < 2);
}
