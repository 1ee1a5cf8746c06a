/**
 * Servers that come and go: newcomers, machines lost for ever with all they stored, and what operators
 * ask for; and intruders, for whom members that do not know better ask. Nothing is lost that the
 * cluster cannot spare.
 */

import { configurationText } from './entry-digest.ts';
import type { MembershipFault } from './fault-plan.ts';
import type { FaultTools } from './faults.ts';
import { ADMINISTRATION_TIMEOUT_MS } from '../node/limits.ts';
import type { Administration, Admission } from '../node/messages.ts';
import { MILLION } from './random.ts';
import { keyOf, nodeIdOf, type Running, type Server } from './server.ts';

/** How long a change of the configuration may still be on its way after it was asked for. */
const LOSS_MARGIN_MS = 5_000;
const MILLISECOND_US = 1_000;
/** No server of the world has it. */
const STRANGER_NUMBER = 1_000;

/** False where there was nobody to do it to, or the cluster could not spare it. */
export function strikeMembership(kind: MembershipFault, tools: FaultTools): boolean {
  switch (kind) {
    case 'join':
      return join(tools, 0);
    case 'wipe-storage':
      return wipeStorage(tools);
    case 'remove':
    case 'leave':
      return depart(kind, tools);
    case 'transfer':
      return transfer(tools);
    case 'invite':
      return invite(tools);
    case 'revoke-invite':
      return revokeInvite(tools);
    case 'intrude':
      return intrude(tools);
  }
}

/**
 * An operator removes a server through any other, or a server leaves by itself. Where a voter is lost
 * already, or a database, that may be one too many: then nobody asks.
 */
function depart(kind: 'remove' | 'leave', tools: FaultTools): boolean {
  const { world, random } = tools;
  const { servers, running } = world;
  const alive = servers.filter((server) => !server.destroyed);
  const isSafe =
    running.length === alive.length &&
    alive.every((server) => !server.isUnsound) &&
    !servers.some((server) => server.destroyed && isVoterAnywhere(server, tools));
  const [asked, target] = random.shuffle(running);
  if (!isSafe || asked === undefined || target === undefined) return false;
  const nodeId = kind === 'leave' ? asked.server.nodeId : target.server.nodeId;
  tools.holdLosses(ADMINISTRATION_TIMEOUT_MS + LOSS_MARGIN_MS);
  world.check.entitlement.onDepart(kind, nodeId);
  administer(tools, asked.running, { type: kind, nodeId });
  // Whoever was removed tries to come back.
  world.queue.schedule(random.between(100, 5_000) * MILLISECOND_US, () => {
    if (tools.active) intrude(tools);
  });
  return true;
}

/** The leadership goes to somebody, or to whoever is best placed. */
function transfer(tools: FaultTools): boolean {
  const { world, random } = tools;
  const asked = tools.anyRunning()?.running;
  if (asked === undefined || asked === null) return false;
  const nodeId = random.chance(MILLION / 2) ? null : random.pick(world.servers).nodeId;
  administer(tools, asked, { type: 'transfer', nodeId });
  return true;
}

/** For one newcomer, for two or for any number, and for a while or for ever. */
function invite(tools: FaultTools): boolean {
  const { world, random } = tools;
  const asked = tools.anyRunning()?.running;
  if (asked === undefined || asked === null) return false;
  const id = `invite${tools.inviteIds.length}`;
  tools.inviteIds.push(id);
  const createdAtMs = asked.clock.wallClock();
  const isForEver = random.chance(MILLION / 2);
  const expiresAtMs = isForEver ? null : createdAtMs + random.between(500, 10_000);
  const usesLeft = random.pick([1, 1, 2, null]);
  const record = { id, verifier: `verifier of ${id}`, createdAtMs, expiresAtMs, usesLeft };
  administer(tools, asked, { type: 'invite', invite: record });
  // Sooner or later somebody comes by it, or several do.
  for (const wish of [2, 2, 3]) {
    if (!random.chance(MILLION / wish)) continue;
    world.queue.schedule(random.between(10, 12_000) * MILLISECOND_US, () => {
      if (tools.active) join(tools, 0, { type: 'invite', inviteId: id });
    });
  }
  return true;
}

