/**
 * Which one thing a person should know now, and what to do about it. Pure: the same inputs give the
 * same banner.
 */

import type { ResqliteError } from '../client/errors.ts';
import type { NodeStatus } from '../node/status.ts';
import { healthOf, SAFE_MEMBERS, type ClusterHealth } from './health.ts';
import { capital, formatBytes } from './wording.ts';

export type Phase =
  | { readonly type: 'opening' }
  | { readonly type: 'open' }
  | { readonly type: 'failed'; readonly error: ResqliteError };

/** What a banner's button does. */
type BannerAction = 'open-tab' | 'reload' | 'start-over' | 'settings' | 'wake';

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
  readonly stored: StoredNodes;
  /** Its storage failed, and it is about to be started again. */
  readonly willRestart: boolean;
  /** The guide is shown, and says that tabs are missing. */
  readonly isGuided: boolean;
}

/** The cluster's nodes of this browser profile that have no tab of their own. */
export interface StoredNodes {
  /** That nobody runs; counted only while they are needed. */
  readonly free: number;
  /** That this page runs beside its own. */
  readonly woken: number;
  readonly isWaking: boolean;
  /** Why they could not be woken. */
  readonly problem: string | null;
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

const NOT_LET_IN: Banner = {
  tone: 'trouble',
  title: 'The cluster does not let this tab in',
  text:
    'Its invite has expired, was used up or was revoked, or it has none. Ask a member for a new ' +
    'invite link, and open it here.',
  action: null,
  sinceMs: null,
};

const REMOVED: Banner = {
  tone: 'trouble',
  title: 'This tab’s node was removed from the cluster',
  text:
    'Its copy of the data gets nothing new. To take part again, ask a member for an invite link and ' +
    'open it here; where another tab of this browser still belongs, a reload is enough.',
  action: 'reload',
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

/** Of what the browser gives this site; from there on a person is told. */
const ROOM_NOTICE = 0.8;
const ROOM_TROUBLE = 0.95;

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
      return stoppedBanner(status, situation.willRestart);
    case 'joining':
      if (needsStoredNodes(status)) return withStored(situation) ?? joining(status, situation);
      return joining(status, situation);
    case 'running':
      return runningBanner(status, situation);
  }
}

/** Where tabs have to find each other, it matters that they cannot. */
function withSignalling(banner: Banner, { status, isSettling }: Situation): Banner {
  if (isSettling || status?.transport.signalling !== 'disconnected') return banner;
  const text =
    `${banner.text} The signalling server cannot be reached, so browsers do not find each other: ` +
    'look whether it runs, or name another in Settings.';
  return { ...banner, text, action: 'settings' };
}

/** Whether nodes of this cluster that are stored here and sleep would be of use now. */
export function needsStoredNodes(status: NodeStatus): boolean {
  switch (status.state) {
    case 'running':
      return healthOf(status).spareVoters < 0;
    case 'joining':
      return !isConnected(status);
    case 'stopped':
      return false;
  }
}

function isConnected(status: NodeStatus): boolean {
  return status.members.some(({ connected, nodeId }) => connected && nodeId !== status.nodeId);
}

/** Null where there are none to be woken. */
function withStored({ stored }: Situation): Banner | null {
  const { free, isWaking, problem } = stored;
  if (isWaking) {
    return {
      tone: 'busy',
      title: 'Waking the stored nodes',
      text: 'They open their logs and databases in this tab.',
      action: null,
      sinceMs: null,
    };
  }
  if (free === 0) return null;
  const [nodes, them] = free === 1 ? ['node', 'it'] : ['nodes', 'them'];
  return {
    tone: 'trouble',
    title: `No quorum, but ${free} more ${nodes} of this cluster ${free === 1 ? 'is' : 'are'} stored here`,
    text:
      `No tab runs ${them} now. Wake ${them} in this tab, and what needs a quorum works again; tabs ` +
      `that you open later take ${them} over.` +
      (problem === null ? '' : ` (The last try failed: ${problem})`),
    action: 'wake',
    sinceMs: null,
  };
}

function wokenBanner({ woken }: StoredNodes): Banner {
  return {
    tone: 'notice',
    title: `${woken + 1} nodes live in this tab`,
    text:
      'Closing it stops them all; nothing is lost by that. Open further tabs: each takes one of them ' +
      'over and runs it from then on.',
    action: 'open-tab',
    sinceMs: null,
  };
}

