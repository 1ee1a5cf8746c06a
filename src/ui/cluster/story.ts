/**
 * What happened to the cluster, as one story out of what several tabs saw: an election that three
 * members tell of is one item. Items are bounded, and each is told anew as more becomes known of it.
 * How it is said is story-sentences.ts's business; this only says what belongs together.
 */

import type { Inspection, NodeEvent } from '../../node/inspection.ts';
import { newCommits, withCommits, type CommitFacts } from './story-commits.ts';
import {
  candidacyOf,
  isOfElection,
  isWon,
  newElection,
  timeOfElection,
  withEvent,
  type ElectionEvent,
  type ElectionFacts,
} from './story-elections.ts';
import { faultsBetween, pairOf, subjectOfFault, type Fault } from './story-faults.ts';
import {
  tellCommits,
  tellElection,
  tellEvent,
  tellFault,
  tellLinks,
  type SingleEvent,
  type Told,
} from './story-sentences.ts';
import type { StopReason } from './stop-reason.ts';

export const STORY_KINDS = ['election', 'member', 'fault', 'link', 'log', 'commit'] as const;
export type StoryKind = (typeof STORY_KINDS)[number];

export interface StoryItem extends Told {
  readonly id: string;
  readonly kind: StoryKind;
  /** When it happened; of what goes on, the last of it. Milliseconds since 1970. */
  readonly atMs: number;
  /** A new leader. */
  readonly isNewLeader: boolean;
}

const MOST_ITEMS = 300;
/** What members tell of the same within that time is the same. */
const SAME_MS = 5_000;
/** Commits are told together for that long, unless something else happens meanwhile. */
const COMMITS_MS = 10_000;
const MOST_SEEN = 4_000;
/** Whoever asked more often was cut off, which is worth telling. */
const FEW_PRE_VOTES = 2;

type LinkPair = readonly [string, string];

/** What an item is told from. */
type Facts =
  | { readonly type: 'election'; readonly election: ElectionFacts }
  | { readonly type: 'commits'; readonly commits: CommitFacts }
  | { readonly type: 'links'; readonly isUp: boolean; readonly pairs: readonly LinkPair[] }
  | { readonly type: 'fault'; readonly fault: Fault; readonly tellers: readonly string[] }
  | { readonly type: 'event'; readonly event: SingleEvent; readonly tellers: readonly string[] };

interface Kept {
  readonly id: string;
  readonly kind: StoryKind;
  /** Equal for what is told together. */
  readonly subject: string;
  atMs: number;
  facts: Facts;
}

export class Story {
  #kept: Kept[] = [];
  readonly #seen = new Set<string>();
  readonly #lastByNode = new Map<string, Inspection>();
  #items = 0;

