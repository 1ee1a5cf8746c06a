/**
 * The cluster as the view shows it, as signals: what the tabs of this browser tell, what is drawn of
 * it, what happened, and the messages on their way. It is followed only while the view is shown and the
 * page is visible; what happened stays, since nodes keep it.
 */

import { batch, computed, effect, signal, untracked, type ReadonlySignal } from '@preact/signals';
import type { Inspection } from '../../node/inspection.ts';
import { Traffic } from '../raft/traffic.ts';
import { status } from '../store.ts';
import {
  drawCluster,
  isReached,
  type Picture,
  type Sights,
  type TabReport,
} from './cluster-picture.ts';
import { departuresOf } from './departures.ts';
import { isPageVisible, pageShare, startPageShare } from './page-share.ts';
import type { TabPresence } from './share-messages.ts';
import { Story, type StoryItem } from './story.ts';
import { WATCH_MEMORY_MS, type TabShare } from './tab-share.ts';

/** How often at most what is shown is drawn anew: messages travel without it. */
const PUBLISH_INTERVAL_MS = 200;
/** A tab that was asked and says nothing for so long is gone. */
const GONE_MS = WATCH_MEMORY_MS + 1_000;

interface HeardReport extends TabReport {
  readonly heardMs: number;
}

/** Of the tabs of this browser, by node. */
export const reports = signal<ReadonlyMap<string, TabReport>>(new Map());
export const storyItems = signal<readonly StoryItem[]>([]);
export const traffic = new Traffic();

/** Null: no database is open. It changes with `reports`, not with every status. */
export const sights = signal<Sights | null>(null);

let lastDrawn: { readonly drawn: Picture | null; readonly text: string } = {
  drawn: null,
  text: 'null',
};

/** Another one only where it differs. */
export const picture: ReadonlySignal<Picture | null> = computed(() => {
  const drawn = sights.value === null ? null : drawCluster(sights.value);
  const text = JSON.stringify(drawn);
  if (text !== lastDrawn.text) lastDrawn = { drawn, text };
  return lastDrawn.drawn;
});

/** Follows it until the answer is called. */
export function watchCluster(): () => void {
  startPageShare();
  const stop = effect(() => {
    const { value: share } = pageShare;
    if (share === null) forget();
    if (share === null || !isPageVisible.value) return undefined;
    return untracked(() => new Watch(share).start());
  });
  return () => {
    stop();
    forget();
  };
}

function forget(): void {
  batch(() => {
    reports.value = new Map();
    sights.value = null;
  });
}

let story = new Story();
let storyOf: string | null = null;

class Watch {
  readonly #share: TabShare;
  readonly #heard = new Map<string, HeardReport>();
  #publishing: ReturnType<typeof setTimeout> | null = null;
  #hasNews = false;

  constructor(share: TabShare) {
    this.#share = share;
  }

  start(): () => void {
    this.#renewStory(status.peek()?.clusterId ?? null);
    story.watchAnew();
    const stop = this.#share.watch({
      onInspection: (inspection) => this.#onInspection(inspection),
      onPresence: (presence) => this.#onPresence(presence),
      onGone: (nodeId) => {
        this.#heard.delete(nodeId);
        this.#publishSoon();
      },
    });
    // What was drawn before the page was hidden stands until the tabs have told of themselves.
    if (sights.peek()?.status.clusterId !== status.peek()?.clusterId) this.#publish();
    // Also where no tab tells anything: a node may be opening, or have stopped.
    const stopStatus = effect(() => {
      if (status.value !== null) this.#publishSoon();
    });
    return () => {
      stop();
      if (this.#publishing !== null) clearTimeout(this.#publishing);
      stopStatus();
      traffic.clear();
    };
  }

  #renewStory(clusterId: string | null): void {
    if (clusterId === storyOf) return;
    storyOf = clusterId;
    story = new Story();
    storyItems.value = [];
  }

  #onPresence(presence: TabPresence): void {
    const known = this.#heard.get(presence.nodeId);
    if (known?.presence.isRunning === true && !presence.isRunning) {
      story.takeStop(presence.nodeId, presence.stopReason ?? 'crash', Date.now());
      this.#hasNews = true;
    }
    const inspection = known?.inspection ?? null;
    this.#heard.set(presence.nodeId, { inspection, presence, heardMs: Date.now() });
    this.#publishSoon();
  }

  #onInspection(inspection: Inspection): void {
    const known = this.#heard.get(inspection.nodeId);
    // A tab says first that it is there.
    if (known === undefined) return;
    this.#heard.set(inspection.nodeId, { ...known, inspection, heardMs: Date.now() });
    this.#hasNews = story.take(inspection) || this.#hasNews;
    this.#showMessages(inspection);
    this.#publishSoon();
  }

  #showMessages({ nodeId, messages, delayMs, overMs }: Inspection): void {
    const setting = {
      isHeard: (peer: string) => this.#heard.get(peer)?.inspection?.nodeId === peer,
      isReached: (peer: string) => isReached(nodeId, peer, { reports: this.#heard }),
      delayMs,
      overMs,
      nowMs: performance.now(),
    };
    for (const departure of departuresOf(nodeId, messages, setting)) traffic.add(departure);
  }

  #publishSoon(): void {
    this.#publishing ??= setTimeout(() => this.#publish(), PUBLISH_INTERVAL_MS);
  }

  #publish(): void {
    this.#publishing = null;
    const now = Date.now();
    for (const [nodeId, { heardMs }] of this.#heard) {
      if (now - heardMs > GONE_MS) this.#heard.delete(nodeId);
    }
    const known = status.peek();
    batch(() => {
      reports.value = new Map(this.#heard);
      sights.value = known === null ? null : { status: known, reports: reports.value };
    });
    if (this.#hasNews) storyItems.value = story.items;
    this.#hasNews = false;
  }
}
