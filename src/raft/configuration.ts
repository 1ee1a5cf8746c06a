/**
 * Cluster configurations and their quorums (paper section 6, thesis chapter 4). Pure functions.
 *
 * Membership changes by joint consensus alone: C_old becomes C_old,new, which needs a majority of
 * both, and that becomes C_new. A voter that is to stay on as a learner is listed among the learners
 * of the joint configuration too: until the change is over it votes, afterwards it does not. So
 * whoever leads when the joint configuration is committed finds in it all that C_new takes.
 */

import type { Configuration, NodeId } from './types.ts';

/** What a server without any configuration entry has: nobody votes. */
export const EMPTY_CONFIGURATION: Configuration = { voters: [], outgoingVoters: [], learners: [] };

/** Who is to vote and who is to learn, in any order. */
export interface ConfigurationTarget {
  readonly voters: readonly NodeId[];
  readonly learners: readonly NodeId[];
}

/** Throws `RangeError` where the target has no voter, or a server is both voter and learner. */
export function configurationOf(target: ConfigurationTarget): Configuration {
  const voters = sortedUnique(target.voters);
  const learners = sortedUnique(target.learners);
  if (voters.length === 0) throw new RangeError('a configuration needs a voter');
  const both = learners.find((id) => voters.includes(id));
  if (both !== undefined) throw new RangeError(`${both} cannot be voter and learner`);
  return { voters, outgoingVoters: [], learners };
}

function sortedUnique(ids: readonly NodeId[]): readonly NodeId[] {
  return [...new Set(ids)].toSorted();
}

export function isJoint(configuration: Configuration): boolean {
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

/** Voters of either half and learners, each once. */
export function membersOf(configuration: Configuration): readonly NodeId[] {
  const { voters, outgoingVoters, learners } = configuration;
  return sortedUnique([...voters, ...outgoingVoters, ...learners]);
}

export function hasSameVoters(one: Configuration, other: Configuration): boolean {
  return (
    one.voters.length === other.voters.length && one.voters.every((id, i) => id === other.voters[i])
  );
}

/** C_old,new: the way from `current`, which is not joint, to `target`. */
export function enterJoint(current: Configuration, target: Configuration): Configuration {
  return {
    voters: target.voters,
    outgoingVoters: current.voters,
    learners: target.learners,
  };
}

/** C_new of a joint configuration. */
export function leaveJoint(joint: Configuration): Configuration {
  return { voters: joint.voters, outgoingVoters: [], learners: joint.learners };
}

/**
 * The greatest value that a quorum has reached: with matchIndex the index that is committed, with
 * the time of the last contact the time since when the leader may be cut off. A joint quorum takes
 * a majority of each half; without voters there is none (-Infinity).
 */
export function quorumValue(
  configuration: Configuration,
  valueOf: (voter: NodeId) => number,
): number {
  const value = majorityValue(configuration.voters, valueOf);
  if (!isJoint(configuration)) return value;
  return Math.min(value, majorityValue(configuration.outgoingVoters, valueOf));
}

function majorityValue(voters: readonly NodeId[], valueOf: (voter: NodeId) => number): number {
  const majority = Math.floor(voters.length / 2) + 1;
  const ascending = Float64Array.from(voters, valueOf).toSorted();
  return ascending[voters.length - majority] ?? -Infinity;
}

/** Whether the voters for whom `has` holds are a quorum. */
export function hasQuorum(configuration: Configuration, has: (voter: NodeId) => boolean): boolean {
  return quorumValue(configuration, (voter) => (has(voter) ? 1 : 0)) === 1;
}
