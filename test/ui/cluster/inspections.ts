/** What nodes tell of their inside, as tests need it. */

import type { Inspection, NodeEvent, NodeEventDetail } from '../../../src/node/inspection.ts';
import type { LogIndex, NodeId, Term } from '../../../src/raft/types.ts';

export const A = 'aaaaaaaaaaaa' as NodeId;
export const B = 'bbbbbbbbbbbb' as NodeId;
export const C = 'cccccccccccc' as NodeId;

export function inspection(nodeId: NodeId, more: Partial<Inspection> = {}): Inspection {
  return {
    nodeId,
    atMs: 1_000,
    overMs: 125,
    role: 'follower',
    term: term(2),
    leaderId: A,
    votedFor: null,
    votes: [],
    commitIndex: index(4),
    lastApplied: index(4),
    durableIndex: index(5),
    firstIndex: index(1),
    lastIndex: index(5),
    snapshot: null,
    runs: [{ term: term(2), firstIndex: index(1) }],
    progress: [],
    messages: [],
    events: [],
    stateHashes: null,
    commitTimes: { count: 0, p50Ms: null, p99Ms: null },
    queues: { pendingWrites: 0, pendingReads: 0, uncommitted: 1, unapplied: 0, unsent: 0 },
    delayMs: 0,
    isolated: false,
    cutLinks: [],
    ...more,
  };
}

let events = 0;

export function event(atMs: number, termNumber: number, detail: NodeEventDetail): NodeEvent {
  events += 1;
  return { ...detail, number: events, atMs, term: term(termNumber) };
}

export function term(number: number): Term {
  return number as Term;
}

export function index(number: number): LogIndex {
  return number as LogIndex;
}
