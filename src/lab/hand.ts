/**
 * What a person does to a world, by the world's own means: the network's, the servers', their clocks' and
 * clients'. It draws nothing at random, so the same act in the same moment has the same effect. Every act
 * is an event of the trace.
 */

import type { Administration } from '../node/messages.ts';
import type { NodeId } from '../raft/types.ts';
import { MILLION } from '../simulation/random.ts';
import type { Running, Server } from '../simulation/server.ts';
import type { World } from '../simulation/world.ts';
import { numbersOfAction } from './link.ts';
import { MAX_SERVERS } from './link.ts';
import { nameOf } from './names.ts';
import type { HandAction, ServerNumber } from './protocol.ts';
import { HAND_KEY, hasSteadyClocks, setClock } from './set.ts';

export type WorldAction = Exclude<HandAction, { readonly type: 'next' }>;

/** In the trace, apart from the faults of a plan. */
const FIRST_CODE = 1_000;
const CODES: readonly WorldAction['type'][] = [
  'drop',
  'delay',
  'crash',
  'restart',
  'freeze',
  'thaw',
  'block',
  'unblock',
  'partition',
  'heal',
  'time-out',
  'write',
  'transfer',
  'remove',
  'join',
];

/** Null: it is done. Else why it cannot be, and nothing has changed. */
export function act(world: World, action: WorldAction): string | null {
  const refusal = refusalOf(world, action);
  if (refusal !== null) return refusal;
  const { trace, queue } = world;
  const facts = [FIRST_CODE + CODES.indexOf(action.type), ...numbersOf(action)];
  trace.record(queue.nowUs, 'fault', -1, facts, () => `by hand: ${describeAction(action)}`);
  perform(world, action);
  return null;
}

/** For a person. */
export function describeAction(action: HandAction): string {
  switch (action.type) {
    case 'drop':
      return `message ${action.flight} is dropped`;
    case 'delay':
      return `message ${action.flight} is delayed by ${action.byUs / 1_000} ms`;
    case 'crash':
      return `${nameOf(action.server)} crashes`;
    case 'restart':
      return `${nameOf(action.server)} starts again`;
    case 'freeze':
      return `${nameOf(action.server)} freezes`;
    case 'thaw':
      return `${nameOf(action.server)} goes on`;
    case 'block':
      return `nothing gets from ${nameOf(action.from)} to ${nameOf(action.to)}`;
    case 'unblock':
      return `${nameOf(action.from)} gets through to ${nameOf(action.to)} again`;
    case 'partition':
      return `partition: ${action.groups.map((group) => group.map(nameOf).join(' ')).join(' | ')}`;
    case 'heal':
      return 'all links are free again';
    case 'time-out':
      return `${nameOf(action.server)}'s election timeout is over`;
    case 'write':
      return `a client of ${nameOf(action.server)} writes`;
    case 'transfer':
      return `${nameOf(action.server)} is to lead`;
    case 'remove':
      return `${nameOf(action.server)} is to go`;
    case 'join':
      return 'a new server asks to join';
    case 'next':
      return 'the next step begins';
  }
}

function numbersOf(action: WorldAction): readonly number[] {
  if (action.type === 'partition')
    return action.groups.flatMap((group) => [group.length, ...group]);
  return numbersOfAction(action);
}

function refusalOf(world: World, action: WorldAction): string | null {
  switch (action.type) {
    case 'drop':
    case 'delay': {
      const flight = world.network.flights.list().find(({ id }) => id === action.flight);
      return flight === undefined || flight.isLost ? 'This message is not on its way.' : null;
    }
    case 'block':
    case 'unblock':
      return strangerAmong(world, [action.from, action.to]);
    case 'partition':
      return strangerAmong(world, action.groups.flat());
    case 'heal':
      return null;
    case 'join':
      if (world.running.length === 0) return 'No server is up that could be asked.';
      return world.servers.length < MAX_SERVERS ? null : 'There are too many servers already.';
    case 'remove':
    case 'transfer':
      if (world.running.length === 0) return 'No server is up that could be asked.';
      return strangerAmong(world, [action.server]);
    default:
      return refusalAt(world, action.type, action.server);
  }
}

function strangerAmong(world: World, numbers: readonly ServerNumber[]): string | null {
  const stranger = numbers.find((number) => world.servers[number] === undefined);
  return stranger === undefined ? null : `There is no ${nameOf(stranger)}.`;
}

