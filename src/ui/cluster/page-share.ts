/**
 * This page's end of what tabs show each other (tab-share.ts): it is there from the first answer of the
 * database on, and again for each database that is opened under the page.
 */

import { computed, effect, signal, untracked, type ReadonlySignal } from '@preact/signals';
import type { Database } from '../../client/database.ts';
import { reloadPage } from '../leaving.ts';
import { database, status } from '../store.ts';
import type { NodeId, TabCommand, TabPresence } from './share-messages.ts';
import { stopReasonOf } from './stop-reason.ts';
import { TabShare } from './tab-share.ts';

const share = signal<TabShare | null>(null);
const isVisible = signal(false);
let isStarted = false;

/** Somebody may be looking at this page; known from `startPageShare` on. */
export const isPageVisible: ReadonlySignal<boolean> = isVisible;

/** Null: no database is open. */
export const pageShare: ReadonlySignal<TabShare | null> = share;

/** Further calls do nothing. */
export function startPageShare(): void {
  if (isStarted) return;
  isStarted = true;
  document.addEventListener('visibilitychange', noteVisibility);
  noteVisibility();
  effect(() => {
    const { value: open } = database;
    return open === null ? undefined : untracked(() => shareDatabase(open));
  });
}

function noteVisibility(): void {
  isVisible.value = document.visibilityState === 'visible';
}

function shareDatabase(open: Database): () => void {
  const channel = new BroadcastChannel(`resqlite-view ${open.clusterId}`);
  const opened = new TabShare({
    post: (message) => channel.postMessage(message),
    inspect: (listener) => open.inspect(listener),
    presence: () => presenceOf(open.nodeId),
    execute: (command) => execute(open, command),
    setTimer: (delayMs, run) => {
      const timer = setTimeout(run, delayMs);
      return () => clearTimeout(timer);
    },
  });
  channel.addEventListener('message', ({ data }) => opened.receive(data));
  const presenceText = computed(() => JSON.stringify(presenceOf(open.nodeId)));
  const stop = effect(() => {
    // Told when it becomes another one, and not with every status.
    if (presenceText.value !== '') untracked(() => opened.tellPresence());
  });
  const leave = (): void => opened.close();
  addEventListener('pagehide', leave);
  share.value = opened;
  return () => {
    share.value = null;
    removeEventListener('pagehide', leave);
    stop();
    opened.close();
    channel.close();
  };
}

function presenceOf(nodeId: NodeId): TabPresence {
  const { value: known } = status;
  const linked = known?.members.filter(({ connected }) => connected) ?? [];
  return {
    nodeId,
    isRunning: known !== null && known.state !== 'stopped',
    stopReason: known && stopReasonOf(known),
    isVisible: isVisible.value,
    linked: linked.map((member) => member.nodeId),
  };
}

/** A node that has stopped can be cut from nothing: what fails then is of no interest. */
function execute(open: Database, command: TabCommand): void {
  const { faults } = open;
  switch (command.type) {
    case 'isolate':
      faults.isolate(command.on).catch(ignore);
      break;
    case 'cut-link':
      faults.cutLink(command.peer, command.on).catch(ignore);
      break;
    case 'delay':
      faults.delay(command.delayMs).catch(ignore);
      break;
    case 'crash':
      faults.crash();
      break;
    case 'reload':
      reloadPage();
  }
}

function ignore(): void {
  // The caller says why.
}
