/**
 * When to dial whom. A peer without a link is dialled at once when it becomes a peer, then again
 * after pauses that double from DIAL_BACKOFF_MIN_MS to DIAL_BACKOFF_MAX_MS, each drawn from its upper
 * half so that two nodes do not keep dialling in step. A link that lived for LINK_TIMEOUT_MS shows
 * that dialling works, and the pauses begin anew.
 *
 * A dial that may not be made now (`mayDial`) is not lost: whoever lifts the obstacle calls `dialNow`
 * or `lost` again.
 */

import { DIAL_BACKOFF_MAX_MS, DIAL_BACKOFF_MIN_MS, LINK_TIMEOUT_MS } from '../node/limits.ts';
import type { Clock } from '../node/ports.ts';
import type { NodeId } from '../raft/types.ts';
import { backoffMs } from './backoff.ts';

interface Schedule {
  failures: number;
  linkedAtMs: number | null;
  cancelTimer: () => void;
}

export interface DialerOptions {
  readonly clock: Pick<Clock, 'now' | 'setTimer' | 'random'>;
  readonly mayDial: (peer: NodeId) => boolean;
  readonly dial: (peer: NodeId) => void;
}

const NOTHING = (): void => undefined;

export class Dialer {
  readonly #options: DialerOptions;
  readonly #scheduleByPeer = new Map<NodeId, Schedule>();

  constructor(options: DialerOptions) {
    this.#options = options;
  }

  setPeers(peers: readonly NodeId[]): void {
    const wanted = new Set(peers);
    for (const [peer, schedule] of this.#scheduleByPeer) {
      if (wanted.has(peer)) continue;
      schedule.cancelTimer();
      this.#scheduleByPeer.delete(peer);
    }
    for (const peer of wanted) {
      if (this.#scheduleByPeer.has(peer)) continue;
      this.#scheduleByPeer.set(peer, { failures: 0, linkedAtMs: null, cancelTimer: NOTHING });
      this.#dial(peer);
    }
  }

  /** Every peer without a link, at once: what stood in the way is gone. */
  dialAll(): void {
    for (const [peer, schedule] of this.#scheduleByPeer) {
      schedule.failures = 0;
      this.dialNow(peer);
    }
  }

  dialNow(peer: NodeId): void {
    const schedule = this.#scheduleByPeer.get(peer);
    if (schedule === undefined) return;
    schedule.cancelTimer();
    this.#dial(peer);
  }

  linked(peer: NodeId): void {
    const schedule = this.#scheduleByPeer.get(peer);
    if (schedule === undefined) return;
    schedule.cancelTimer();
    schedule.linkedAtMs = this.#options.clock.now();
  }

  /** A link or a dial came to an end. */
  lost(peer: NodeId): void {
    const schedule = this.#scheduleByPeer.get(peer);
    if (schedule === undefined) return;
    const { clock } = this.#options;
    if (schedule.linkedAtMs !== null) {
      if (clock.now() - schedule.linkedAtMs >= LINK_TIMEOUT_MS) schedule.failures = 0;
      schedule.linkedAtMs = null;
    }
    const delayMs = backoffMs(
      schedule.failures,
      DIAL_BACKOFF_MIN_MS,
      DIAL_BACKOFF_MAX_MS,
      (bound) => clock.random(bound),
    );
    schedule.failures += 1;
    schedule.cancelTimer();
    schedule.cancelTimer = clock.setTimer(delayMs, () => this.#dial(peer));
  }

  stop(): void {
    this.setPeers([]);
  }

  #dial(peer: NodeId): void {
    if (this.#options.mayDial(peer)) this.#options.dial(peer);
  }
}
