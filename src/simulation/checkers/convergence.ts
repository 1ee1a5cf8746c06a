/**
 * What has to come true once nothing goes wrong any more (liveness): every server that still has its
 * disk is a member and follows one leader; all logs are the same, committed and applied to the end;
 * all databases hold the same, every request has been answered, and learners that can be promoted
 * are.
 */

import { MAX_VOTERS } from '../../node/limits.ts';
import type { Configuration, LogIndex, NodeId } from '../../raft/types.ts';
import type { World } from '../world.ts';
import { Violation } from './violation.ts';

/** Null where the cluster has converged; else the first thing that is missing. */
export function whatIsMissing(world: World): string | null {
  const alive = world.servers.filter((server) => !server.destroyed);
  const leader = world.leader();
  if (leader === null || leader.running === null) return 'a leader';
  const led = leader.running.node.raft;
  if (isPromotionDue(led.configuration)) return 'the promotion of learners';
  const end = led.lastIndex;
  for (const server of alive) {
    if (server.running === null) return `server ${server.number}`;
    const { raft } = server.running.node;
    const { nodeId } = raft;
    if (raft.leaderId !== led.nodeId || raft.term !== led.term) return `${nodeId} follows`;
    if (!isMember(raft.configuration, nodeId)) return `${nodeId} is a member`;
    if (raft.configuration.outgoingVoters.length > 0) return 'the end of a configuration change';
    if (raft.durableIndex !== end || raft.lastIndex !== end) return `${nodeId} has the whole log`;
    if (raft.commitIndex !== end) return `${nodeId} commits the whole log`;
    if (server.running.machine.appliedIndex !== end) return `${nodeId} applies the whole log`;
    if (server.running.client.pending > 0) return `${nodeId} answers all requests`;
  }
  return null;
}

/** Two learners become voters together while there is room for them. */
function isPromotionDue(configuration: Configuration): boolean {
  const { voters, learners } = configuration;
  return learners.length >= 2 && voters.length + 2 <= MAX_VOTERS;
}

function isMember(configuration: Configuration, id: NodeId): boolean {
  return configuration.voters.includes(id) || configuration.learners.includes(id);
}

/** Of a converged cluster: the durable logs and the databases are equal. */
export function checkEqual(world: World, keys: number): void {
  const [first, ...others] = world.running;
  if (first === undefined) return;
  const end = first.running.node.raft.lastIndex as LogIndex;
  for (const { server, running } of others) {
    if (server.disk.chainAt(end) !== first.server.disk.chainAt(end)) {
      throw different(`the logs of ${first.server.nodeId} and ${server.nodeId} differ`);
    }
    for (let key = 0; key < keys; key += 1) {
      const one = first.running.machine.model;
      const other = running.machine.model;
      const equal =
        one.list(key).digest === other.list(key).digest &&
        one.register(key) === other.register(key);
      if (!equal) throw different(`${first.server.nodeId} and ${server.nodeId} differ in ${key}`);
    }
  }
}

/**
 * Of a converged cluster: every append that took effect is there exactly once, every other one is
 * not, on every server.
 */
export function checkAppends(world: World, keys: number): void {
  const { exactlyOnce, operations } = world.history;
  const expected = exactlyOnce.effects().filter((id) => {
    const operation = operations[id - 1];
    return operation?.type === 'write' && operation.write.type === 'append';
  });
  for (const { server, running } of world.running) {
    const found: number[] = [];
    for (let key = 0; key < keys; key += 1) found.push(...running.machine.model.values(key));
    found.sort((a, b) => a - b);
    const equal = found.length === expected.length && found.every((id, i) => id === expected[i]);
    if (equal) continue;
    throw new Violation(
      'exactly once',
      'thesis 6.3',
      `${server.nodeId} holds ${found.length} appends, ${expected.length} took effect`,
    );
  }
}

function different(evidence: string): Violation {
  return new Violation('convergence', '5.4.3', evidence);
}
