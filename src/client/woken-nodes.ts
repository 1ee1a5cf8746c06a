/**
 * The stored nodes that this page runs beside its own: yesterday's tabs, of which only one is open
 * today. Each has workers of its own and is one identity of this browser profile; nothing else about it
 * differs, so consensus knows nothing of it. They end with the page's node. A tab that is opened later
 * may take one over (storage/take-over.ts); its worker then says that it was given up.
 *
 * The page's own node is none of them and is never given up.
 */

import { MAX_WOKEN_NODES } from '../node/limits.ts';
import type { NodeId } from '../raft/types.ts';
import { toReadError, type ResqliteError } from './errors.ts';
import { Listeners } from './listeners.ts';
import type { AutopilotOptions } from './protocol.ts';
import type { TabNode } from './tab-node.ts';

/** How long the workers of a node that stopped by itself may go on to put things away. */
const PUT_AWAY_MS = 3_000;

/**
 * A node that is stored in this browser profile.
 *
 * @category Browser profile
 *
 * @example
 * ```ts
 * import { open, type StoredNodeStatus } from 'resqlite';
 *
 * const isFree = ({ state }: StoredNodeStatus) => state === 'free';
 *
 * const db = await open();
 * // Yesterday's tabs: their votes may be what a majority lacks.
 * if ((await db.storedNodes()).some(isFree)) await db.wake();
 * (await db.storedNodes()).some(isFree); // => false
 * ```
 */
export interface StoredNodeStatus {
  /** Its name. */
  readonly nodeId: NodeId;
  /**
   * 'here': this page's own node; 'woken': one that this page runs besides; 'other-tab': another tab
   * of this browser runs it; 'free': nobody does.
   */
  readonly state: 'here' | 'woken' | 'other-tab' | 'free';
}

/** The page's own node, and how others are started. */
export interface WokenNodesOptions {
  readonly clusterId: string;
  readonly nodeId: NodeId;
  readonly node: TabNode;
  readonly autopilot: AutopilotOptions;
  readonly start: () => TabNode;
  /** Tells a node how the page fares; the answer ends it. */
  readonly watchPage: (node: TabNode) => () => void;
}

export class WokenNodes {
  readonly #options: WokenNodesOptions;
  readonly #nodeById = new Map<NodeId, TabNode>();
  readonly #listeners = new Listeners<readonly NodeId[]>();
  #waking: Promise<number> | null = null;
  #closing: Promise<void> | null = null;

  constructor(options: WokenNodesOptions) {
    this.#options = options;
    options.node.onStatus(({ state }) => {
      if (state === 'stopped') void this.close();
    });
  }

  get nodeIds(): readonly NodeId[] {
    return [...this.#nodeById.keys()];
  }

  /** All nodes of the cluster that are stored in this browser profile; rejects with `RpcFailure`. */
  async stored(): Promise<StoredNodeStatus[]> {
    const stored = await this.#options.node.node('storedNodes', []);
    return stored.map(({ nodeId, inUse }) => ({ nodeId, state: this.#stateOf(nodeId, inUse) }));
  }

  /** Starts those that are free, voters first, and answers how many now run besides. */
  wake(): Promise<number> {
    this.#waking ??= this.#wake().finally(() => {
      this.#waking = null;
    });
    return this.#waking;
  }

  /** Calls back with who is woken, at once and with every change; the answer unsubscribes. */
  onChange(listener: (nodeIds: readonly NodeId[]) => void): () => void {
    return this.#listeners.add(listener, this.nodeIds);
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  /** Ends those that run, and those that are being woken; they may be woken again. */
  async sleep(): Promise<void> {
    await this.#waking?.catch(() => undefined);
    await this.#end();
  }

  async #end(): Promise<void> {
    const nodes = [...this.#nodeById.values()];
    await Promise.all(nodes.map((node) => node.close()));
  }

  #stateOf(nodeId: NodeId, inUse: boolean): StoredNodeStatus['state'] {
    if (nodeId === this.#options.nodeId) return 'here';
    if (this.#nodeById.has(nodeId)) return 'woken';
    return inUse ? 'other-tab' : 'free';
  }

  async #wake(): Promise<number> {
    const { voters } = await this.#options.node.status();
    const stored = await this.stored();
    const free = stored.filter(({ state }) => state === 'free').map(({ nodeId }) => nodeId);
    const votersFirst = free.toSorted((a, b) => +voters.includes(b) - +voters.includes(a));
    const room = Math.max(0, MAX_WOKEN_NODES - this.#nodeById.size);
    const outcomes = await Promise.all(
      votersFirst.slice(0, room).map((nodeId) => this.#start(nodeId)),
    );
    const [failed] = outcomes.filter((outcome) => outcome !== null);
    if (failed !== undefined && outcomes.every((outcome) => outcome !== null)) throw failed;
    return outcomes.filter((outcome) => outcome === null).length;
  }

  /** Null, or why it does not run: most likely another tab was quicker. */
  async #start(nodeId: NodeId): Promise<ResqliteError | null> {
    const { clusterId, autopilot, start, watchPage } = this.#options;
    const node = start();
    try {
      const which = { invite: null, clusterId, preferredNodeId: nodeId, woken: true };
      const opened = await node.open({ ...which, autopilot, keepsake: null });
      if (this.#closing !== null) await node.close();
      else this.#adopt(opened.nodeId, node, watchPage(node));
      return null;
    } catch (error) {
      const failed = toReadError(error);
      node.terminate(failed.code, failed.message);
      return failed;
    }
  }

  #adopt(nodeId: NodeId, node: TabNode, unwatch: () => void): void {
    this.#nodeById.set(nodeId, node);
    this.#tell();
    node.onStatus(({ state, stoppedReason }) => {
      if (state !== 'stopped' || this.#nodeById.get(nodeId) !== node) return;
      this.#nodeById.delete(nodeId);
      unwatch();
      // One that was removed still has to retire its identity.
      const end = (): void => node.terminate('Closed', stoppedReason ?? 'the node stopped');
      setTimeout(end, PUT_AWAY_MS);
      this.#tell();
    });
  }

  #tell(): void {
    this.#listeners.tell(this.nodeIds);
  }
}
