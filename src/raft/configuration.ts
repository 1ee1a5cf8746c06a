/**
 * Cluster configurations and their quorums (paper section 6, thesis chapter 4). Pure functions.
 *
 * Membership changes by joint consensus alone: C_old becomes C_old,new, which needs a majority of
 * both, and that becomes C_new. A voter that is to stay on as a learner is listed among the learners
 * of the joint configuration too: until the change is over it votes, afterwards it does not. So
 * whoever leads when the joint configuration is committed finds in it all that C_new takes.
 */

import type { Access, Configuration, NodeId } from './types.ts';

/** Nobody has a key, and nobody is invited. */
export const NO_ACCESS: Access = { keys: {}, former: [], removed: [], invites: [] };

/** What a server without any configuration entry has: nobody votes. */
export const EMPTY_CONFIGURATION: Configuration = {
  voters: [],
  outgoingVoters: [],
  learners: [],
  profiles: {},
  access: NO_ACCESS,
};

/** The members of a configuration, whatever is known of each. */
type Members = Pick<Configuration, 'voters' | 'outgoingVoters' | 'learners'>;
type Voters = Pick<Members, 'voters' | 'outgoingVoters'>;

/** Who is to vote and who is to learn, in any order. */
export interface ConfigurationTarget {
  readonly voters: readonly NodeId[];
  readonly learners: readonly NodeId[];
  /** Of any members; those that are not named keep the profile they have. */
  readonly profiles?: Readonly<Record<NodeId, string>>;
  /** As it is to be; where not given it stays as it is. Keys of others than members are dropped. */
  readonly access?: Access;
}

/**
 * The target as a configuration that follows `current`. Throws `RangeError` where the target has no
 * voter, or a server is both voter and learner.
 */
export function configurationOf(
  target: ConfigurationTarget,
  current: Configuration = EMPTY_CONFIGURATION,
): Configuration {
  const voters = sortedUnique(target.voters);
  const learners = sortedUnique(target.learners);
  if (voters.length === 0) throw new RangeError('a configuration needs a voter');
  const both = learners.find((id) => voters.includes(id));
  if (both !== undefined) throw new RangeError(`${both} cannot be voter and learner`);
  const profiles = { ...current.profiles, ...target.profiles };
  const access = target.access ?? current.access;
  return ofMembers({ voters, outgoingVoters: [], learners }, profiles, access);
}

/** The configuration with the profiles and keys of its members alone. */
function ofMembers(
  members: Members,
  profiles: Readonly<Record<NodeId, string>>,
  access: Access,
): Configuration {
  const ids = membersOf(members);
  const keys = pick(access.keys, ids);
  return { ...members, profiles: pick(profiles, ids), access: { ...access, keys } };
}

function pick(
  known: Readonly<Record<NodeId, string>>,
  ids: readonly NodeId[],
): Readonly<Record<NodeId, string>> {
  const picked: Record<NodeId, string> = {};
  for (const id of ids) {
    const value = known[id];
    if (value !== undefined) picked[id] = value;
  }
  return picked;
}

function sortedUnique(ids: readonly NodeId[]): readonly NodeId[] {
  return [...new Set(ids)].toSorted();
}

export function isJoint(configuration: Voters): boolean {
  return configuration.outgoingVoters.length > 0;
}

/** Whether the server's votes and matches count, in either half of a joint configuration. */
export function isVoter(configuration: Configuration, id: NodeId): boolean {
  return configuration.voters.includes(id) || configuration.outgoingVoters.includes(id);
}

/** Voters of either half, each once. */
export function votersOf(configuration: Configuration): readonly NodeId[] {
  if (!isJoint(configuration)) return configuration.voters;
  return sortedUnique([...configuration.voters, ...configuration.outgoingVoters]);
}

/** A configuration never changes, and its members are asked for all the time. */
const knownMembers = new WeakMap<Members, readonly NodeId[]>();

/** Voters of either half and learners, each once. */
export function membersOf(configuration: Members): readonly NodeId[] {
  const known = knownMembers.get(configuration);
  if (known !== undefined) return known;
  const { voters, outgoingVoters, learners } = configuration;
  const members = sortedUnique([...voters, ...outgoingVoters, ...learners]);
  knownMembers.set(configuration, members);
  return members;
}

export function hasSameVoters(one: Configuration, other: Configuration): boolean {
  return (
    one.voters.length === other.voters.length && one.voters.every((id, i) => id === other.voters[i])
  );
}

/** C_old,new: the way from `current`, which is not joint, to `target`. */
export function enterJoint(current: Configuration, target: Configuration): Configuration {
  const { voters, learners, access } = target;
  const profiles = { ...current.profiles, ...target.profiles };
  const keys = { ...current.access.keys, ...access.keys };
  const outgoingVoters = current.voters;
  return ofMembers({ voters, outgoingVoters, learners }, profiles, { ...access, keys });
}

/** C_new of a joint configuration. */
export function leaveJoint(joint: Configuration): Configuration {
  const { voters, learners, profiles, access } = joint;
  return ofMembers({ voters, outgoingVoters: [], learners }, profiles, access);
}

/**
 * The greatest value that a quorum has reached: with matchIndex the index that is committed, with
 * the time of the last contact the time since when the leader may be cut off. A joint quorum takes
 * a majority of each half; without voters there is none (-Infinity).
 */
export function quorumValue(configuration: Voters, valueOf: (voter: NodeId) => number): number {
  const value = majorityValue(configuration.voters, valueOf);
  if (!isJoint(configuration)) return value;
  return Math.min(value, majorityValue(configuration.outgoingVoters, valueOf));
}

function majorityValue(voters: readonly NodeId[], valueOf: (voter: NodeId) => number): number {
  const majority = Math.floor(voters.length / 2) + 1;
  // By insertion: voters are few, and this runs for every acknowledgement.
  const descending: number[] = [];
  for (const voter of voters) {
    const value = valueOf(voter);
    let at = descending.length;
    while (at > 0 && (descending[at - 1] ?? value) < value) at -= 1;
    descending.splice(at, 0, value);
  }
  return descending[majority - 1] ?? -Infinity;
}

/** Whether the voters for whom `has` holds are a quorum. */
export function hasQuorum(configuration: Voters, has: (voter: NodeId) => boolean): boolean {
  return quorumValue(configuration, (voter) => (has(voter) ? 1 : 0)) === 1;
}
