/**
 * Which one thing a person should know now, and what to do about it. Pure: the same inputs give the
 * same banner.
 */

import type { ResqliteError } from '../client/errors.ts';
import type { NodeStatus } from '../node/status.ts';
import { healthOf, SAFE_MEMBERS, type ClusterHealth } from './health.ts';

export type Phase =
  | { readonly type: 'opening' }
  | { readonly type: 'open' }
  | { readonly type: 'failed'; readonly error: ResqliteError };

/** What a banner's button does. */
type BannerAction = 'open-tab' | 'reload' | 'start-over';

export interface Banner {
  readonly tone: 'busy' | 'notice' | 'trouble';
  readonly title: string;
  readonly text: string;
  readonly action: BannerAction | null;
  /** How long it has been going on, where that is worth knowing. */
  readonly sinceMs: number | null;
}

export interface Situation {
  readonly phase: Phase;
  readonly status: NodeStatus | null;
  readonly isSecureContext: boolean;
  /** This tab has a cluster of its own to forget. */
  readonly hasOwnCluster: boolean;
  /** When the present phase or state began. */
  readonly stateSinceMs: number;
  /** The node has only just been opened: links that are not there yet are no trouble. */
  readonly isSettling: boolean;
  /** There has been no leader for long enough to say so. */
  readonly isLeaderless: boolean;
}

const CONNECTING: Banner = {
  tone: 'busy',
  title: 'Connecting',
  text: 'Looking for the other members.',
  action: null,
  sinceMs: null,
};

const REPLACING: Banner = {
  tone: 'notice',
  title: 'This tab’s data is being replaced',
  text:
    'Its copy was lost, or differed from the majority’s. It answers nothing until the leader has ' +
    'sent it a good one; the other tabs go on.',
  action: null,
  sinceMs: null,
};

const OUTDATED: Banner = {
  tone: 'trouble',
  title: 'This tab runs an older version of the page',
  text:
    'The cluster has gone over to a newer one, under which SQL may mean something else. This tab ' +
    'votes and keeps the log, but answers nothing until it is reloaded; the other tabs go on.',
  action: 'reload',
  sinceMs: null,
};

export function bannerFor(situation: Situation): Banner | null {
  const { phase, status } = situation;
  if (phase.type === 'failed') return failedBanner(phase.error, situation);
  if (phase.type === 'opening' || status === null) {
    return {
      tone: 'busy',
      title: 'Opening this tab’s node',
      text: 'Reading its log and database.',
      action: null,
      sinceMs: situation.stateSinceMs,
    };
  }
  switch (status.state) {
    case 'stopped':
      return stoppedBanner(status);
    case 'joining':
      return withSignalling(joiningBanner(status, situation.stateSinceMs), situation);
    case 'running':
      return runningBanner(status, situation);
  }
}

/** Where tabs have to find each other, it matters that they cannot. */
function withSignalling(banner: Banner, { status, isSettling }: Situation): Banner {
  if (isSettling || status?.transport.signalling !== 'disconnected') return banner;
  const text = `${banner.text} The signalling server cannot be reached: tabs do not find each other.`;
  return { ...banner, text };
}

function joiningBanner(status: NodeStatus, sinceMs: number): Banner {
  const isConnected = status.members.some(
    ({ connected, nodeId }) => connected && nodeId !== status.nodeId,
  );
  const text = isConnected
    ? 'Connected. The leader is letting this tab in.'
    : 'Waiting for a member. Keep a tab of the cluster open, here or in the browser that invited you.';
  return { tone: 'busy', title: 'Joining the cluster', text, action: null, sinceMs };
}

