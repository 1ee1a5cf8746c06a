/**
 * Snapshots between this node and the others: the sender, the receiver, and what both have to do with
 * the log. A complete snapshot goes into the log as soon as nothing is being applied; while one is
 * being sent, the log is kept for who receives it.
 */

import { membersOf } from '../raft/configuration.ts';
import type { Raft } from '../raft/raft.ts';
import type { InstallSnapshot, InstallSnapshotResponse } from '../raft/messages.ts';
import type { NodeId } from '../raft/types.ts';
import type { RuntimeLimits } from './limits.ts';
import type { NodeMessage, SnapshotRequest } from './messages.ts';
import type { StateMachine } from './ports.ts';
import { SnapshotReceiver } from './snapshot-receiver.ts';
import { SnapshotSender } from './snapshot-sender.ts';

export interface SnapshotExchangeOptions {
  readonly raft: Raft;
  readonly stateMachine: StateMachine;
  readonly limits: RuntimeLimits;
  readonly lastStampMs: () => number;
  /** Its own state may be sent to others. */
  readonly isTrusted: () => boolean;
  /** Nothing is being applied or restored. */
  readonly isMachineIdle: () => boolean;
  readonly send: (message: NodeMessage) => void;
  /** The node must stop. */
  readonly onFailed: (reason: string) => void;
  /** Runs what an adapter calls back with as an input of the node. */
  readonly input: (step: (nowMs: number) => void) => void;
}

export class SnapshotExchange {
  readonly #options: SnapshotExchangeOptions;
  readonly #sender: SnapshotSender;
  readonly #receiver: SnapshotReceiver;

  constructor(options: SnapshotExchangeOptions) {
    this.#options = options;
    this.#sender = new SnapshotSender(options);
    const windowChunks = options.limits.snapshotWindowChunks;
    this.#receiver = new SnapshotReceiver({ ...options, windowChunks });
  }

  get chunksSent(): number {
    return this.#sender.chunks;
  }

  /** The share of a snapshot being received, 0 to 1; null where none is. */
  get receiveProgress(): number | null {
    return this.#receiver.progress;
  }

  receive(
    message: InstallSnapshot | InstallSnapshotResponse | SnapshotRequest,
    nowMs: number,
  ): void {
    if (message.type === 'install-snapshot') this.#onChunk(message);
    else if (message.type === 'snapshot-request') this.#sender.onRequest(message);
    else this.#onResponse(message, nowMs);
  }

  /** The core has seen to the term; the bytes are of use only from the leader it now follows. */
  #onChunk(message: InstallSnapshot): void {
    const { raft } = this.#options;
    raft.step(message);
    const isCurrent = message.term === raft.term && message.from === raft.leaderId;
    if (isCurrent) this.#receiver.onChunk(message);
  }

  #onResponse(message: InstallSnapshotResponse, nowMs: number): void {
    const { raft } = this.#options;
    raft.step(message);
    const isCurrent = raft.role === 'leader' && message.term === raft.term;
    if (isCurrent) this.#sender.onResponse(message, nowMs);
  }

  nextDeadlineMs(): number {
    return this.#sender.nextDeadlineMs();
  }

  /** Puts what was received into the log; to be called before the core is asked for work. */
  install(): void {
    this.#receiver.discardStale();
    const snapshot = this.#receiver.complete;
    if (snapshot === null || !this.#options.isMachineIdle()) return;
    if (this.#options.raft.installSnapshot(snapshot)) this.#receiver.handedOver();
    else this.#receiver.discard();
  }

  /** Sends on; to be called after the core's work is carried out. */
  check(nowMs: number, connected: ReadonlySet<NodeId>): void {
    this.#sender.check(nowMs, connected);
  }

  /** Gives up what is being sent. */
  abort(): void {
    this.#sender.abort();
  }

  /**
   * From which index on the log is needed: a leader keeps what a snapshot under way does not hold, and
   * what members that it hears still lack. Infinity: nobody needs any of it.
   */
  heldFrom(connected: ReadonlySet<NodeId>): number {
    const { raft } = this.#options;
    let from = this.#sender.heldFrom;
    if (raft.role !== 'leader') return from;
    for (const id of membersOf(raft.configuration)) {
      const progress = raft.progress(id);
      if (!connected.has(id) || progress === null || progress.state === 'snapshot') continue;
      from = Math.min(from, progress.matchIndex);
    }
    return from;
  }
}
