/**
 * Whether a node that lives in a page is to be left alone, started again, or given up. Pure.
 *
 * Until it has joined, everything that keeps it from that ends the command, so that whoever starts it hears
 * of it. A member is started again for as long as it takes: the network may come later than the machine. It
 * gives up where the others refuse it, which is so when its data are lost and its invite is not open any more.
 */

import { CommandError, EXIT } from './exit.ts';
import type { NodeReport, OpenFailure } from './page-script.ts';

/** What is known of one life of the node. */
export interface Life {
  readonly clusterId: string;
  /** It had joined before this life, or has in it. */
  readonly isMember: boolean;
  /** Since the page was loaded. */
  readonly ageMs: number;
  readonly report: NodeReport | null;
  /** Since the report last said something else of the state, or of why the node is not let in. */
  readonly sinceMs: number;
  readonly failure: OpenFailure | null;
  /** Another cluster that the page has opened. */
  readonly otherClusterId: string | null;
  /** Questions in a row that the page has not answered. */
  readonly unanswered: number;
  /** The page was loaded anew for a newer build the last time. */
  readonly isRenewed: boolean;
}

/** The text says why it is to be started again; null: it goes on. */
export type Verdict = { readonly again: string } | { readonly final: CommandError } | null;

const OPEN_TIMEOUT_MS = 30_000;
/** Another member may know the invite. */
const REFUSED_MS = 3_000;
/** A member is let in by whoever knows it, who may be away for a while. */
const MEMBER_REFUSED_MS = 300_000;
/** The page may start the node again by itself. */
const STOPPED_MS = 15_000;
const MAX_UNANSWERED = 3;
/** A page has its new build ready by then. */
const OUTDATED_MS = 30_000;
const STILL_OUTDATED_MS = 600_000;

export function verdictOn(life: Life): Verdict {
  const { report, failure, unanswered } = life;
  if (unanswered >= MAX_UNANSWERED) return { again: 'the page does not answer' };
  if (report !== null) return verdictOnReport(life, report);
  if (failure !== null) return verdictOnFailure(life, failure);
  if (life.ageMs < OPEN_TIMEOUT_MS) return null;
  const { otherClusterId } = life;
  const why =
    otherClusterId === null
      ? 'the page opens no ReSqlite database by itself'
      : `the page has opened cluster ${otherClusterId}, not ${life.clusterId} of the link`;
  return ending(life, EXIT.page, why);
}

function verdictOnReport(life: Life, report: NodeReport): Verdict {
  const { state, refusal } = report;
  if (refusal === 'removed' && state === 'stopped') return { final: REMOVED };
  const refusedMs = life.isMember ? MEMBER_REFUSED_MS : REFUSED_MS;
  if (refusal !== null && state === 'joining' && life.sinceMs >= refusedMs) {
    return { final: refusal === 'removed' ? REMOVED : NOT_INVITED };
  }
  if (state === 'stopped' && life.sinceMs >= STOPPED_MS) {
    return { again: `the node stopped: ${report.stoppedReason ?? 'no reason is known'}` };
  }
  const patienceMs = life.isRenewed ? STILL_OUTDATED_MS : OUTDATED_MS;
  if (report.isOutdated && life.isMember && life.ageMs >= patienceMs) return { again: NEWER_BUILD };
  return null;
}

function verdictOnFailure(life: Life, { code, message }: OpenFailure): Verdict {
  const exitCode = code === 'InvalidInvite' ? EXIT.usage : EXIT.page;
  return ending(life, exitCode, `the page cannot open its database: ${message} (${code})`);
}

function ending({ isMember }: Life, exitCode: number, why: string): Verdict {
  if (isMember) return { again: why };
  return { final: new CommandError(exitCode, `${why.charAt(0).toUpperCase()}${why.slice(1)}.`) };
}

export const NEWER_BUILD = 'others run a newer version of the page';

const REMOVED = new CommandError(
  EXIT.refused,
  'This node was removed from the cluster. Delete its profile to join by a new invite.',
);
const NOT_INVITED = new CommandError(
  EXIT.refused,
  'The cluster does not let this node in: the invite has expired, is used up or was revoked.',
);
