/**
 * What the page knows of its node, as signals: how opening went, the last status, and what follows
 * from them. Whoever opens the node writes here; components only read.
 */

import { computed, effect, signal, type ReadonlySignal } from '@preact/signals';
import type { Database } from '../client/database.ts';
import { toReadError } from '../client/errors.ts';
import type { QueuedWrite } from '../node/queued-write.ts';
import type { NodeStatus } from '../node/status.ts';
import { bannerFor, needsStoredNodes, type Phase } from './banner.ts';
import { lateRemoval } from './late-removal.ts';
import { followStoredNodes, freeNodes, isWaking, wakeError, wokenNodes } from './stored-nodes.ts';
import { StorageRestarts } from './storage-restarts.ts';
import { TabMemory } from './tab-memory.ts';

/** Opens the node of this page; the string is an invite link or a cluster's id. */
export type OpenDatabase = (cluster: string | null) => Promise<Database>;

/** How long there may be no leader before a person is told; an election is shorter. */
const LEADERLESS_NOTICE_MS = 1_500;

/** How long a node that was just opened may look for the others before that is called trouble. */
const SETTLING_MS = 3_000;

const memory = new TabMemory();
/** The invite link or cluster's id that this tab was opened with; null: neither. */
export const openedWith = memory.cluster;
const phase = signal<Phase>({ type: 'opening' });
const stateSinceMs = signal(Date.now());
const isSettling = signal(true);
const isLeaderless = signal(false);

export const database = signal<Database | null>(null);
export const status = signal<NodeStatus | null>(null);
/** What waits in this browser profile to be sent, and what came of what waited. */
export const outbox = signal<readonly QueuedWrite[]>([]);
/** The node's storage failed, and it is about to be started again. */
const willRestart = signal(false);
/** The guide asks for more tabs, so that nobody else has to. */
export const isGuided = signal(false);

const areStoredNodesNeeded = computed(
  () => !isSettling.value && status.value !== null && needsStoredNodes(status.value),
);
let unfollow: () => void = () => undefined;
/** What the open node is of, or the last one was; null: none was opened yet. */
let clusterId: string | null = null;

/** In a word: what state the page is in, also for tests and scripts. */
export const pageState = computed(() => {
  if (phase.value.type === 'failed') return 'failed';
  return status.value?.state ?? 'opening';
});

export const banner = computed(() =>
  bannerFor({
    phase: phase.value,
    status: status.value,
    isSecureContext,
    hasOwnCluster: memory.cluster !== null,
    stateSinceMs: stateSinceMs.value,
    isSettling: isSettling.value,
    isLeaderless: isLeaderless.value,
    willRestart: willRestart.value,
    isGuided: isGuided.value,
    stored: {
      free: freeNodes.value,
      woken: wokenNodes.value.length,
      isWaking: isWaking.value,
      problem: wakeError.value?.message ?? null,
    },
  }),
);

/** Where the next tab of this cluster is opened. */
export const nextTabAddress: ReadonlySignal<string> = computed(() => {
  const { value } = database;
  return value === null ? location.pathname : memory.addressOf(value.clusterId);
});

/** Opens the node; every outcome ends up in the signals. */
export async function start(open: OpenDatabase): Promise<void> {
  showStateOnPage();
  watchLeader();
  watchStorage(open);
  try {
    await openNode(open, memory.cluster);
  } catch (error) {
    const failed = toReadError(error);
    // The next load shall not stumble over the same link.
    if (failed.code === 'InvalidInvite') memory.forget();
    phase.value = { type: 'failed', error: failed };
  }
}

/**
 * The page is back from where the browser had put it aside, and its node ended as it went. A new one
 * is opened under the page as it is, so that the console keeps what it shows; where that fails, the
 * page is loaded anew, for it may be of another version by now.
 */
export async function restart(open: OpenDatabase): Promise<void> {
  if (database.value === null) {
    location.reload();
    return;
  }
  phase.value = { type: 'opening' };
  status.value = null;
  try {
    await reopen(open);
  } catch {
    location.reload();
  }
}

/** Ends the node, where there is still one, and opens one of the same cluster. */
async function reopen(open: OpenDatabase): Promise<void> {
  const former = database.value;
  isSettling.value = true;
  unfollow();
  database.value = null;
  await former?.close();
  await openNode(open, clusterId);
}

async function openNode(open: OpenDatabase, cluster: string | null): Promise<void> {
  const opened = await open(cluster);
  ({ clusterId } = opened);
  memory.opened(clusterId);
  const isLateRemoval = lateRemoval();
  opened.onStatus((next) => {
    status.value = next;
    // Not before this node is the page's, which ends it.
    if (isLateRemoval(next)) queueMicrotask(() => void goOnAsAnother(open));
  });
  opened.onOutbox((writes) => {
    outbox.value = writes;
  });
  unfollow = followStoredNodes(opened, areStoredNodesNeeded);
  database.value = opened;
  phase.value = { type: 'open' };
  setTimeout(() => {
    isSettling.value = false;
  }, SETTLING_MS);
}

/** This tab's node was removed while no tab ran it. */
async function goOnAsAnother(open: OpenDatabase): Promise<void> {
  phase.value = { type: 'opening' };
  status.value = null;
  try {
    await reopen(open);
  } catch (error) {
    phase.value = { type: 'failed', error: toReadError(error) };
  }
}

/** Forgets the cluster this tab was opened with, and opens the default one. */
export function startOver(): void {
  memory.forget();
  location.reload();
}

/** From the next load on this tab is of that cluster; null: of the default one. */
export function chooseCluster(clusterId: string | null): void {
  memory.choose(clusterId);
}

/** The cluster of this tab has become another one, which a reload opens. */
export function goOnAs(clusterId: string): void {
  memory.opened(clusterId);
  location.reload();
}

/** Starts the node again, under the page as it is, where its storage failed. */
function watchStorage(open: OpenDatabase): void {
  const restarts = new StorageRestarts({
    restart: async () => {
      try {
        await reopen(open);
      } catch (error) {
        status.value = null;
        throw error;
      }
    },
    onGivenUp: (error) => {
      if (status.value === null) phase.value = { type: 'failed', error: toReadError(error) };
    },
    // Where nothing is left to start with, the person has to choose what to do.
    isWorthwhile: (error) => toReadError(error).code === 'StorageDenied',
    now: () => Date.now(),
    setTimer: (delayMs, run) => {
      const timer = setTimeout(run, delayMs);
      return () => clearTimeout(timer);
    },
  });
  effect(() => {
    if (status.value !== null) restarts.onStatus(status.value);
    willRestart.value = restarts.isDue;
  });
}

function showStateOnPage(): void {
  effect(() => {
    document.documentElement.dataset['state'] = pageState.value;
    stateSinceMs.value = Date.now();
  });
  effect(() => {
    if (phase.value.type === 'failed') {
      document.documentElement.dataset['error'] = phase.value.error.code;
    }
  });
}

function watchLeader(): void {
  const hasLeader = computed(() => status.value === null || status.value.leaderId !== null);
  effect(() => {
    if (hasLeader.value) {
      isLeaderless.value = false;
      return undefined;
    }
    const timer = setTimeout(() => {
      isLeaderless.value = true;
    }, LEADERLESS_NOTICE_MS);
    return () => clearTimeout(timer);
  });
}
