/** Which messages set out in the drawing, out of what nodes counted. Pure. */

import type { MessageCount } from '../../node/inspection.ts';
import { kindOf } from '../raft/message-kinds.ts';
import type { Departure } from '../raft/traffic.ts';

/** A real message takes a thousandth of it; nobody could see that. */
const TRAVEL_MS = 700;

/**
 * What a node's counts are drawn as: each message once, by its sender where that tells, else by who got
 * it. Messages of the same kind are one, and set out within what the counts are over.
 */
export function departuresOf(
  nodeId: string,
  counts: readonly MessageCount[],
  { isHeard, isReached, delayMs, overMs, nowMs }: DepartureSetting,
): Departure[] {
  const countByWay = new Map<string, Omit<Departure, 'startMs'>>();
  for (const { peer, direction, name, count } of counts) {
    const isOut = direction === 'out';
    if (!isOut && isHeard(peer)) continue;
    const [from, to] = isOut ? [nodeId, peer] : [peer, nodeId];
    const kind = kindOf(name);
    const way = `${from} ${to} ${kind}`;
    const known = countByWay.get(way)?.count ?? 0;
    const isLost = isOut && !isReached(peer);
    const durationMs = TRAVEL_MS + delayMs;
    countByWay.set(way, { from, to, kind, count: known + count, durationMs, isLost });
  }
  const ways = [...countByWay.values()];
  return ways.map((departure, at) => ({
    ...departure,
    startMs: nowMs + (Math.min(overMs, 500) * at) / ways.length,
  }));
}

interface DepartureSetting {
  /** Whether that node's own counts are drawn, too. */
  readonly isHeard: (nodeId: string) => boolean;
  readonly isReached: (peer: string) => boolean;
  readonly delayMs: number;
  readonly overMs: number;
  readonly nowMs: number;
}
