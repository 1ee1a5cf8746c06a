/** What a status means for the person in front of the page: how many tabs may still be lost. Pure. */

import type { MemberStatus, NodeStatus } from '../node/status.ts';

type NodeId = NodeStatus['nodeId'];

export interface ClusterHealth {
  /** Members that are there, learners too. */
  readonly presentMembers: number;
  readonly voters: number;
  /** Voters this tab is connected with, itself included. */
  readonly connectedVoters: number;
  /** How many voters may be lost from here on without writes stopping; negative: they have. */
  readonly spareVoters: number;
  /** How many voters may be lost while all are connected. */
  readonly tolerance: number;
}

/** The size a cluster needs to lose a member and go on. */
export const SAFE_MEMBERS = 3;

export function healthOf(status: NodeStatus): ClusterHealth {
  const { nodeId, voters, outgoingVoters, learners } = status;
  const connected = new Set<string>([nodeId]);
  for (const member of status.members) if (member.connected) connected.add(member.nodeId);
  const count = (ids: readonly string[]): number => ids.filter((id) => connected.has(id)).length;
  return {
    presentMembers: count([...new Set([...voters, ...outgoingVoters, ...learners])]),
    voters: voters.length,
    connectedVoters: count(voters),
    spareVoters: spareVotersOf(status, connected),
    tolerance: voters.length - majority(voters.length),
  };
}

/** How many of those present may be lost without writes stopping; negative: they have. */
export function spareVotersOf(
  status: Pick<NodeStatus, 'voters' | 'outgoingVoters'>,
  present: ReadonlySet<string>,
): number {
  const spare = (ids: readonly string[]): number =>
    ids.filter((id) => present.has(id)).length - majority(ids.length);
  return Math.min(...halvesOf(status).map(spare));
}

/** Those who vote; while the configuration is joint, the former ones and the new ones, who decide apart. */
export function halvesOf({
  voters,
  outgoingVoters,
}: Pick<NodeStatus, 'voters' | 'outgoingVoters'>): readonly (readonly NodeId[])[] {
  return outgoingVoters.length === 0 ? [voters] : [outgoingVoters, voters];
}

export function majority(voters: number): number {
  return Math.floor(voters / 2) + 1;
}

/** Whether all voters, of at least three, live in one browser profile. */
export function isOneProfile(status: NodeStatus): boolean {
  const voters = status.members.filter(({ voter }) => voter);
  const isKnown = voters.every(({ profileId }) => profileId !== null);
  const isSafe = voters.length >= SAFE_MEMBERS && isKnown;
  return isSafe && new Set(voters.map(({ profileId }) => profileId)).size === 1;
}

/** The members as they are listed: this tab first, then the leader, then by id. */
export function listMembers(status: NodeStatus): MemberStatus[] {
  const rank = ({ nodeId }: MemberStatus): number => {
    if (nodeId === status.nodeId) return 0;
    return nodeId === status.leaderId ? 1 : 2;
  };
  return status.members.toSorted((a, b) => rank(a) - rank(b) || byId(a, b));
}

function byId(a: MemberStatus, b: MemberStatus): number {
  return a.nodeId < b.nodeId ? -1 : 1;
}

/** One line about what may be lost; `nodesHere` run in this tab. */
export function describeTolerance(status: NodeStatus, nodesHere = 1): string {
  const { spareVoters, tolerance, voters, connectedVoters } = healthOf(status);
  if (status.state === 'stopped') return 'This node has stopped; this is the last it knew.';
  if (voters === 0) return 'Not a member yet.';
  if (spareVoters < 0) return 'Too few voters are connected: nothing can be written.';
  if (nodesHere > 1) return `${nodesHere} nodes live in this tab, and stop with it.`;
  if (tolerance === 0) return 'No fault tolerance: that takes three.';
  if (spareVoters === 0) return 'One more loss stops writes.';
  const survives = `Survives the loss of ${spareVoters} ${spareVoters === 1 ? 'tab' : 'tabs'}.`;
  return connectedVoters < voters ? `${survives} A voter is away.` : survives;
}

/** The same in a few words, for a place that is always in sight. */
export function describeSurvival(status: NodeStatus): string {
  const { spareVoters, voters } = healthOf(status);
  if (voters === 0) return 'no member yet';
  if (spareVoters < 0) return 'no quorum';
  if (spareVoters === 0) return 'survives no loss';
  return `survives ${spareVoters} ${spareVoters === 1 ? 'loss' : 'losses'}`;
}