function joining(status: NodeStatus, situation: Situation): Banner {
  return withSignalling(joiningBanner(status, situation.stateSinceMs), situation);
}

function joiningBanner(status: NodeStatus, sinceMs: number): Banner {
  if (status.transport.refusal !== null) return NOT_LET_IN;
  const text = isConnected(status)
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
  if (health.spareVoters < 0) {
    return withStored(situation) ?? withSignalling(noQuorumBanner(health), situation);
  }
  if (situation.isLeaderless) {
    return {
      tone: 'busy',
      title: 'No leader',
      text: 'An election is under way. Writes wait for it; reads at level “none” answer.',
      action: null,
      sinceMs: null,
    };
  }
  const room = roomBanner(status.storage);
  if (room?.tone === 'trouble') return room;
  if (situation.stored.woken > 0) return wokenBanner(situation.stored);
  if (health.voters < SAFE_MEMBERS) {
    const growing = withSignalling(growingBanner(health), situation);
    return situation.isGuided && growing.action !== 'settings' ? room : growing;
  }
  if (health.spareVoters === 0 && !situation.isGuided) {
    return {
      tone: 'notice',
      title: `${health.connectedVoters} of ${health.voters} voters connected`,
      text: 'Everything works, but one more loss would stop writes. Reopen a tab.',
      action: 'open-tab',
      sinceMs: null,
    };
  }
  return room;
}

/** Null while there is enough room, or nobody tells. */
function roomBanner({ usageBytes, quotaBytes }: NodeStatus['storage']): Banner | null {
  if (usageBytes === null || quotaBytes === null || quotaBytes === 0) return null;
  const share = usageBytes / quotaBytes;
  if (share < ROOM_NOTICE) return null;
  return {
    tone: share < ROOM_TROUBLE ? 'notice' : 'trouble',
    title: `${Math.min(Math.floor(share * 100), 100)} % of this site’s room is used`,
    text:
      `${formatBytes(usageBytes)} of ${formatBytes(quotaBytes)}, for all its tabs. Where it is full this ` +
      'browser’s nodes stop. Free disk space, or delete rows that nobody needs and run VACUUM.',
    action: null,
    sinceMs: null,
  };
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

function growingBanner({ presentMembers }: ClusterHealth): Banner {
  if (presentMembers >= SAFE_MEMBERS) {
    return {
      tone: 'busy',
      title: 'Almost there',
      text: 'The new tabs are catching up; then they become voters.',
      action: null,
      sinceMs: null,
    };
  }
  const missing = SAFE_MEMBERS - presentMembers;
  const tabs = missing === 1 ? 'one more tab' : 'two more tabs';
  return {
    tone: 'notice',
    title: `${presentMembers} of ${SAFE_MEMBERS}: no fault tolerance yet`,
    text: `Open this page in ${tabs}. With three, any one of them may close or crash.`,
    action: 'open-tab',
    sinceMs: null,
  };
}

const FULL: Banner = {
  tone: 'trouble',
  title: 'No room left: this node waits',
  text:
    'The browser gives this site no more room. Free disk space, or delete data of other sites in the ' +
    'browser’s settings; the node goes on by itself when there is room. The other tabs go on, and ' +
    'what was acknowledged is safe on a majority of them. Reads at level “none” may still answer here.',
  action: null,
  sinceMs: null,
};

function stoppedBanner(status: NodeStatus, willRestart: boolean): Banner {
  if (status.transport.refusal === 'removed') return REMOVED;
  const reason = status.stoppedReason ?? 'no reason is known';
  if (status.storage.state === 'full') return FULL;
  if (status.storage.state === 'failed' && willRestart) {
    return {
      tone: 'busy',
      title: 'Storage failed: starting again',
      text:
        'What was acknowledged is safe on a majority of the other members. This node reads again what ' +
        `is left, and comes back, under another id if it lost anything. (${reason})`,
      action: null,
      sinceMs: null,
    };
  }
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
  const text = capital(message);
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
          'Browsers give a page storage and encryption only over https, or from localhost. Open ' +
          'this page under an https address, or on the machine that serves it; ' +
          '“npm start -- --https --host” serves it over https to the whole network.',
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
    case 'NewerVersion':
      return { ...failed, title: 'This tab runs an older version of the page' };
    case 'Corrupt':
      return { ...failed, title: 'The stored data cannot be read' };
    default:
      return { ...failed, title: 'The node could not be opened' };
  }
}