function refusalAt(
  world: World,
  type: 'crash' | 'restart' | 'freeze' | 'thaw' | 'time-out' | 'write',
  number: ServerNumber,
): string | null {
  const server = world.servers[number];
  const name = nameOf(number);
  if (server === undefined) return `There is no ${name}.`;
  const { running } = server;
  if (type === 'restart') {
    if (server.destroyed) return `${name} has lost its disk.`;
    return running === null ? null : `${name} is up.`;
  }
  if (running === null) return `${name} is down.`;
  const isFrozen = running.loop.paused;
  if (type === 'freeze') return isFrozen ? `${name} is frozen.` : null;
  if (type === 'thaw') return isFrozen ? null : `${name} is not frozen.`;
  if (type !== 'time-out') return null;
  if (isFrozen) return `${name} is frozen.`;
  return Number.isFinite(running.node.raft.electionDueMs)
    ? null
    : `${name} waits for no election timeout.`;
}

function perform(world: World, action: WorldAction): void {
  const { network } = world;
  switch (action.type) {
    case 'drop':
      network.flights.drop(action.flight);
      return;
    case 'delay':
      network.flights.delay(action.flight, action.byUs);
      return;
    case 'block':
      network.block(idOf(world, action.from), idOf(world, action.to));
      return;
    case 'unblock':
      network.unblock(idOf(world, action.from), idOf(world, action.to));
      return;
    case 'partition':
      partition(world, action.groups);
      return;
    case 'heal':
      network.unblockAll();
      return;
    case 'join':
      join(world);
      return;
    case 'transfer':
    case 'remove':
      administer(world, { type: action.type, nodeId: idOf(world, action.server) });
      return;
    default:
      performAt(world, action.type, world.server(action.server));
  }
}

function performAt(
  world: World,
  type: 'crash' | 'restart' | 'freeze' | 'thaw' | 'time-out' | 'write',
  server: Server,
): void {
  switch (type) {
    case 'crash':
      world.crash(server);
      return;
    case 'restart':
      server.start();
      return;
    case 'freeze':
      server.pause(false);
      return;
    case 'thaw':
      server.resume();
      return;
    case 'time-out':
      if (server.running !== null) timeOut(server, server.running);
      return;
    case 'write':
      if (server.running !== null) write(server.running);
  }
}

function idOf(world: World, number: ServerNumber): NodeId {
  return world.server(number).nodeId;
}

function partition(world: World, groups: readonly (readonly ServerNumber[])[]): void {
  const { network, servers } = world;
  const groupOf = ({ number }: Server): number => {
    const group = groups.findIndex((members) => members.includes(number));
    // Whoever is in none is alone.
    return group === -1 ? -1 - number : group;
  };
  network.unblockAll();
  for (const a of servers) {
    for (const b of servers) {
      if (a !== b && groupOf(a) !== groupOf(b)) network.block(a.nodeId, b.nodeId);
    }
  }
}

/** In a world with clocks as they should be the newcomer's is one of them. */
function join(world: World): void {
  const newcomer = world.addServer(contactsOf(world));
  if (hasSteadyClocks(world)) setClock(newcomer);
  newcomer.start();
}

/** Those that are up, the leader first: it speaks for the newcomer. */
function contactsOf(world: World): readonly NodeId[] {
  const leader = world.leader()?.nodeId ?? null;
  const ids = world.running.map(({ server }) => server.nodeId);
  return ids.toSorted((a, b) => Number(b === leader) - Number(a === leader)).slice(0, 2);
}

/** Asked of the leader, or else of the first server that is up, which passes it on. */
function administer(world: World, administration: Administration): void {
  const running = world.leader()?.running ?? world.running[0]?.running;
  if (running === undefined) return;
  running.loop.post('client', () => running.node.administer(administration, null, () => {}));
}

/**
 * The machine's clock jumps to where the timeout is over, as clocks may (CL3), and the node looks at it.
 * No further: a server that finds itself far beyond takes it that it slept.
 */
function timeOut(server: Server, { loop, node }: Running): void {
  const { clock } = server;
  // A millisecond more, since clocks are read in whole ones.
  const dueUs = (Math.max(node.raft.electionDueMs, 0) + 1) * 1_000;
  clock.skippedUs += Math.ceil((dueUs * MILLION) / (MILLION + clock.driftPpm));
  loop.post('timer', () => node.start());
}

function write({ loop, client }: Running): void {
  loop.post('client', () => client.write({ type: 'append', key: HAND_KEY }, null, () => {}));
}
