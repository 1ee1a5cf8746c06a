/** A link in words. Pure. */

import type { LinkState } from '../raft/drawn.ts';

/** `isIsolated`: all links of one of its ends are cut. */
export function describeLink(state: LinkState, isIsolated: boolean): string {
  if (isIsolated) return 'is cut, as one of its ends is isolated: let that rejoin.';
  switch (state) {
    case 'open':
      return 'is open: messages pass both ways.';
    case 'cut':
      return 'is cut on purpose. Members pass nothing on for each other: if one of them leads, the other falls behind.';
    case 'one-way':
      return 'passes messages one way only.';
    case 'away':
      return 'is not there: one end does not run, or they have not found each other.';
  }
}
