/**
 * What has to come true once nothing goes wrong any more (liveness): every server that still has its
 * disk is a member and follows one leader; all logs are the same, committed and applied to the end;
 * all databases are sound and hold the same, every request has been answered, and learners that can be promoted
 * are.
 */

import { standingIn } from '../../node/access.ts';
import { admit } from '../../node/admission.ts';
import { membersOf } from '../../raft/configuration.ts';
import type { Configuration, LogIndex, NodeId } from '../../raft/types.ts';
import type { Server } from '../server.ts';
import type { World } from '../world.ts';
import { Violation } from './violation.ts';

/** Null where the cluster has converged; else the first thing that is missing. */
export function whatIsMissing(world: World): string | null {
  const alive = world.servers.filter((server) => !server.destroyed);
  const leader = world.leader();
  if (leader === null || leader.running === null) return 'a leader';
  const led = leader.running.node.raft;
  const due = changeDue(world, led.configuration);
  if (due !== null) return due;
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
    if (server.isUnsound) return `${nodeId} has a sound database`;
    if (server.running.client.pending > 0) return `${nodeId} answers all requests`;
  }
  return null;
}

/**
 * Servers that are no members and cannot become any: all that they were told of left before they got
 * in, or what they have is no invite and no voucher (any more). Only another invitation helps them.
 */
export function strandedServers(world: World): Server[] {
  const raft = world.leader()?.running?.node.raft;
  if (raft === undefined) return [];
  const { configuration } = raft.committedConfiguration;
  return world.servers.filter((server) => {
    const { nodeId, contacts, destroyed, running } = server;
    if (destroyed || running === null) return false;
    const standing = standingIn(configuration, nodeId);
    // Removed before it knew that it was a member: it is refused, and only its page is told why.
    if (standing === 'removed') {
      const known = running.node.raft.committedConfiguration.configuration;
      return !membersOf(known).includes(nodeId);
    }
    if (standing !== 'unknown') return false;
    // An invite that will be over may be so at any time.
    if (admit(configuration, server, Infinity).type === 'refused') return true;
    if (running.node.raft.lastIndex > 0) return false;
    return contacts.every((id) => !isMember(configuration, id));
  });
}

/** What the autopilot still has to do. */
function changeDue(world: World, { voters, learners }: Configuration): string | null {
  const lost = new Set(world.servers.filter((s) => s.destroyed).map((s) => s.nodeId));
  const candidates = learners.filter((id) => !lost.has(id)).length;
  if (candidates > 0 && voters.some((id) => lost.has(id))) return 'the swap of a lost voter';
  const room = world.limits.maxVoters - voters.length;
  const step = voters.length % 2 === 1 ? 2 : 1;
  return candidates >= step && room >= step ? 'the promotion of learners' : null;
}

function isMember(configuration: Configuration, id: NodeId): boolean {
  return configuration.voters.includes(id) || configuration.learners.includes(id);
}

/** Of a converged cluster: the durable logs and the databases, sessions included, are equal. */
export function checkEqual(world: World): void {
  const [first, ...others] = world.running;
  if (first === undefined) return;
  const end = first.running.node.raft.lastIndex as LogIndex;
  for (const { server, running } of others) {
    if (server.disk.chainAt(end) !== first.server.disk.chainAt(end)) {
      throw different(`the logs of ${first.server.nodeId} and ${server.nodeId} differ`);
    }
    if (first.running.machine.hash() === running.machine.hash()) continue;
    throw different(`the databases of ${first.server.nodeId} and ${server.nodeId} differ`);
  }
}

/**
 * Of a converged cluster: every server holds what the writes that took effect make, in their order,
 * and so every append that was acknowledged exactly once and none that was refused.
 */
export function checkContents(world: World, keys: number): void {
  const { reference } = world.history;
  for (const { server, running } of world.running) {
    const { model } = running.machine;
    for (let key = 0; key < keys; key += 1) {
      const equal =
        model.list(key).length === reference.list(key).length &&
        model.list(key).digest === reference.list(key).digest &&
        model.values(key).join() === reference.values(key).join() &&
        model.register(key) === reference.register(key);
      if (equal) continue;
      const evidence = `${server.nodeId} holds under ${key} what no order of writes makes`;
      throw new Violation('exactly once', 'thesis 6.3', evidence);
    }
  }
}

function different(evidence: string): Violation {
  return new Violation('convergence', '5.4.3', evidence);
}
