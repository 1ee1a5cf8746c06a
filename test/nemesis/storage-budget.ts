/**
 * Which storage may be destroyed: what an acknowledged write is promised to survive is the loss of any
 * voters as long as a majority of them keeps its storage. Who lost it never votes under its old id
 * again, so until the configuration has replaced it, it counts as lost.
 */

export interface VotingConfiguration {
  readonly voters: readonly string[];
  /** The other half of a joint configuration; empty where there is none. */
  readonly outgoingVoters: readonly string[];
}

/** Whether a majority of either half keeps its storage when `more` lose theirs besides `lost`. */
export function survives(
  { voters, outgoingVoters }: VotingConfiguration,
  lost: ReadonlySet<string>,
  more: ReadonlySet<string>,
): boolean {
  return [voters, outgoingVoters].every((half) => {
    const kept = half.filter((voter) => !lost.has(voter) && !more.has(voter)).length;
    return half.length === 0 || kept > half.length / 2;
  });
}
