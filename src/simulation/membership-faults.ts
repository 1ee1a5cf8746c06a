/**
 * Servers that come and go: newcomers, machines lost for ever with all they stored, and what operators
 * ask for. Nothing is lost that the cluster cannot spare.
 */

import { configurationText } from './entry-digest.ts';
import type { MembershipFault } from './fault-plan.ts';
import type { FaultTools } from './faults.ts';
import { ADMINISTRATION_TIMEOUT_MS } from '../node/limits.ts';
import type { Administration } from '../node/messages.ts';
import { MILLION } from './random.ts';
import type { Running, Server } from './server.ts';

/** How long a change of the configuration may still be on its way after it was asked for. */
const LOSS_MARGIN_MS = 5_000;

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
  administer(tools, asked.running, { type: kind, nodeId });
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
function join(tools: FaultTools, extra: number): boolean {
  const { world, random } = tools;
  const alive = world.servers.filter((server) => !server.destroyed);
  if (alive.length === 0 || alive.length >= tools.serversMax + extra) return false;
  const contacts = random.shuffle(alive).slice(0, 2);
  world.addServer(contacts.map((server) => server.nodeId)).start();
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
