/** What is known of one candidacy, out of what the candidate and the others tell of it. Pure. */

import type { NodeEvent } from '../../node/inspection.ts';

export interface ElectionFacts {
  readonly term: number;
  readonly candidate: string;
  /** Who is known to have voted for it. */
  readonly votes: readonly string[];
  /** Who follows it in that term, by its own word. */
  readonly followers: readonly string[];
  /** Why it asked at first whether it would be elected; null: it does not say. */
  readonly reason: PreVoteReason | null;
  /** Whom it followed before. */
  readonly silentLeader: string | null;
  /** How long it had heard nothing, when it last asked; null: it does not say. */
  readonly silentMs: number | null;
  /** The leader before handed over to it. */
  readonly isAsked: boolean;
  /** How often it asked whether it would be elected. */
  readonly preVotes: number;
  /** When it was elected, by its own word; null: it does not say. Milliseconds since 1970, as below. */
  readonly wonMs: number | null;
  /** The last that it, or who voted for it, did about it; null: nothing is known of that. */
  readonly campaignMs: number | null;
  /** It stood for election, and did not only ask whether it would be elected. */
  readonly hasStood: boolean;
  /** When it was first followed; null: nobody says so. */
  readonly followedMs: number | null;
}

export type ElectionEvent = Extract<
  NodeEvent,
  { readonly type: 'pre-vote' | 'candidacy' | 'vote' | 'election-won' | 'leader-known' }
>;
type PreVoteReason = Extract<NodeEvent, { readonly type: 'pre-vote' }>['reason'];

export function newElection(term: number, candidate: string): ElectionFacts {
  return {
    term,
    candidate,
    votes: [],
    followers: [],
    reason: null,
    silentLeader: null,
    silentMs: null,
    isAsked: false,
    preVotes: 0,
    wonMs: null,
    campaignMs: null,
    hasStood: false,
    followedMs: null,
  };
}

/** Of a leader that is followed and of no campaign, nobody saw how it was elected, or when. */
export function isWon({ wonMs, hasStood, followers }: ElectionFacts): boolean {
  return wonMs !== null || (hasStood && followers.length > 0);
}

/** When it was won, or went on; of what nobody saw, when somebody heard of it. */
export function timeOfElection({ wonMs, campaignMs, followedMs }: ElectionFacts): number {
  return wonMs ?? campaignMs ?? followedMs ?? 0;
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
  const { atMs } = event;
  const campaignMs = Math.max(facts.campaignMs ?? atMs, atMs);
  switch (event.type) {
    case 'pre-vote':
      return {
        ...facts,
        campaignMs,
        // Whoever asks again follows nobody any more.
        reason: facts.reason ?? event.reason,
        silentLeader: facts.silentLeader ?? event.silentLeader,
        silentMs: event.silentMs,
        preVotes: facts.preVotes + 1,
      };
    case 'candidacy':
      return { ...facts, campaignMs, hasStood: true, isAsked: event.reason === 'asked' };
    case 'vote':
      return { ...facts, campaignMs, hasStood: true, votes: united(facts.votes, [teller]) };
    case 'election-won':
      return { ...facts, wonMs: atMs, votes: united(facts.votes, event.votes) };
    case 'leader-known': {
      const followers = united(facts.followers, [teller]);
      return { ...facts, followers, followedMs: Math.min(facts.followedMs ?? atMs, atMs) };
    }
  }
}

function united(some: readonly string[], others: readonly string[]): readonly string[] {
  return [...new Set([...some, ...others])];
}
