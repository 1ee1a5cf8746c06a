/**
 * When a node whose storage failed is started again under the page: after pauses that grow, and not
 * more than a few times without a success that lasts. While there is no room for this site's data it is
 * waited for; the worker tells when there is. What starting means is the caller's.
 */

import type { NodeStatus } from '../node/status.ts';

const PAUSES_MS = [1_000, 4_000, 15_000];
/** Whoever ran that long has got over it. */
const STEADY_MS = 120_000;

/** What is read of a status. */
type StorageWord = Pick<NodeStatus, 'state'> & {
  readonly storage: Pick<NodeStatus['storage'], 'state'>;
};

export interface StorageRestartsOptions {
  /** Rejects where it could not be started. */
  readonly restart: () => Promise<void>;
  /** Starting it failed, and is not tried again. */
  readonly onGivenUp: (error: unknown) => void;
  /** Whether trying once more could help. */
  readonly isWorthwhile: (error: unknown) => boolean;
  readonly now: () => number;
  readonly setTimer: (delayMs: number, run: () => void) => () => void;
}

export class StorageRestarts {
  readonly #options: StorageRestartsOptions;
  #tries = 0;
  #runningSinceMs: number | null = null;
  #wasFull = false;
  #cancel: (() => void) | null = null;
  #isStarting = false;
  #last: StorageWord | null = null;

  constructor(options: StorageRestartsOptions) {
    this.#options = options;
  }

  /** A restart is under way, or will be. */
  get isDue(): boolean {
    return this.#isStarting || this.#cancel !== null;
  }

  /** To be told every status of the page's node. */
  onStatus(status: StorageWord): void {
    this.#last = status;
    const { state, storage } = status;
    if (state !== 'stopped') {
      // Started by something else meanwhile: what runs is left alone.
      this.#withdraw();
      this.#runningSinceMs ??= this.#options.now();
      return;
    }
    if (storage.state === 'ok' || this.#isStarting) return;
    const ranMs = this.#runningSinceMs === null ? 0 : this.#options.now() - this.#runningSinceMs;
    this.#runningSinceMs = null;
    if (ranMs >= STEADY_MS || this.#wasFull) this.#tries = 0;
    this.#wasFull = storage.state === 'full';
    if (this.#wasFull) this.#withdraw();
    else if (this.#cancel === null) this.#schedule();
  }

  /** False: it was tried often enough. */
  #schedule(): boolean {
    const pauseMs = PAUSES_MS[this.#tries];
    if (pauseMs === undefined) return false;
    this.#tries += 1;
    this.#cancel = this.#options.setTimer(pauseMs, () => void this.#start());
    return true;
  }

  #withdraw(): void {
    if (this.#cancel === null) return;
    this.#cancel();
    this.#cancel = null;
    this.#tries -= 1;
  }

  async #start(): Promise<void> {
    this.#cancel = null;
    this.#isStarting = true;
    try {
      await this.#options.restart();
      this.#isStarting = false;
      // It may have stopped again meanwhile.
      if (this.#last !== null) this.onStatus(this.#last);
    } catch (error) {
      this.#isStarting = false;
      if (!this.#options.isWorthwhile(error) || !this.#schedule()) this.#options.onGivenUp(error);
    }
  }
}
