/**
 * What happens to a cluster, in sentences that say why, each with the place where the paper or the
 * thesis tells of it. Pure. Members are called by their short ids.
 */

import type { NodeEvent } from '../../node/inspection.ts';
import { formatCount, formatDuration, shortId } from '../wording.ts';
import { SECTIONS, type Section } from './event-sections.ts';
import type { ElectionFacts } from './story-elections.ts';
import type { Fault } from './story-faults.ts';
import type { StopReason } from './stop-reason.ts';

export interface Told {
  readonly text: string;
  readonly sections: readonly Section[];
}

/** Entries that a leader saw committed, one after the other. */
export interface CommitFacts {
  readonly leader: string;
  readonly term: number;
  readonly firstIndex: number;
  readonly lastIndex: number;
  readonly startMs: number;
  /** From the leader's log to its commit; null: not measured. */
  readonly p50Ms: number | null;
}

/** Events that are told each for itself, whoever saw it. */
export type SingleEvent = Exclude<
  NodeEvent,
  {
    readonly type:
      | 'pre-vote'
      | 'candidacy'
      | 'vote'
      | 'election-won'
      | 'leader-known'
      | 'link-up'
      | 'link-down';
  }
>;

export function tellElection(facts: ElectionFacts): Told {
  const { term, isWon, isAsked, hasStood } = facts;
  const who = shortId(facts.candidate);
  const votes = votesOfOthers(facts);
  if (isWon && isAsked) {
    const text = `${who} won term ${term}${votes}: the leader before it handed over, and it did not wait for a timeout.`;
    return { text, sections: [SECTIONS.transfer, SECTIONS.election] };
  }
  if (isWon) {
    const text = `${who} won term ${term}${votes}${silenceBefore(facts)}.`;
    return { text, sections: [SECTIONS.election] };
  }
  if (hasStood) {
    const text = `${who} stood for election in term ${term}${votes}, and is not elected: that takes a majority.`;
    return { text, sections: [SECTIONS.election, SECTIONS.electionRestriction] };
  }
  return tellPreVote(facts, who);
}

function tellPreVote({ silentLeader, silentMs, preVotes }: ElectionFacts, who: string): Told {
  const of = silentLeader === null ? 'of any leader' : `from ${shortId(silentLeader)}`;
  const since = silentMs === null ? '' : ` for ${formatDuration(silentMs)}`;
  const often = preVotes > 1 ? ` ${formatCount(preVotes)} times` : '';
  const text = `${who} heard nothing ${of}${since} and asked the others${often} whether they would elect it. Without a majority’s yes its term stays as it is.`;
  return { text, sections: [SECTIONS.preVote] };
}

function votesOfOthers({ candidate, votes }: ElectionFacts): string {
  const others = votes.filter((voter) => voter !== candidate);
  if (others.length > 0) return ` with the ${plural(others, 'vote')} of ${listNames(others)}`;
  return votes.length > 0 ? ' with its own vote alone' : '';
}

function silenceBefore({ silentLeader, silentMs }: ElectionFacts): string {
  if (silentMs === null) return '';
  const of = silentLeader === null ? 'of any leader' : `from ${shortId(silentLeader)}`;
  return `, after it had heard nothing ${of} for ${formatDuration(silentMs)}`;
}

/** `tellers`: who saw it. */
export function tellEvent(event: SingleEvent, tellers: readonly string[]): Told {
  const who = listNames(tellers);
  switch (event.type) {
    case 'stepped-down':
      return tellStepDown(event.reason, who);
    case 'leader-lost':
      return {
        text: `${who} lost the leader, ${shortId(event.leader)}.`,
        sections: [SECTIONS.election],
      };
    case 'member-joined':
    case 'member-promoted':
    case 'member-demoted':
    case 'member-removed':
      return tellMember(event);
    case 'log-truncated':
      return {
        text: `${who} dropped ${entries(event.fromIndex, event.toIndex)}: never committed, so they gave way to the leader’s.`,
        sections: [SECTIONS.logMatching],
      };
    case 'log-compacted':
      return {
        text: `${who} dropped the log up to entry ${formatCount(event.toIndex)}: the database file stands for it now.`,
        sections: [SECTIONS.snapshots],
      };
    case 'snapshot-installed':
      return {
        text: `${who} took over a copy of the database as of entry ${formatCount(event.index)}: what it missed is in no log any more.`,
        sections: [SECTIONS.snapshots],
      };
    case 'quarantined':
      return { text: `${who} has other data than the majority, and gets a copy.`, sections: [] };
    case 'quarantine-over':
      return { text: `${who} has the same data as the majority again.`, sections: [] };
  }
}

