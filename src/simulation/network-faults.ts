/** Networks that are cut, slow or bad: for a while, and one partition at a time. */

import { drawWeather, type NetworkFault } from './fault-plan.ts';
import type { FaultTools } from './faults.ts';
import type { NodeId } from '../raft/types.ts';
import { MILLION } from './random.ts';

const MILLISECOND_US = 1_000;

type Cut = 'partition' | 'isolate-leader' | 'isolate-all' | 'one-way' | 'bridge';

/** False where there was nobody to do it to. */
export function strikeNetwork(kind: NetworkFault, tools: FaultTools): boolean {
  const { world, random } = tools;
  const { network, servers, queue } = world;
  switch (kind) {
    case 'reset-link': {
      const [a, b] = random.shuffle(servers);
      if (a === undefined || b === undefined) return false;
      network.reset(a.nodeId, b.nodeId);
      return true;
    }
    case 'slow-link': {
      const receiver = random.pick(servers).nodeId;
      const messageUs = random.between(20, 500) * MILLISECOND_US;
      for (const { nodeId } of servers) network.slow(nodeId, receiver, messageUs);
      queue.schedule(tools.lastsUs(), () => {
        for (const { nodeId } of servers) network.slow(nodeId, receiver, 0);
      });
      return true;
    }
    case 'weather':
      network.conditions = drawWeather(random);
      return true;
    default:
      return cut(kind, tools);
  }
}

/** A new partition takes the place of the one before, and the end of an older one ends no newer one. */
function cut(kind: Cut, tools: FaultTools): boolean {
  const { world, random } = tools;
  const { network, servers, queue } = world;
  const leader = world.leader()?.nodeId ?? null;
  if (servers.length < 2 || (kind === 'isolate-leader' && leader === null)) return false;
  network.unblockAll();
  const ids = random.shuffle(servers).map((server) => server.nodeId);
  if (kind === 'isolate-all') {
    for (const a of ids) for (const b of ids) if (a !== b) network.block(a, b);
  } else {
    const outgoing = random.chance(MILLION / 2);
    for (const [a, b] of pairs(kind, ids, leader, random.between(1, ids.length - 1))) {
      if (kind !== 'one-way' || outgoing) network.block(a, b);
      if (kind !== 'one-way' || !outgoing) network.block(b, a);
    }
  }
  const partition = network.partitions;
  queue.schedule(tools.lastsUs(), () => {
    if (network.partitions === partition) network.unblockAll();
  });
  return true;
}

/** Who is cut from whom. */
function pairs(
  kind: Cut,
  ids: readonly NodeId[],
  leader: NodeId | null,
  size: number,
): (readonly [NodeId, NodeId])[] {
  const one = kind === 'isolate-leader' && leader !== null ? [leader] : ids.slice(0, size);
  const others = ids.filter((id) => !one.includes(id));
  // A bridge belongs to both sides: they see it, and it sees them, but not each other.
  const bridge = kind === 'bridge' ? ids.at(-1) : undefined;
  return one
    .filter((a) => a !== bridge)
    .flatMap((a) => others.filter((b) => b !== bridge).map((b) => [a, b] as const));
}
