/**
 * Faults that are made on purpose at this end of the links, for demonstrations and tests: no links, no
 * link with some, and messages that leave late. A message that was to leave over a link that is lost
 * meanwhile is lost with it, as in a slow network.
 */

import type { Clock } from '../node/ports.ts';
import type { NodeId } from '../raft/types.ts';

interface LateMessage {
  readonly sinceMs: number;
  readonly send: () => void;
}

export class LinkFaults {
  readonly #clock: Pick<Clock, 'now' | 'setTimer'>;
  /** While true nothing goes in or out, as if the network were unplugged. */
  isIsolated = false;
  /** Nodes with which there is to be no link, as if a firewall stood between. */
  readonly cutPeers = new Set<NodeId>();
  #delayMs = 0;
  /** In the order in which they were sent. */
  #late: LateMessage[] = [];
  #cancel: () => void = () => undefined;

  constructor(clock: Pick<Clock, 'now' | 'setTimer'>) {
    this.#clock = clock;
  }

  /** No link with that node is to come about. */
  bars(peer: NodeId): boolean {
    return this.isIsolated || this.cutPeers.has(peer);
  }

  get report(): {
    readonly isolated: boolean;
    readonly cutLinks: readonly NodeId[];
    readonly delayMs: number;
  } {
    const { isIsolated: isolated, cutPeers } = this;
    return { isolated, cutLinks: [...cutPeers], delayMs: this.#delayMs };
  }

  /** How much later messages leave from now on, those that wait included. */
  delay(ms: number): void {
    this.#delayMs = ms;
    this.#release();
  }

  /** Whether messages leave at once. */
  get isPrompt(): boolean {
    return this.#delayMs === 0;
  }

  /** Calls back once the delay has passed, behind those that came before. */
  later(send: () => void): void {
    this.#late.push({ sinceMs: this.#clock.now(), send });
    if (this.#late.length === 1) this.#arm();
  }

  /** What waits never leaves. */
  close(): void {
    this.#cancel();
    this.#late = [];
  }

  #release(): void {
    this.#cancel();
    const nowMs = this.#clock.now();
    const kept = this.#late.findIndex(({ sinceMs }) => sinceMs + this.#delayMs > nowMs);
    const due = this.#late.splice(0, kept < 0 ? this.#late.length : kept);
    for (const { send } of due) send();
    this.#arm();
  }

  #arm(): void {
    const [next] = this.#late;
    if (next === undefined) return;
    const leftMs = Math.max(next.sinceMs + this.#delayMs - this.#clock.now(), 0);
    this.#cancel = this.#clock.setTimer(leftMs, () => this.#release());
  }
}
