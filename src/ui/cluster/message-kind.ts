/** How messages of a node are drawn: by what they are for. Pure. */

import type { MessageCount, MessageName } from '../../node/inspection.ts';
import type { MessageKind } from '../raft/drawn.ts';
import type { Departure } from '../raft/traffic.ts';

/** What is not named here is drawn as other. */
const KINDS: Partial<Readonly<Record<MessageName, MessageKind>>> = {
  'append-entries': 'append',
  heartbeat: 'heartbeat',
  'append-entries-response': 'answer',
  'read-index-response': 'answer',
  'join-response': 'answer',
  'administration-response': 'answer',
  'request-vote': 'vote',
  'request-vote-response': 'vote',
  'pre-vote': 'vote',
  'pre-vote-response': 'vote',
  'timeout-now': 'vote',
  'install-snapshot': 'snapshot',
  'install-snapshot-response': 'snapshot',
  'snapshot-request': 'snapshot',
};

/** A real message takes a thousandth of it; nobody could see that. */
const TRAVEL_MS = 700;

function kindOf(name: MessageName): MessageKind {
  return KINDS[name] ?? 'other';
}

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
