/**
 * What the page knows of its node, as signals: how opening went, the last status, and what follows
 * from them. Whoever opens the node writes here; components only read.
 */

import { computed, effect, signal, type ReadonlySignal } from '@preact/signals';
import type { Database } from '../client/database.ts';
import { toReadError } from '../client/errors.ts';
import type { NodeStatus } from '../node/status.ts';
import { bannerFor, type Phase } from './banner.ts';
import { TabMemory } from './tab-memory.ts';

/** Opens the node of this page; the string is an invite link or a cluster's id. */
export type OpenDatabase = (cluster: string | null) => Promise<Database>;

/** How long there may be no leader before a person is told; an election is shorter. */
const LEADERLESS_NOTICE_MS = 1_500;

/** How long a node that was just opened may look for the others before that is called trouble. */
const SETTLING_MS = 3_000;

const memory = new TabMemory();
const phase = signal<Phase>({ type: 'opening' });
const stateSinceMs = signal(Date.now());
const isSettling = signal(true);
const isLeaderless = signal(false);

export const database = signal<Database | null>(null);
export const status = signal<NodeStatus | null>(null);
/** The browser's word that it keeps this site's data; null where it gives none. */
export const isPersisted = signal<boolean | null>(null);

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
  try {
    const opened = await open(memory.cluster);
    memory.opened(opened.clusterId);
    opened.onStatus((next) => {
      status.value = next;
    });
    database.value = opened;
    phase.value = { type: 'open' };
    setTimeout(() => {
      isSettling.value = false;
    }, SETTLING_MS);
    await askPersisted();
  } catch (error) {
    const failed = toReadError(error);
    // The next load shall not stumble over the same link.
    if (failed.code === 'InvalidInvite') memory.forget();
    phase.value = { type: 'failed', error: failed };
  }
}

/** Forgets the cluster this tab was opened with, and opens the default one. */
export function startOver(): void {
  memory.forget();
  location.reload();
}

/** Asks the browser to keep this site's data; some ask the person. */
export async function persist(): Promise<void> {
  isPersisted.value = await navigator.storage.persist();
}

async function askPersisted(): Promise<void> {
  isPersisted.value = await navigator.storage.persisted();
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