function runningBanner(status: NodeStatus, situation: Situation): Banner | null {
  const health = healthOf(status);
  if (situation.isSettling && health.connectedVoters < health.voters) return CONNECTING;
  if (status.quarantined) return REPLACING;
  if (status.build.outdated) return OUTDATED;
  if (status.stalledAt !== null) return stalledBanner(status.stalledAt);
  if (health.spareVoters < 0) return withSignalling(noQuorumBanner(health), situation);
  if (situation.isLeaderless) {
    return {
      tone: 'busy',
      title: 'No leader',
      text: 'An election is under way. Writes wait for it; reads at level “none” answer.',
      action: null,
      sinceMs: null,
    };
  }
  if (health.voters < SAFE_MEMBERS) return withSignalling(growingBanner(health), situation);
  if (health.spareVoters === 0) {
    return {
      tone: 'notice',
      title: `${health.connectedVoters} of ${health.voters} voters connected`,
      text: 'Everything works, but one more loss would stop writes. Reopen a tab.',
      action: 'open-tab',
      sinceMs: null,
    };
  }
  return null;
}

function stalledBanner({ index, reason }: NonNullable<NodeStatus['stalledAt']>): Banner {
  return {
    tone: 'trouble',
    title: `Log entry ${index} cannot be applied here`,
    text:
      `This tab answers nothing behind it, and waits for a copy of the data. (${reason}) Where all ` +
      `tabs say so, .skip ${index} in the shell gives this one write up, and everything goes on.`,
    action: null,
    sinceMs: null,
  };
}

function noQuorumBanner(health: ClusterHealth): Banner {
  const { connectedVoters, voters } = health;
  return {
    tone: 'trouble',
    title: 'No quorum: reopen a tab',
    text:
      `Only ${connectedVoters} of ${voters} voters ${connectedVoters === 1 ? 'is' : 'are'} connected. ` +
      'Nothing can be written until a majority is; reads at level “none” still answer.',
    action: 'open-tab',
    sinceMs: null,
  };
}

function growingBanner({ members }: ClusterHealth): Banner {
  if (members >= SAFE_MEMBERS) {
    return {
      tone: 'busy',
      title: 'Almost there',
      text: 'The new tabs are catching up; then they become voters.',
      action: null,
      sinceMs: null,
    };
  }
  const missing = SAFE_MEMBERS - members;
  const tabs = missing === 1 ? 'one more tab' : 'two more tabs';
  return {
    tone: 'notice',
    title: `${members} of ${SAFE_MEMBERS}: no fault tolerance yet`,
    text: `Open this page in ${tabs}. With three, any one of them may close or crash.`,
    action: 'open-tab',
    sinceMs: null,
  };
}

function stoppedBanner(status: NodeStatus): Banner {
  const reason = status.stoppedReason ?? 'no reason is known';
  if (status.storage.state === 'failed') {
    return {
      tone: 'trouble',
      title: 'Storage lost: this node has stopped',
      text:
        'Its storage failed or was cleared. What was acknowledged is safe on a majority of the ' +
        `other members. Reload: the tab comes back with what is left. (${reason})`,
      action: 'reload',
      sinceMs: null,
    };
  }
  return {
    tone: 'trouble',
    title: 'This tab’s node has stopped',
    text: `Reload the page to start it again. (${reason})`,
    action: 'reload',
    sinceMs: null,
  };
}

/** Messages come from many places; on the banner they are sentences. */
function sentence(message: string): string {
  const text = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?)]$/.test(text) ? text : `${text}.`;
}

function failedBanner(error: ResqliteError, situation: Situation): Banner {
  const text = sentence(error.message);
  const failed = { tone: 'trouble', text, action: 'reload', sinceMs: null } as const;
  switch (error.code) {
    case 'InvalidInvite':
      return { ...failed, title: 'This invite link does not work', action: 'start-over' };
    case 'Unsupported':
      if (situation.isSecureContext) return { ...failed, title: 'This browser cannot run a node' };
      return {
        ...failed,
        title: 'Not a secure context',
        text:
          'Browsers give a page storage and encryption only over https, or from localhost. ' +
          'Open this page under an https address, or on the machine that serves it.',
        action: null,
      };
    case 'StorageDenied':
      return { ...failed, title: 'The browser denies storage' };
    case 'StorageLost':
      return {
        ...failed,
        title: 'Storage lost',
        action: situation.hasOwnCluster ? 'start-over' : 'reload',
      };
    case 'Corrupt':
      return { ...failed, title: 'The stored data cannot be read' };
    default:
      return { ...failed, title: 'The node could not be opened' };
  }
}
