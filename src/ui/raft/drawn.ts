/**
 * What is drawn of a Raft cluster, live or simulated: plain data, with nothing in it of where it comes
 * from. Names of members are for people and short; ids only tell them apart.
 */

/** 'pre-candidate': it asks whether it would be elected, and stands in no term yet (thesis 9.6). */
export type DrawnRole = 'follower' | 'pre-candidate' | 'candidate' | 'leader' | 'learner';

/**
 * 'down': its server does not run; 'away': nothing is heard of it, for whatever reason; 'frozen': it
 * stands still; 'lost': it is gone for good.
 */
export type MemberState = 'running' | 'down' | 'away' | 'frozen' | 'lost';

export interface DrawnMember {
  readonly id: string;
  readonly name: string;
  /** Null: nobody knows. */
  readonly role: DrawnRole | null;
  readonly term: number | null;
  readonly state: MemberState;
  /** All its links are cut on purpose. */
  readonly isIsolated: boolean;
  /** Its page is in the background. */
  readonly isHidden: boolean;
  /** A few words below it, such as 'this tab'; null: none. */
  readonly note: string | null;
  /** The part of its election timeout that has passed, 0 to 1; null: it has none, or it is not known. */
  readonly timer: number | null;
  /** It is to be looked at. */
  readonly isMarked?: boolean;
}

/**
 * 'open': messages pass; 'cut': kept from passing on purpose; 'one-way': so they are in one direction;
 * 'away': there is no link.
 */
export type LinkState = 'open' | 'cut' | 'one-way' | 'away';

/** Between two members, once for both directions. */
export interface DrawnLink {
  readonly one: string;
  readonly other: string;
  readonly state: LinkState;
  /** Of 'one-way': the end whose messages do not pass. */
  readonly silent?: string;
}

/** The colours of messages: what replicates, what answers, what elects, what brings a copy, the rest. */
export type MessageKind = 'append' | 'heartbeat' | 'answer' | 'vote' | 'snapshot' | 'other';

/** A message at a place of its way that is given: 0 at the sender, 1 at the receiver. */
export interface PlacedMessage {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly kind: MessageKind;
  readonly position: number;
  /** How many messages this one stands for; from 1. */
  readonly count: number;
  /** It will not arrive. */
  readonly isLost?: boolean;
  readonly isSelected?: boolean;
  /** It is to be looked at. */
  readonly isMarked?: boolean;
  /** Of an answer that says only this. */
  readonly answer?: 'yes' | 'no' | null;
}

export interface DrawnRun {
  readonly term: number;
  readonly firstIndex: number;
}

/** A member's log, its entries as runs of one term that follow each other. */
export interface DrawnLog {
  readonly id: string;
  readonly name: string;
  /** What stands in front of the log; null: it begins at the beginning. */
  readonly snapshotIndex: number | null;
  readonly lastIndex: number;
  /** Else it has `lastIndex`, and may have more. */
  readonly isEndKnown: boolean;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  /** In order; the last one ends with the log. */
  readonly runs: readonly DrawnRun[];
  /** What the leader knows of it; null: it is the leader, or there is none. */
  readonly progress: { readonly matchIndex: number; readonly nextIndex: number } | null;
}

export interface DrawnVote {
  readonly id: string;
  readonly name: string;
  readonly isGranted: boolean;
}

/** Voters of whom a candidate needs a majority. */
export interface DrawnHalf {
  readonly voters: number;
  readonly granted: number;
  readonly quorum: number;
}

/** Who votes for a candidate, or voted for the leader. */
export interface DrawnBallot {
  readonly id: string;
  readonly name: string;
  readonly term: number;
  readonly isWon: boolean;
  /** Of a candidate, of all who may vote; of a leader, of those who are known to have voted for it. */
  readonly votes: readonly DrawnVote[];
  /** All voters; of a joint configuration the former ones and the new ones (paper section 6). */
  readonly halves: readonly DrawnHalf[];
}

/** What is picked in the ring: a member, or a link by its two ends. */
export type RingSelection =
  | { readonly type: 'member'; readonly id: string }
  | { readonly type: 'link'; readonly one: string; readonly other: string };

/** The class that gives an element its term's colours: `--term`, and what is read upon it. */
export function classOfTerm(term: number | null): string {
  return term === null ? 'term-unknown' : `term-${term % TERM_COLOURS}`;
}

/** The name of its token, for what has no class: a term has the colour of its number modulo eight. */
export function colourOfTerm(term: number): string {
  return `--term-${term % TERM_COLOURS}`;
}

const TERM_COLOURS = 8;

/** A link by its ends, in whichever order they are told. */
export function keyOfLink(one: string, other: string): string {
  return one < other ? `${one} ${other}` : `${other} ${one}`;
}
