/**
 * How a woken node, one that runs beside the first node of some page, moves to a tab of its own. A tab
 * that finds no free identity asks for one before it makes a new one:
 *
 *   new tab                                     each woken node's worker
 *     wanted                                ->  (all of them)
 *                                           <-  offered (whether it leads)
 *     take (one of them)                    ->
 *                                           <-  given: it goes now, or refused: somebody was quicker
 *     waits in line for the identity's lock     hands over, closes, releases the lock
 *
 * All of it is between workers: how the page fares, hidden or busy, does not matter. A woken node says
 * that it is one by a lock of that name, so a tab asks only where somebody will answer, and knows how
 * many will. Messages decide nothing: whoever gets the lock has the identity. Everything is bounded,
 * and a tab that gets nothing makes an identity of its own, as if nobody had been there.
 *
 * A follower is taken rather than a leader, and the identity that the tab had before rather than both.
 * Who is slow to answer is waited for where only a leader is offered, or others were quicker.
 */

import { TAKE_OVER_ASK_INTERVAL_MS, TAKE_OVER_ASK_MS, TAKE_OVER_WAIT_MS } from '../node/limits.ts';
import type { NodeId } from '../raft/types.ts';
import { takeOverChannel, wokenLock, type NodeIdentity } from './names.ts';
import { heldLocks, takeLock } from './web-lock.ts';

type Said =
  | { readonly type: 'wanted'; readonly by: string }
  | {
      readonly type: 'offered';
      readonly to: string;
      readonly nodeId: NodeId;
      readonly leads: boolean;
    }
  | { readonly type: 'take'; readonly by: string; readonly nodeId: NodeId }
  | { readonly type: 'given' | 'refused'; readonly to: string; readonly nodeId: NodeId };

type Offer = Said & { type: 'offered' };

export interface OfferedNode extends NodeIdentity {
  readonly root: string;
  readonly leads: () => boolean;
  /** Called once: the node is to be closed, and its identity to be given back. */
  readonly giveUp: () => void;
}

/** Offers a node until it was given up or the answer is called. */
export async function offerNode(offered: OfferedNode): Promise<() => void> {
  const { root, clusterId, nodeId, leads, giveUp } = offered;
  // Where the identity was claimed as a woken one, this worker has it already.
  const release = await takeLock(wokenLock(root, offered), 0);
  const channel = new BroadcastChannel(takeOverChannel(root, clusterId));
  let givenTo: string | null = null;
  const say = (said: Said): void => channel.postMessage(said);
  channel.addEventListener('message', ({ data }) => {
    const said = data as Said;
    if (said.type === 'wanted' && givenTo === null) {
      say({ type: 'offered', to: said.by, nodeId, leads: leads() });
    }
    if (said.type !== 'take' || said.nodeId !== nodeId) return;
    const isFirst = givenTo === null;
    givenTo ??= said.by;
    say({ type: givenTo === said.by ? 'given' : 'refused', to: said.by, nodeId });
    if (isFirst) giveUp();
  });
  return () => {
    channel.close();
    release?.();
  };
}

/**
 * Asks for a woken node. `claim` waits for the identity that goes; what it answers is answered, and
 * null where nothing was to be had.
 */
export async function takeOverNode<Claim>(
  { root, clusterId }: { readonly root: string; readonly clusterId: string },
  preferredNodeId: NodeId | null,
  claim: (nodeId: NodeId, waitMs: number) => Promise<Claim | null>,
): Promise<Claim | null> {
  const request = new Request(root, clusterId);
  const endMs = performance.now() + TAKE_OVER_ASK_MS;
  try {
    while (performance.now() < endMs && (await request.countWoken()) > 0) {
      for (const { nodeId } of inOrder(await request.offers(), preferredNodeId)) {
        const waitMs = await request.take(nodeId);
        const claimed = waitMs === null ? null : await claim(nodeId, waitMs);
        if (claimed !== null) return claimed;
      }
    }
    return null;
  } finally {
    request.close();
  }
}

