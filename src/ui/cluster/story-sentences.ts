/**
 * What happens to a cluster, in sentences that say why, each with the place where the paper or the
 * thesis tells of it. Pure. Members are called by their short ids.
 */

import type { NodeEvent } from '../../node/inspection.ts';
import { formatCount, formatDuration, shortId } from '../wording.ts';
import { SECTIONS, type Section } from './event-sections.ts';
import { usualCommitMs, type CommitFacts } from './story-commits.ts';
import { isWon, type ElectionFacts } from './story-elections.ts';
import type { Fault } from './story-faults.ts';
import type { StopReason } from './stop-reason.ts';

export interface Told {
  readonly text: string;
  readonly sections: readonly Section[];
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
  const { term, isAsked, hasStood, followers } = facts;
  const who = shortId(facts.candidate);
  const votes = votesOfOthers(facts);
  if (isWon(facts) && isAsked) {
    const text = `${who} won term ${term}${votes}: the leader before it handed over, and it did not wait for a timeout.`;
    return { text, sections: [SECTIONS.transfer, SECTIONS.election] };
  }
  if (isWon(facts)) {
    const text = `${who} won term ${term}${votes}${causeOf(facts)}.`;
    return { text, sections: [SECTIONS.election] };
  }
  if (followers.length > 0) {
    const text = `${listNames(followers)} ${followers.length === 1 ? 'follows' : 'follow'} ${who} in term ${term}.`;
    return { text, sections: [SECTIONS.election] };
  }
  if (hasStood) {
    const text = `${who} stood for election in term ${term}${votes}, and is not elected: that takes a majority.`;
    return { text, sections: [SECTIONS.election, SECTIONS.electionRestriction] };
  }
  return tellPreVote(facts, who);
}

function tellPreVote(facts: ElectionFacts, who: string): Told {
  const { reason, preVotes } = facts;
  if (reason === 'alone') {
    return { text: `${who} is the only voter, and elects itself.`, sections: [SECTIONS.election] };
  }
  const often = preVotes > 1 ? ` ${formatCount(preVotes)} times` : '';
  const text = `${who} ${causeInWords(facts)} and asked the others${often} whether they would elect it. Without a majority’s yes its term stays as it is.`;
  return { text, sections: [SECTIONS.preVote] };
}

function votesOfOthers({ candidate, votes }: ElectionFacts): string {
  const others = votes.filter((voter) => voter !== candidate);
  if (others.length > 0) return ` with the ${plural(others, 'vote')} of ${listNames(others)}`;
  return votes.length > 0 ? ' with its own vote alone' : '';
}

/** Why it was stood for, as the end of a sentence. */
function causeOf(facts: ElectionFacts): string {
  const { reason } = facts;
  if (reason === null) return '';
  if (reason === 'alone') return ', as the only voter: it waits for nobody';
  return `, after it ${causeInWords(facts)}`;
}

function causeInWords({ reason, silentLeader, silentMs }: ElectionFacts): string {
  const leader = silentLeader === null ? 'the leader' : shortId(silentLeader);
  if (reason === 'link-lost') return `lost its link with ${leader}`;
  const of = silentLeader === null ? 'of any leader' : `from ${leader}`;
  return `heard nothing ${of}${silentMs === null ? '' : ` for ${formatDuration(silentMs)}`}`;
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
        text: `${who} took over a copy of the database as of entry ${formatCount(event.index)}.`,
        sections: [SECTIONS.snapshots],
      };
    case 'quarantined':
      return {
        text: `${who} has lost its data, or has other data than the majority: it gets a copy.`,
        sections: [],
      };
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
            text: `${who} joined as a learner: it gets the log first, and may vote once it has caught up and the number of voters stays odd.`,
            sections: [SECTIONS.learners],
          };
    case 'member-promoted':
      return {
        text: `${who} has caught up, and votes from now on.`,
        sections: [SECTIONS.membership],
      };
    case 'member-demoted':
      return { text: `${who} is leaving the voters.`, sections: [SECTIONS.membership] };
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

export function tellCommits(commits: CommitFacts): Told {
  const { leader, firstIndex, lastIndex } = commits;
  const usualMs = usualCommitMs(commits);
  const took = usualMs === null ? '' : `, about half within ${formatDuration(usualMs)}`;
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
