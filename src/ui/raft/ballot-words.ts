/** A ballot in words. Pure. */

import type { DrawnBallot, DrawnHalf } from './drawn.ts';

export function describeBallot({ term, isWon, halves }: DrawnBallot): string {
  if (isWon) return `leads term ${term}. Known to have voted for it:`;
  const [former, next] = halves;
  if (former === undefined) return `stands for term ${term}.`;
  if (next === undefined) {
    return `stands for term ${term}: ${counted(former)}, and ${former.quorum} are a majority.`;
  }
  const both = `${counted(former)} of the former voters and ${counted(next)} of the new ones`;
  return `stands for term ${term}: ${both}. It takes a majority of either, ${former.quorum} and ${next.quorum}.`;
}

function counted({ granted, voters }: DrawnHalf): string {
  return `${granted} of ${voters} votes`;
}