/** Whether this very node is woken, and may be asked for. */
export async function isWoken(root: string, identity: NodeIdentity): Promise<boolean> {
  return (await heldLocks()).has(wokenLock(root, identity));
}

function inOrder(offers: readonly Offer[], preferredNodeId: NodeId | null): Offer[] {
  const rank = ({ nodeId, leads }: Offer): number => {
    if (nodeId === preferredNodeId) return 0;
    return leads ? 2 : 1;
  };
  return offers.toSorted((a, b) => rank(a) - rank(b));
}

/** What one tab asks, and what it is answered. */
class Request {
  readonly #root: string;
  readonly #clusterId: string;
  readonly #channel: BroadcastChannel;
  readonly #by = crypto.randomUUID();
  readonly #offerByNode = new Map<NodeId, Offer>();
  readonly #answerByNode = new Map<NodeId, 'given' | 'refused'>();
  #onHeard: () => void = () => undefined;

  constructor(root: string, clusterId: string) {
    this.#root = root;
    this.#clusterId = clusterId;
    this.#channel = new BroadcastChannel(takeOverChannel(root, clusterId));
    this.#channel.addEventListener('message', ({ data }) => {
      const said = data as Said;
      if (!('to' in said) || said.to !== this.#by) return;
      if (said.type === 'offered') this.#offerByNode.set(said.nodeId, said);
      else this.#answerByNode.set(said.nodeId, said.type);
      this.#onHeard();
    });
  }

  /** Those that have not said yet whether they go. */
  async countWoken(): Promise<number> {
    const prefix = wokenLock(this.#root, { clusterId: this.#clusterId, nodeId: '' as NodeId });
    return [...(await heldLocks())].filter((name) => {
      return (
        name.startsWith(prefix) && !this.#answerByNode.has(name.slice(prefix.length) as NodeId)
      );
    }).length;
  }

  /** The offers of all of these, or of those that answer in time: some may be of a frozen page. */
  async offers(): Promise<Offer[]> {
    const patientUntilMs = performance.now() + 2 * TAKE_OVER_ASK_INTERVAL_MS;
    await this.#until({ type: 'wanted', by: this.#by }, async () => {
      const offers = [...this.#offerByNode.values()];
      const isLate = performance.now() > patientUntilMs;
      if (isLate && offers.some(({ leads }) => !leads)) return true;
      return offers.length >= (await this.countWoken());
    });
    return [...this.#offerByNode.values()];
  }

  /** How long its identity is to be waited for; null where it is not to be had. */
  async take(nodeId: NodeId): Promise<number | null> {
    this.#offerByNode.delete(nodeId);
    const identity = { clusterId: this.#clusterId, nodeId };
    await this.#until({ type: 'take', by: this.#by, nodeId }, async () => {
      return this.#answerByNode.has(nodeId) || !(await isWoken(this.#root, identity));
    });
    const answer = this.#answerByNode.get(nodeId);
    if (answer !== undefined) return answer === 'given' ? TAKE_OVER_WAIT_MS : null;
    // One that ended by itself is to be had as well. If it was given to another, that one is first.
    await new Promise((resolve) => setTimeout(resolve, TAKE_OVER_ASK_INTERVAL_MS));
    return (await isWoken(this.#root, identity)) ? null : 0;
  }

  close(): void {
    this.#channel.close();
  }

  /** Says it, again and again, until it has come true or took too long. */
  async #until(said: Said, holds: () => Promise<boolean>): Promise<void> {
    const endMs = performance.now() + TAKE_OVER_ASK_MS;
    while (performance.now() < endMs) {
      this.#channel.postMessage(said);
      const roundEndMs = performance.now() + TAKE_OVER_ASK_INTERVAL_MS;
      do {
        const word = this.#nextWord(roundEndMs - performance.now());
        if (await holds()) return;
        await word;
      } while (performance.now() < roundEndMs);
    }
  }

  #nextWord(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.#onHeard = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
