/** What is known of one candidacy, out of what the candidate and the others tell of it. Pure. */

import type { NodeEvent } from '../../node/inspection.ts';

export interface ElectionFacts {
  readonly term: number;
  readonly candidate: string;
  /** Who is known to have voted for it. */
  readonly votes: readonly string[];
  readonly silentLeader: string | null;
  /** How long it had heard nothing, when it last asked; null: it does not say. */
  readonly silentMs: number | null;
  /** The leader before handed over to it. */
  readonly isAsked: boolean;
  /** How often it asked whether it would be elected. */
  readonly preVotes: number;
  readonly hasStood: boolean;
  readonly isWon: boolean;
}

export type ElectionEvent = Extract<
  NodeEvent,
  { readonly type: 'pre-vote' | 'candidacy' | 'vote' | 'election-won' | 'leader-known' }
>;

export function newElection(term: number, candidate: string): ElectionFacts {
  return {
    term,
    candidate,
    votes: [],
    silentLeader: null,
    silentMs: null,
    isAsked: false,
    preVotes: 0,
    hasStood: false,
    isWon: false,
  };
}

export function isOfElection(event: NodeEvent): event is ElectionEvent {
  switch (event.type) {
    case 'pre-vote':
    case 'candidacy':
    case 'vote':
    case 'election-won':
    case 'leader-known':
      return true;
    default:
      return false;
  }
}

/** The term that is stood for, and who stands; a pre-vote leaves the term as it is (thesis 9.6). */
export function candidacyOf(
  teller: string,
  event: ElectionEvent,
): { readonly term: number; readonly candidate: string } {
  switch (event.type) {
    case 'pre-vote':
      return { term: event.term + 1, candidate: teller };
    case 'candidacy':
    case 'election-won':
      return { term: event.term, candidate: teller };
    case 'vote':
      return { term: event.term, candidate: event.candidate };
    case 'leader-known':
      return { term: event.term, candidate: event.leader };
  }
}

export function withEvent(
  facts: ElectionFacts,
  teller: string,
  event: ElectionEvent,
): ElectionFacts {
  switch (event.type) {
    case 'pre-vote': {
      const { silentLeader, silentMs } = event;
      return { ...facts, silentLeader, silentMs, preVotes: facts.preVotes + 1 };
    }
    case 'candidacy':
      return { ...facts, hasStood: true, isAsked: event.reason === 'asked' };
    case 'vote':
      return { ...facts, hasStood: true, votes: united(facts.votes, [teller]) };
    case 'election-won':
      return { ...facts, isWon: true, votes: united(facts.votes, event.votes) };
    case 'leader-known':
      return { ...facts, isWon: true };
  }
}

function united(some: readonly string[], others: readonly string[]): readonly string[] {
  return [...new Set([...some, ...others])];
}
