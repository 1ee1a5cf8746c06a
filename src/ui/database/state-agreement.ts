/**
 * Whether the members of the cluster have the same state, by what they told of one state check
 * (node/state-check.ts). Only hashes of one index are ever compared. Pure.
 */

import type { StateHashes } from '../../node/inspection.ts';

export interface MemberHash {
  readonly nodeId: string;
  /** Null: it has not told, or was not heard. */
  readonly hash: string | null;
  /** It has another one than most. */
  readonly isOdd: boolean;
}

export type Verdict =
  /** No check was heard of yet. */
  | 'none'
  /** Nobody else has told. */
  | 'alone'
  /** Those who have told are equal; others have not. */
  | 'partly'
  | 'equal'
  | 'different';

export interface Agreement {
  readonly verdict: Verdict;
  readonly members: readonly MemberHash[];
  /** How many have told. */
  readonly told: number;
}

/** `members`: all there are. Whoever told and has left since counts no more. */
export function agreementOf(hashes: StateHashes | null, members: readonly string[]): Agreement {
  const hashByNode = new Map<string, string>(
    hashes?.hashes.map(({ nodeId, hash }) => [nodeId, hash]),
  );
  const told = members.flatMap((nodeId) => hashByNode.get(nodeId) ?? []);
  const most = mostFrequent(told);
  return {
    verdict: verdictOf(told, members.length),
    told: told.length,
    members: members.map((nodeId) => {
      const hash = hashByNode.get(nodeId) ?? null;
      return { nodeId, hash, isOdd: hash !== null && hash !== most && most !== null };
    }),
  };
}

function verdictOf(told: readonly string[], members: number): Verdict {
  if (told.length === 0) return 'none';
  if (new Set(told).size > 1) return 'different';
  if (told.length === 1) return 'alone';
  return told.length === members ? 'equal' : 'partly';
}

/** What more than half of them have; null: nothing, so that nobody can say who is right. */
function mostFrequent(hashes: readonly string[]): string | null {
  const half = hashes.length / 2;
  return hashes.find((hash) => hashes.filter((other) => other === hash).length > half) ?? null;
}

/** What it means, for a person. */
export function describeVerdict({ verdict, told, members }: Agreement): string {
  switch (verdict) {
    case 'none':
      return 'No check was heard of yet: the leader puts one into the log every 30 seconds.';
    case 'alone':
      return members.length === 1
        ? 'There is one member only, and nothing to compare it with.'
        : 'Only one member has told its hash, so there is nothing to compare it with.';
    case 'partly':
      return `The ${told} members that have told are equal; not heard: ${members.length - told} of ${members.length}.`;
    case 'equal':
      return `Equal: at this entry all ${told} members had computed the same state from the same log.`;
    case 'different':
      return members.some(({ isOdd }) => isOdd)
        ? 'Different: a member has computed another state than most. It is set apart, and fetches theirs.'
        : 'Different, and no state has a majority: nobody can say which is right, so writing stops.';
  }
}
