/**
 * Which of two connections between the same two nodes is kept, so that both ends decide alike.
 *
 * Both ends may dial, at the same time too, and an end may have lost a link that the other still
 * believes in. So connections are ordered by facts both ends have from the handshake:
 *
 * - A new incarnation of the other node replaces whatever the old one left: its process is gone.
 * - Each end names in the handshake the number its next link to the other would have: one more than
 *   the last one it held. The greater of the two numbers is the connection's generation. An end that
 *   lost a link says a greater number than that link had, and thereby replaces it at the other end.
 * - Within a generation both dialled while neither had a link (glare): the connection dialled by the
 *   node with the smaller id is kept.
 * - Two of one generation dialled by one end: the newer one, since it gave up the older.
 */

import type { NodeId } from '../raft/types.ts';

/** What the handshake says of a connection, the same at both ends but for `incarnation`. */
export interface LinkFacts {
  /** The other node's. */
  readonly incarnation: number;
  readonly generation: number;
  /** The node that dialled. */
  readonly initiator: NodeId;
}

/** Whether `candidate`, the newer one, is kept rather than `current`. */
export function supersedes(candidate: LinkFacts, current: LinkFacts): boolean {
  if (candidate.incarnation !== current.incarnation) return true;
  if (candidate.generation !== current.generation) {
    return candidate.generation > current.generation;
  }
  return candidate.initiator <= current.initiator;
}

/** The number of the next link to each node, as long as the node is the same incarnation. */
export class LinkHistory {
  readonly #lastByNode = new Map<NodeId, { incarnation: number; generation: number }>();
  readonly #capacity: number;

  /** Forgets the node longest without a link beyond `capacity`; that costs no more than a redial. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** `incarnation` is null where the other end has not named its own yet. */
  next(node: NodeId, incarnation: number | null): number {
    const last = this.#lastByNode.get(node);
    if (last === undefined) return 1;
    if (incarnation !== null && incarnation !== last.incarnation) return 1;
    return Math.min(last.generation + 1, Number.MAX_SAFE_INTEGER);
  }

  note(node: NodeId, incarnation: number, generation: number): void {
    this.#lastByNode.delete(node);
    this.#lastByNode.set(node, { incarnation, generation });
    for (const oldest of this.#lastByNode.keys()) {
      if (this.#lastByNode.size <= this.#capacity) break;
      this.#lastByNode.delete(oldest);
    }
  }
}