function revokeInvite(tools: FaultTools): boolean {
  const { world, random, inviteIds } = tools;
  const asked = tools.anyRunning()?.running;
  if (asked === undefined || asked === null || inviteIds.length === 0) return false;
  const inviteId = random.pick(inviteIds);
  world.check.entitlement.onRevoke(inviteId);
  administer(tools, asked, { type: 'revoke-invite', inviteId });
  return true;
}

/**
 * A member asks the leader to take somebody in who may not come: whoever was removed, with all that it
 * can have, or a stranger with the word of one that was removed, or of another stranger. Members ask
 * so who have not heard yet.
 */
function intrude({ world, random }: FaultTools): boolean {
  const leader = world.leader();
  const raft = leader?.running?.node.raft;
  if (leader === null || raft === undefined || leader.running === null) return false;
  const { voters } = raft.configuration;
  const { removed } = raft.committedConfiguration.configuration.access;
  const strangers = [nodeIdOf(STRANGER_NUMBER), nodeIdOf(STRANGER_NUMBER + 1)] as const;
  const bad = removed.length === 0 ? strangers[1] : random.pick(removed);
  const isItself = removed.length > 0 && random.chance(MILLION / 2);
  const nodeId = isItself ? bad : strangers[0];
  const admission = { type: 'voucher', by: isItself ? random.pick(voters) : bad } as const;
  const from = random.pick(voters);
  const { loop, node } = leader.running;
  const key = keyOf(nodeId);
  const request = {
    type: 'join-request',
    from,
    to: leader.nodeId,
    nodeId,
    key,
    admission,
  } as const;
  loop.post('network', () => node.receive({ ...request, profileId: 'elsewhere' }));
  return true;
}

function administer(tools: FaultTools, running: Running, administration: Administration): void {
  running.loop.post('client', () => {
    running.node.administer(administration, null, (outcome) => {
      if (outcome.type === 'done') tools.onAdministered(administration.type);
    });
  });
}

function isVoterAnywhere(server: Server, { world }: FaultTools): boolean {
  return world.running.some(({ running: { node } }) => {
    const { voters, outgoingVoters } = node.raft.configuration;
    return voters.includes(server.nodeId) || outgoingVoters.includes(server.nodeId);
  });
}

/** A server joins that nobody knows, by members that are there. */
function join(tools: FaultTools, extra: number, admission: Admission | null = null): boolean {
  const { world, random } = tools;
  const alive = world.servers.filter((server) => !server.destroyed);
  if (alive.length === 0 || alive.length >= tools.serversMax + extra) return false;
  const contacts = random.shuffle(alive).slice(0, 2);
  world
    .addServer(
      contacts.map((server) => server.nodeId),
      admission,
    )
    .start();
  return true;
}

/**
 * A voter's machine loses all that it stored, log and database, and so its identity: the old one is
 * gone for ever, and a newcomer takes its place. Only where the others remain a majority of every
 * configuration that may be in force: all servers run, and agree on one that is not changing; and
 * where those that remain have sound databases.
 */
function wipeStorage(tools: FaultTools): boolean {
  const { world, random } = tools;
  const { servers, running } = world;
  if (tools.areLossesHeld) return false;
  const alive = servers.filter((server) => !server.destroyed);
  const configurations = running.map(({ running: { node } }) => node.raft.configuration);
  const [configuration] = configurations;
  if (configuration === undefined || running.length < alive.length) return false;
  const same = new Set(configurations.map(configurationText)).size === 1;
  if (!same || configuration.outgoingVoters.length > 0) return false;
  const { voters } = configuration;
  const isVoter = (server: Server): boolean => voters.includes(server.nodeId);
  const lost = servers.filter(
    (server) => isVoter(server) && (server.destroyed || server.isUnsound),
  );
  if (2 * (lost.length + 1) >= voters.length) return false;
  world.destroy(random.pick(alive.filter(isVoter)));
  join(tools, 1);
  return true;
}
