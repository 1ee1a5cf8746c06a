/** The network of a seeded world: it loses, repeats and reorders, and its links can be cut. */

import type { Message } from '../../src/raft/messages.ts';
import type { NodeId } from '../../src/raft/types.ts';

/** Each a probability. */
export interface NetworkChaos {
  readonly loss: number;
  readonly repetition: number;
  /** The share of deliveries that take any message instead of the oldest. */
  readonly reordering: number;
}

/** Beyond, messages are lost. */
const MAX_MESSAGES = 400;

export class Network {
  readonly #random: () => number;
  readonly #messages: Message[] = [];
  readonly #cutLinks = new Set<string>();

  constructor(random: () => number) {
    this.#random = random;
  }

  get size(): number {
    return this.#messages.length;
  }

  send(message: Message): void {
    if (this.#messages.length < MAX_MESSAGES) this.#messages.push(message);
  }

  /** The next message that arrives; null where there is none, or it is lost. */
  take(chaos: NetworkChaos): Message | null {
    const isReordered = this.#random() < chaos.reordering;
    const at = isReordered ? Math.floor(this.#random() * this.#messages.length) : 0;
    const message = this.#messages[at];
    if (message === undefined) return null;
    if (this.#random() >= chaos.repetition) this.#messages.splice(at, 1);
    if (this.#random() < chaos.loss) return null;
    return this.#cutLinks.has(`${message.from} ${message.to}`) ? null : message;
  }

  /** Whatever is under way between the two, in either direction, is lost. */
  dropBetween(one: NodeId, other: NodeId): void {
    const kept = this.#messages.filter(
      ({ from, to }) => !(from === one && to === other) && !(from === other && to === one),
    );
    this.#messages.splice(0, Infinity, ...kept);
  }

  heal(): void {
    this.#cutLinks.clear();
  }

  /** Cuts the links from one side to the other, and back. */
  partition(side: readonly NodeId[], rest: readonly NodeId[], isSymmetric: boolean): void {
    for (const from of side) {
      for (const to of rest) {
        this.#cutLinks.add(`${from} ${to}`);
        if (isSymmetric) this.#cutLinks.add(`${to} ${from}`);
      }
    }
  }
}
