/**
 * Faults that are made on purpose at this end of the links, for demonstrations and tests: no links, no
 * link with some, and messages that leave late. A message that was to leave over a link that is lost
 * meanwhile is lost with it, as in a slow network.
 */

import { MAX_LATE_BYTES, MAX_LATE_MESSAGES } from '../node/limits.ts';
import type { NodeMessage } from '../node/messages.ts';
import type { Clock } from '../node/ports.ts';
import { entryBytes } from '../raft/log.ts';
import type { NodeId } from '../raft/types.ts';

/** What is needed of a link. */
interface Way {
  send(message: NodeMessage): void;
}

interface LateMessage {
  readonly sinceMs: number;
  readonly message: NodeMessage;
  readonly bytes: number;
  readonly link: Way;
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
  #lateBytes = 0;
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

  /** How many messages wait for their time. */
  get waiting(): number {
    return this.#late.length;
  }

  /** Over the link, once the delay has passed, behind those before it. False: no room, it is dropped. */
  send(message: NodeMessage, link: Way): boolean {
    if (this.#delayMs === 0) {
      link.send(message);
      return true;
    }
    const bytes = payloadBytes(message);
    if (this.#late.length >= MAX_LATE_MESSAGES || this.#lateBytes + bytes > MAX_LATE_BYTES) {
      return false;
    }
    this.#late.push({ sinceMs: this.#clock.now(), message, bytes, link });
    this.#lateBytes += bytes;
    if (this.#late.length === 1) this.#arm();
    return true;
  }

  /** What waits never leaves. */
  close(): void {
    this.#cancel();
    this.#late = [];
    this.#lateBytes = 0;
  }

  #release(): void {
    this.#cancel();
    const nowMs = this.#clock.now();
    const kept = this.#late.findIndex(({ sinceMs }) => sinceMs + this.#delayMs > nowMs);
    const due = this.#late.splice(0, kept < 0 ? this.#late.length : kept);
    for (const { message, bytes, link } of due) {
      this.#lateBytes -= bytes;
      link.send(message);
    }
    this.#arm();
  }

  #arm(): void {
    const [next] = this.#late;
    if (next === undefined) return;
    const leftMs = Math.max(next.sinceMs + this.#delayMs - this.#clock.now(), 0);
    this.#cancel = this.#clock.setTimer(leftMs, () => this.#release());
  }
}

/** What a message takes besides its header. */
function payloadBytes(message: NodeMessage): number {
  switch (message.type) {
    case 'append-entries':
      return message.entries.reduce((sum, entry) => sum + entryBytes(entry), 0);
    case 'propose':
      return 'body' in message.proposal ? message.proposal.body.length : 0;
    case 'install-snapshot':
      return message.data.length;
    default:
      return 0;
  }
}
