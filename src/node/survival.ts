/**
 * How many losses a configuration survives, of members and of whole browser profiles. Pure functions
 * of who votes and who is reachable; a loss is survived when what is left can still commit. Of a
 * joint configuration each half must survive it (paper section 6).
 */

import { isJoint } from '../raft/configuration.ts';
import type { Configuration, NodeId } from '../raft/types.ts';

/** A majority of that many voters. */
export function quorumSize(voterCount: number): number {
  return Math.floor(voterCount / 2) + 1;
}

/**
 * The voters counted by failure domain, the most crowded first. Who named no profile is a domain of
 * its own.
 */
export function sharesOf(
  voters: readonly NodeId[],
  profileOf: (voter: NodeId) => string | null,
): number[] {
  const countByDomain = new Map<string, number>();
  for (const voter of voters) {
    const profile = profileOf(voter);
    const domain = profile === null ? `node ${voter}` : `profile ${profile}`;
    countByDomain.set(domain, (countByDomain.get(domain) ?? 0) + 1);
  }
  return [...countByDomain.values()].toSorted((a, b) => b - a);
}

/** How many of the groups of these sizes (largest first) may go, whichever, and leave a quorum. */
export function groupLossesSurvived(shares: readonly number[], quorum: number): number {
  let left = shares.reduce((sum, share) => sum + share, 0);
  let survived = 0;
  for (const share of shares) {
    left -= share;
    if (left < quorum) break;
    survived += 1;
  }
  return survived;
}

/** How many more members may be lost, whichever, before nothing can be written; 0 also where nothing can be. */
export function survivesLosses(
  configuration: Configuration,
  isReachable: (voter: NodeId) => boolean,
): number {
  return overHalves(configuration, (voters) => {
    const reachable = voters.filter((voter) => isReachable(voter)).length;
    return Math.max(0, reachable - quorumSize(voters.length));
  });
}

/** The same for browser profiles, each lost with all its members. */
export function survivesProfileLosses(
  configuration: Configuration,
  isReachable: (voter: NodeId) => boolean,
): number {
  return overHalves(configuration, (voters) => {
    const reachable = voters.filter((voter) => isReachable(voter));
    const shares = sharesOf(reachable, (voter) => configuration.profiles[voter] ?? null);
    return groupLossesSurvived(shares, quorumSize(voters.length));
  });
}

function overHalves(
  configuration: Configuration,
  survivedBy: (voters: readonly NodeId[]) => number,
): number {
  const { voters, outgoingVoters } = configuration;
  const survived = survivedBy(voters);
  return isJoint(configuration) ? Math.min(survived, survivedBy(outgoingVoters)) : survived;
}