  /** The newest first. */
  get items(): readonly StoryItem[] {
    const elections = this.#kept.flatMap(({ facts }) =>
      facts.type === 'election' && isWon(facts.election) ? [facts.election] : [],
    );
    return this.#kept
      .filter(({ facts }) => !isToldByElection(facts, elections))
      .toSorted((a, b) => b.atMs - a.atMs)
      .map(({ id, kind, atMs, facts }) => {
        const isNewLeader = facts.type === 'election' && isWon(facts.election);
        return { id, kind, atMs, isNewLeader, ...tell(facts) };
      });
  }

  /** Whether it tells anything new. */
  take(inspection: Inspection): boolean {
    const { nodeId } = inspection;
    const fresh = inspection.events.filter((event) => this.#isNew(nodeId, event));
    for (const event of fresh) this.#takeEvent(nodeId, event);
    const last = this.#lastByNode.get(nodeId);
    this.#lastByNode.set(nodeId, inspection);
    if (last === undefined) return fresh.length > 0;
    const faults = faultsBetween(last, inspection);
    // What it caused is told of later than the inspection before.
    for (const fault of faults) this.#takeFault(nodeId, fault, last.atMs);
    const isLeading = inspection.role === 'leader' && last.term === inspection.term;
    const hasCommitted = isLeading && inspection.commitIndex > last.commitIndex;
    if (hasCommitted) this.#takeCommits(last, inspection);
    return fresh.length > 0 || faults.length > 0 || hasCommitted;
  }

  /** Whoever watches did not for a while: what has changed meanwhile, nobody knows when. */
  watchAnew(): void {
    this.#lastByNode.clear();
  }

  /** A tab's node does not run any more, and did when it was last heard. */
  takeStop(nodeId: string, reason: StopReason, atMs: number): void {
    const lastMs = this.#lastByNode.get(nodeId)?.atMs ?? atMs;
    this.#lastByNode.delete(nodeId);
    this.#takeFault(nodeId, { type: 'stop', reason }, lastMs);
  }

  /** Whoever looks again is told again of what a node still keeps. */
  #isNew(nodeId: string, { number, atMs, type }: NodeEvent): boolean {
    const key = `${nodeId} ${number} ${atMs} ${type}`;
    if (this.#seen.has(key)) return false;
    if (this.#seen.size >= MOST_SEEN) this.#seen.clear();
    this.#seen.add(key);
    return true;
  }

  #takeEvent(nodeId: string, event: NodeEvent): void {
    if (isOfElection(event)) {
      this.#takeElection(nodeId, event);
    } else if (event.type === 'link-up' || event.type === 'link-down') {
      this.#takeLink(event.type === 'link-up', pairOf(nodeId, event.peer), event.atMs);
    } else {
      this.#takeSingle(nodeId, event);
    }
  }

  #takeElection(teller: string, event: ElectionEvent): void {
    const { term, candidate } = candidacyOf(teller, event);
    const subject = `election ${term} ${candidate}`;
    const known = this.#kept.findLast((kept) => kept.subject === subject);
    const former = known?.facts.type === 'election' ? known.facts.election : null;
    const election = withEvent(former ?? newElection(term, candidate), teller, event);
    const facts: Facts = { type: 'election', election };
    const atMs = timeOfElection(election);
    if (known === undefined) this.#add('election', subject, atMs, facts);
    else Object.assign(known, { facts, atMs });
  }

  #takeLink(isUp: boolean, pair: LinkPair, atMs: number): void {
    const subject = `links ${isUp}`;
    const known = this.#recent(subject, atMs);
    if (known?.facts.type !== 'links') {
      this.#add('link', subject, atMs, { type: 'links', isUp, pairs: [pair] });
      return;
    }
    const { pairs } = known.facts;
    const isTold = pairs.some((told) => told.join(' ') === pair.join(' '));
    if (!isTold) known.facts = { ...known.facts, pairs: [...pairs, pair] };
  }

  #takeSingle(teller: string, event: SingleEvent): void {
    const subject = subjectOfEvent(teller, event);
    const known = this.#recent(subject, event.atMs);
    if (known?.facts.type !== 'event') {
      this.#add(kindOfEvent(event), subject, event.atMs, {
        type: 'event',
        event,
        tellers: [teller],
      });
      return;
    }
    known.facts = { ...known.facts, event, tellers: withTeller(known.facts.tellers, teller) };
  }

  #takeFault(teller: string, fault: Fault, atMs: number): void {
    const subject = subjectOfFault(fault, teller);
    const known = this.#recent(subject, atMs);
    if (known?.facts.type !== 'fault') {
      this.#add('fault', subject, atMs, { type: 'fault', fault, tellers: [teller] });
      return;
    }
    known.facts = { ...known.facts, tellers: withTeller(known.facts.tellers, teller) };
  }

  #takeCommits(last: Inspection, now: Inspection): void {
    const { nodeId: leader, term, atMs } = now;
    const newest = this.#kept.at(-1);
    const subject = `commits ${leader} ${term}`;
    if (newest?.subject === subject && newest.facts.type === 'commits') {
      const { commits } = newest.facts;
      if (atMs - commits.startMs < COMMITS_MS) {
        newest.facts = { type: 'commits', commits: withCommits(commits, now) };
        newest.atMs = atMs;
        return;
      }
    }
    const commits = newCommits(last.commitIndex + 1, now);
    this.#add('commit', subject, atMs, { type: 'commits', commits });
  }

  #recent(subject: string, atMs: number): Kept | undefined {
    return this.#kept.findLast(
      (kept) => kept.subject === subject && Math.abs(kept.atMs - atMs) < SAME_MS,
    );
  }

  #add(kind: StoryKind, subject: string, atMs: number, facts: Facts): void {
    this.#items += 1;
    this.#kept.push({ id: String(this.#items), kind, subject, atMs, facts });
    if (this.#kept.length > MOST_ITEMS) this.#kept.shift();
  }
}

function tell(facts: Facts): Told {
  switch (facts.type) {
    case 'election':
      return tellElection(facts.election);
    case 'commits':
      return tellCommits(facts.commits);
    case 'links':
      return tellLinks(facts.isUp, facts.pairs);
    case 'fault':
      return tellFault(facts.fault, facts.tellers);
    case 'event':
      return tellEvent(facts.event, facts.tellers);
  }
}

/** That a leader was lost, and who else asked for votes, is part of what is told of an election. */
function isToldByElection(facts: Facts, elections: readonly ElectionFacts[]): boolean {
  if (facts.type === 'election') {
    const { term, candidate, hasStood, preVotes } = facts.election;
    if (hasStood || isWon(facts.election) || preVotes > FEW_PRE_VOTES) return false;
    return elections.some((won) => won.term === term && won.candidate !== candidate);
  }
  if (facts.type !== 'event' || facts.event.type !== 'leader-lost') return false;
  const { leader, term } = facts.event;
  return elections.some((won) => {
    return won.candidate !== leader && (won.term === term || won.term === term + 1);
  });
}

function withTeller(tellers: readonly string[], teller: string): readonly string[] {
  return tellers.includes(teller) ? tellers : [...tellers, teller];
}

/** What all members see alike is one thing; what a node does by itself is its own. */
function subjectOfEvent(teller: string, event: SingleEvent): string {
  switch (event.type) {
    case 'leader-lost':
      return `${event.type} ${event.leader} ${event.term}`;
    case 'member-joined':
    case 'member-promoted':
    case 'member-demoted':
    case 'member-removed':
      return `${event.type} ${event.member}`;
    case 'log-compacted':
      return `${event.type} ${event.toIndex}`;
    default:
      return `${event.type} ${teller}`;
  }
}

function kindOfEvent({ type }: SingleEvent): StoryKind {
  switch (type) {
    case 'stepped-down':
    case 'leader-lost':
      return 'election';
    case 'member-joined':
    case 'member-promoted':
    case 'member-demoted':
    case 'member-removed':
      return 'member';
    case 'quarantined':
    case 'quarantine-over':
      return 'fault';
    case 'log-truncated':
    case 'log-compacted':
    case 'snapshot-installed':
      return 'log';
  }
}
