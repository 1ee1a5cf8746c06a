/**
 * Tabs of one browser profile show each other what their nodes see, and carry out what another asks
 * of them. So a page shows the truth of each tab, also where the cluster is partitioned. None of it is
 * the cluster's business: it goes from page to page, and nothing is decided by it.
 *
 * While a page shows the cluster it says so every WATCH_INTERVAL_MS. Whoever hears it looks at its own
 * node and tells what it sees, until it has heard nothing of the kind for WATCH_MEMORY_MS. A node tells
 * the events that it keeps as a look begins: for a view that opens later all begin anew.
 */

import type { Inspection } from '../../node/inspection.ts';
import {
  packMessage,
  readMessage,
  type NodeId,
  type ShareMessage,
  type TabCommand,
  type TabPresence,
} from './share-messages.ts';

export const WATCH_INTERVAL_MS = 2_000;
export const WATCH_MEMORY_MS = 5_000;

export interface SharePorts {
  /** To all other tabs, none of which may be there. */
  readonly post: (message: unknown) => void;
  /** Looks at the own node; the answer ends it. */
  readonly inspect: (listener: (inspection: Inspection) => void) => () => void;
  readonly presence: () => TabPresence;
  /** Of the own node; tells of its own failures. */
  readonly execute: (command: TabCommand) => void;
  /** Calls back once; the answer cancels it. */
  readonly setTimer: (delayMs: number, run: () => void) => () => void;
}

/** A view of this page. */
export interface Watcher {
  readonly onInspection: (inspection: Inspection) => void;
  readonly onPresence: (presence: TabPresence) => void;
  /** Its page goes; of one that was killed nothing is heard any more. */
  readonly onGone: (nodeId: NodeId) => void;
}

export class TabShare {
  readonly #ports: SharePorts;
  readonly #watchers = new Set<Watcher>();
  #endInspection: (() => void) | null = null;
  /** Others watch, until this is called or runs out. */
  #forgetOthers: (() => void) | null = null;
  #stopSaying: (() => void) | null = null;
  #isClosed = false;

  constructor(ports: SharePorts) {
    this.#ports = ports;
  }

  /** What a channel brought. */
  receive(data: unknown): void {
    const message = readMessage(data);
    if (message === null || this.#isClosed) return;
    switch (message.type) {
      case 'watching':
        this.#onWatching(message.isNew);
        break;
      case 'presence':
        for (const watcher of this.#watchers) watcher.onPresence(message.presence);
        break;
      case 'gone':
        for (const watcher of this.#watchers) watcher.onGone(message.nodeId);
        break;
      case 'inspection':
        for (const watcher of this.#watchers) watcher.onInspection(message.inspection);
        break;
      case 'command':
        if (message.nodeId === this.#ports.presence().nodeId) this.#ports.execute(message.command);
    }
  }

  /** From now on until the answer is called. */
  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    this.#stopSaying?.();
    this.#sayWatching(true);
    this.#endLook();
    this.#look();
    return () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size > 0) return;
      this.#stopSaying?.();
      this.#stopSaying = null;
      this.#look();
    };
  }

  /** Has a tab of this profile do it, this one included. */
  command(nodeId: NodeId, command: TabCommand): void {
    if (nodeId === this.#ports.presence().nodeId) this.#ports.execute(command);
    else this.#post({ type: 'command', nodeId, command });
  }

  /** What `presence` tells has changed. */
  tellPresence(): void {
    const presence = this.#ports.presence();
    for (const watcher of this.#watchers) watcher.onPresence(presence);
    if (this.#forgetOthers !== null) this.#post({ type: 'presence', presence });
    this.#look();
  }

  /** Its page goes, or its node is closed. */
  close(): void {
    if (this.#forgetOthers !== null) {
      this.#post({ type: 'gone', nodeId: this.#ports.presence().nodeId });
    }
    this.#isClosed = true;
    this.#watchers.clear();
    this.#stopSaying?.();
    this.#forgetOthers?.();
    this.#endLook();
  }

  /** `isNew`: it has not been told what nodes still keep. */
  #sayWatching(isNew: boolean): void {
    // As the others do, so that it is known to be there as they are.
    for (const watcher of this.#watchers) watcher.onPresence(this.#ports.presence());
    this.#post({ type: 'watching', isNew });
    this.#stopSaying = this.#ports.setTimer(WATCH_INTERVAL_MS, () => this.#sayWatching(false));
  }

  #onWatching(isNew: boolean): void {
    this.#forgetOthers?.();
    this.#forgetOthers = this.#ports.setTimer(WATCH_MEMORY_MS, () => {
      this.#forgetOthers = null;
      this.#look();
    });
    this.#post({ type: 'presence', presence: this.#ports.presence() });
    if (isNew) this.#endLook();
    this.#look();
  }

  /** Looks at the own node exactly while somebody wants to know and it runs. */
  #look(): void {
    const isWanted = this.#watchers.size > 0 || this.#forgetOthers !== null;
    if (isWanted && this.#ports.presence().isRunning) {
      this.#endInspection ??= this.#ports.inspect((inspection) => this.#onInspection(inspection));
      return;
    }
    this.#endLook();
  }

  #endLook(): void {
    this.#endInspection?.();
    this.#endInspection = null;
  }

  #onInspection(inspection: Inspection): void {
    for (const watcher of this.#watchers) watcher.onInspection(inspection);
    if (this.#forgetOthers !== null) this.#post({ type: 'inspection', inspection });
  }

  #post(message: ShareMessage): void {
    if (!this.#isClosed) this.#ports.post(packMessage(message));
  }
}
