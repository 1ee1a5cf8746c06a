/**
 * The trace of a run: every event, in order, mixed into one running hash. Two runs of a seed that
 * end with the same hash did the same. The text is kept only where asked for, since a failing seed
 * can always be run again with it.
 */

import type { NodeMessage } from '../node/messages.ts';
import { Digest, digestText } from './digest.ts';
import { digestMessage, messageText } from './message-text.ts';

/** What can happen; the numbers are mixed into the hash. */
export const TRACE_KINDS = {
  send: 1,
  deliver: 2,
  drop: 3,
  link: 4,
  disk: 5,
  apply: 6,
  timer: 7,
  start: 8,
  crash: 9,
  stop: 10,
  pause: 11,
  fault: 12,
  invoke: 13,
  complete: 14,
  role: 15,
  commit: 16,
  phase: 17,
  snapshot: 18,
} as const;

export type TraceKind = keyof typeof TRACE_KINDS;

export class Trace {
  readonly #digest = new Digest(1);
  readonly #text: ((line: string) => void) | null;
  /**
   * Told of every event but messages, which `Network.flights` tells of. `describe` gives its text, and is
   * to be called at once or never.
   */
  onEvent: (timeUs: number, kind: TraceKind, node: number, describe: () => string) => void =
    () => {};
  #events = 0;

  /** `text` is given every event's line; null: only the hash is kept. */
  constructor(text: ((line: string) => void) | null) {
    this.#text = text;
  }

  /**
   * One event at `timeUs` on node number `node` (-1: none). `facts` are the integers that tell it
   * apart; `describe` is called only where text is kept, and must not change anything.
   */
  record(
    timeUs: number,
    kind: TraceKind,
    node: number,
    facts: readonly number[],
    describe: () => string,
  ): void {
    this.#begin(timeUs, kind, node);
    for (const fact of facts) this.#digest.number(fact);
    if (this.#text !== null) this.#write(timeUs, kind, node, describe());
    this.onEvent(timeUs, kind, node, describe);
  }

  /** Node number `node` sends message number `number`: by far the most frequent event. */
  send(timeUs: number, node: number, number: number, message: NodeMessage): void {
    this.#begin(timeUs, 'send', node);
    digestMessage(this.#digest.number(number), message);
    if (this.#text !== null) this.#write(timeUs, 'send', node, messageText(message));
  }

  /** A message that was sent under `number` arrives at node number `node`. */
  deliver(timeUs: number, node: number, number: number, message: NodeMessage): void {
    this.#begin(timeUs, 'deliver', node);
    this.#digest.number(number);
    if (this.#text !== null) this.#write(timeUs, 'deliver', node, messageText(message));
  }

  #begin(timeUs: number, kind: TraceKind, node: number): void {
    this.#events += 1;
    this.#digest.number(timeUs).number(TRACE_KINDS[kind] * 256 + node);
  }

  #write(timeUs: number, kind: TraceKind, node: number, text: string): void {
    const seconds = (timeUs / 1_000_000).toFixed(6).padStart(11);
    const who = node < 0 ? '  ' : `n${node}`;
    this.#text?.(`${seconds} ${who} ${kind.padEnd(8)} ${text}`);
  }

  /** How many events there were. */
  get events(): number {
    return this.#events;
  }

  /** The hash of everything recorded so far. */
  get hash(): string {
    return digestText(this.#digest.value());
  }
}
