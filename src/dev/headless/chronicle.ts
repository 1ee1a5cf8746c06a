/**
 * What is worth a line of what a node tells of itself: only what has changed, and of what comes and goes in
 * every start only what lasts. Of one life of the node, from a start of the browser to its end.
 */

import type { NodeReport } from './page-script.ts';

/** A line: `text` for people, the rest for programs. */
export interface Line {
  readonly event: string;
  readonly text: string;
  readonly [field: string]: unknown;
}

/** A node that starts has links with others by then, if it can have any. */
const SETTLING_MS = 5_000;

export class Chronicle {
  /** The id that the node had before; null: it has not joined yet. */
  readonly #formerId: string | null;
  readonly #beganMs: number;
  #last: NodeReport | null = null;
  /** Null: it is not settled yet. */
  #hasMajority: boolean | null = null;
  #survivalTold: string | null = null;
  readonly #inContact = new Set<string>();
  readonly #lost = new Set<string>();

  constructor(formerId: string | null, nowMs: number) {
    this.#formerId = formerId;
    this.#beganMs = nowMs;
  }

  /** To be asked again after a while: what lasts is told then, also where nothing has changed. */
  linesOf(report: NodeReport, nowMs: number): Line[] {
    const last = this.#last;
    this.#last = report;
    if (report.state === 'stopped') return last?.state === 'stopped' ? [] : [stopped(report)];
    const isRunning = report.state === 'running';
    const refused = refusals(last, report);
    const wasRunning = last?.state === 'running' && last.nodeId === report.nodeId;
    if (!isRunning) return refused;
    return [
      ...refused,
      ...(wasRunning ? this.#vote(last, report) : this.#entry(report)),
      ...leadership(wasRunning ? last : null, report),
      ...this.#majority(report, nowMs),
      ...this.#survival(report),
      ...this.#contacts(report),
      ...troubles(wasRunning ? last : null, report),
    ];
  }

  #entry(report: NodeReport): Line[] {
    const { nodeId, clusterId, voters } = report;
    const voter = isVoter(report);
    const as = voter ? `a voter, one of ${voters.length}` : 'a learner';
    const told = { nodeId, clusterId, voter };
    if (this.#formerId === null) {
      return [
        { event: 'joined', text: `joined cluster ${clusterId} as ${nodeId}, ${as}`, ...told },
      ];
    }
    if (this.#formerId === nodeId) {
      return [{ event: 'back', text: `${nodeId} of cluster ${clusterId} is back, ${as}`, ...told }];
    }
    const text =
      `joined cluster ${clusterId} again, as ${nodeId}, ${as}: ` +
      `${this.#formerId} has lost its storage or was removed`;
    return [{ event: 'replaced', text, formerId: this.#formerId, ...told }];
  }

  #vote(last: NodeReport, report: NodeReport): Line[] {
    const { voters, voterProfiles } = report;
    const voter = isVoter(report);
    if (voter === isVoter(last)) return [];
    if (!voter) return [{ event: 'learner', text: 'votes no more: a learner' }];
    const text = `votes: one of ${voters.length} voters, in ${counted(voterProfiles, 'profile')}`;
    return [{ event: 'voter', text, voters: voters.length, profiles: voterProfiles }];
  }

  #majority({ connectedVoters, voters, leaderId }: NodeReport, nowMs: number): Line[] {
    const has = connectedVoters > voters.length / 2;
    const isSettled = this.#hasMajority !== null || nowMs - this.#beganMs >= SETTLING_MS;
    if (has && this.#hasMajority === null && leaderId !== null) this.#hasMajority = true;
    if (!isSettled || has === this.#hasMajority) return [];
    const told = { connectedVoters, voters: voters.length };
    const hadNone = this.#hasMajority === false;
    this.#hasMajority = has;
    if (!has) {
      const text = `no majority: ${connectedVoters} of ${voters.length} voters in contact`;
      return [{ event: 'no-majority', text, ...told }];
    }
    return hadNone ? [{ event: 'majority', text: 'a majority is in contact again', ...told }] : [];
  }

  /** Nothing before it has heard the others, and where there is no majority, which says more. */
  #survival({ survivesLosses: losses, survivesProfileLosses: profileLosses }: NodeReport): Line[] {
    const many = losses === 0 ? 'no loss' : counted(losses, 'loss', 'losses');
    const text =
      profileLosses === 0
        ? `survives ${many}`
        : `survives ${many}, and that of ${counted(profileLosses, 'whole profile')}`;
    const last = this.#survivalTold;
    this.#survivalTold = this.#hasMajority === true ? text : null;
    if (this.#survivalTold === null || text === last) return [];
    return [{ event: 'survives', text, losses, profileLosses }];
  }

  #contacts({ others }: NodeReport): Line[] {
    const lines: Line[] = [];
    for (const { nodeId, isAway } of others) {
      if (!isAway && this.#lost.delete(nodeId)) {
        lines.push({ event: 'contact', text: `in contact with ${nodeId} again`, nodeId });
      }
      if (!isAway) this.#inContact.add(nodeId);
      else if (this.#inContact.delete(nodeId)) {
        this.#lost.add(nodeId);
        lines.push({ event: 'lost-contact', text: `lost contact with ${nodeId}`, nodeId });
      }
    }
    return lines;
  }
}

function leadership(last: NodeReport | null, { leaderId, nodeId, term }: NodeReport): Line[] {
  if (leaderId === null || (last?.leaderId === leaderId && last.term === term)) return [];
  if (leaderId === nodeId) return [{ event: 'leads', text: `leads, term ${term}`, term }];
  return [{ event: 'follows', text: `follows ${leaderId}, term ${term}`, leaderId, term }];
}

const REFUSALS = {
  invite: 'is not let in: the invite has expired, is used up or was revoked',
  removed: 'is not let in: it was removed from the cluster',
};

function refusals(last: NodeReport | null, { state, refusal }: NodeReport): Line[] {
  if (refusal === (last?.refusal ?? null)) return [];
  if (refusal !== null) return [{ event: 'refused', text: REFUSALS[refusal], refusal }];
  // Who runs has been let in, which is told.
  return state === 'running' ? [] : [{ event: 'let-in', text: 'is refused no more', refusal }];
}

function troubles(last: NodeReport | null, report: NodeReport): Line[] {
  const { quarantined, stalledAt, persisted } = report;
  const lines: Line[] = [];
  if (!persisted && (last === null || last.persisted)) {
    lines.push({ event: 'evictable', text: 'the browser has not promised to keep what is stored' });
  }
  if (quarantined !== (last?.quarantined ?? false)) {
    const text = quarantined
      ? 'its data is being replaced by another’s'
      : 'its data is sound again';
    lines.push({ event: quarantined ? 'quarantined' : 'sound', text });
  }
  if (stalledAt !== null && stalledAt !== last?.stalledAt) {
    lines.push({ event: 'stalled', text: `cannot apply entry ${stalledAt}`, index: stalledAt });
  }
  return lines;
}

function stopped({ stoppedReason }: NodeReport): Line {
  const reason = stoppedReason ?? 'no reason is known';
  return { event: 'stopped', text: `the node stopped: ${reason}`, reason };
}

function isVoter({ voters, nodeId }: NodeReport): boolean {
  return voters.includes(nodeId);
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