function tellStepDown(
  reason: (SingleEvent & { readonly type: 'stepped-down' })['reason'],
  who: string,
): Told {
  switch (reason) {
    case 'higher-term':
      return {
        text: `${who} heard of a newer term and stepped down: a newer term always wins.`,
        sections: [SECTIONS.election],
      };
    case 'no-quorum':
      return {
        text: `${who} heard no majority for an election timeout and stepped down: it could commit nothing.`,
        sections: [SECTIONS.checkQuorum],
      };
    case 'not-a-voter':
      return {
        text: `${who} stepped down: by the committed configuration it votes no more, so another has to lead.`,
        sections: [SECTIONS.membership],
      };
    case 'resigned':
      return {
        text: `${who} stepped down by itself: its data differ from the majority’s.`,
        sections: [SECTIONS.election],
      };
  }
}

type MemberEvent = Extract<SingleEvent, { readonly member: unknown }>;

function tellMember(event: MemberEvent): Told {
  const who = shortId(event.member);
  switch (event.type) {
    case 'member-joined':
      return event.voter
        ? { text: `${who} joined, and votes.`, sections: [SECTIONS.membership] }
        : {
            text: `${who} joined as a learner: it gets the log first and votes when it has caught up.`,
            sections: [SECTIONS.learners],
          };
    case 'member-promoted':
      return {
        text: `${who} has caught up, and votes from now on.`,
        sections: [SECTIONS.membership],
      };
    case 'member-demoted':
      return { text: `${who} votes no more.`, sections: [SECTIONS.membership] };
    case 'member-removed':
      return { text: `${who} is no member any more.`, sections: [SECTIONS.membership] };
  }
}

/** Links that came or went at about the same time. */
export function tellLinks(isUp: boolean, pairs: readonly (readonly [string, string])[]): Told {
  const [first] = pairs;
  const common = first?.find((id) => pairs.every((pair) => pair.includes(id)));
  if (first === undefined || common === undefined) {
    const named = pairs.map(([one, other]) => `${shortId(one)}–${shortId(other)}`);
    return { text: `Links ${isUp ? 'opened' : 'broke'}: ${named.join(', ')}.`, sections: [] };
  }
  const others = pairs.map(([one, other]) => (one === common ? other : one));
  const words = isUp ? 'is connected with' : `lost its ${plural(others, 'link')} with`;
  return { text: `${shortId(common)} ${words} ${listNames(others)}.`, sections: [] };
}

export function tellFault(fault: Fault, tellers: readonly string[]): Told {
  const who = listNames(tellers);
  switch (fault.type) {
    case 'isolate':
      return fault.on
        ? { text: `${who} was cut off from everybody.`, sections: [SECTIONS.crashes] }
        : { text: `${who} was let back.`, sections: [] };
    case 'cut-link': {
      const pair = fault.pair.map((id) => shortId(id)).join(' and ');
      const text = fault.on
        ? `The link between ${pair} was cut.`
        : `The link between ${pair} was healed.`;
      return { text, sections: [] };
    }
    case 'delay':
      return fault.delayMs === 0
        ? { text: `Messages of ${who} leave at once again.`, sections: [] }
        : {
            text: `Messages of ${who} leave ${formatDuration(fault.delayMs)} later: safe, but as slow as an election timeout they cost the leader its place.`,
            sections: [SECTIONS.timing],
          };
    case 'stop':
      return tellStop(fault.reason, who);
  }
}

function tellStop(reason: StopReason, who: string): Told {
  switch (reason) {
    case 'crash':
      return {
        text: `${who} crashed. What it had acknowledged is on its disk; the others go on while they are a majority.`,
        sections: [SECTIONS.crashes],
      };
    case 'removed':
      return {
        text: `${who} was removed, and has stopped: its copy is of no more use.`,
        sections: [SECTIONS.membership],
      };
    case 'storage':
      return {
        text: `${who} has stopped: its storage failed. What was acknowledged is on a majority’s disks.`,
        sections: [],
      };
  }
}

export function tellCommits({ leader, firstIndex, lastIndex, p50Ms }: CommitFacts): Told {
  const took = p50Ms === null ? '' : `, half within ${formatDuration(p50Ms)}`;
  return {
    text: `${shortId(leader)} committed ${entries(firstIndex, lastIndex)} on a majority${took}.`,
    sections: [SECTIONS.logMatching],
  };
}

function entries(from: number, to: number): string {
  if (from >= to) return `entry ${formatCount(to)}`;
  if (from + 1 === to) return `entries ${formatCount(from)} and ${formatCount(to)}`;
  return `entries ${formatCount(from)} to ${formatCount(to)}`;
}

function plural(things: readonly unknown[], noun: string): string {
  return things.length === 1 ? noun : `${noun}s`;
}

/** 'aaaaaa, bbbbbb and cccccc'. */
function listNames(ids: readonly string[]): string {
  const names = ids.map((id) => shortId(id));
  const last = names.pop() ?? '';
  return names.length === 0 ? last : `${names.join(', ')} and ${last}`;
}
