/**
 * Sends snapshots: the leader's side of InstallSnapshot (paper Figure 13), in chunks.
 *
 * Whoever the core says to be in need of a compacted entry, or who asked because its state is lost, is
 * sent the state as it is now. One stable copy is open at a time and serves everybody in need of it.
 * A transfer begins by asking how far the follower is: it may have most of this very snapshot from
 * before the link broke. Then a window of chunks is on its way; every answer tells up to where the
 * follower has everything, moves the window, and gives back what is lost after a while.
 *
 * Chunks go over the bulk channel and are read piece by piece, so neither heartbeats nor writes wait for
 * them. How a snapshot ended is learnt from the core (the follower acknowledges its index as it does
 * entries), so a lost answer leaves nobody stuck: the need goes on, and so does the sending.
 *
 * Time comes in as arguments.
 */

import { membersOf } from '../raft/configuration.ts';
import type { Raft } from '../raft/raft.ts';
import type { InstallSnapshot, InstallSnapshotResponse } from '../raft/messages.ts';
import type { LogIndex, NodeId, Snapshot } from '../raft/types.ts';
import type { RuntimeLimits } from './limits.ts';
import { MAX_MEMBERS } from './limits.ts';
import type { NodeMessage, SnapshotRequest } from './messages.ts';
import type { OpenedSnapshot, SnapshotOutcome, StateMachine } from './ports.ts';

export interface SnapshotSenderOptions {
  readonly raft: Raft;
  readonly stateMachine: StateMachine;
  readonly limits: RuntimeLimits;
  readonly lastStampMs: () => number;
  /** Its own state may be sent to others. */
  readonly isTrusted: () => boolean;
  readonly send: (message: NodeMessage) => void;
  readonly onFailed: (reason: string) => void;
  readonly input: (step: (nowMs: number) => void) => void;
}

/** The open copy, and what the log says of it. */
interface Source extends OpenedSnapshot {
  readonly described: Omit<Snapshot, 'state'>;
  readonly stampMs: number;
}

interface Transfer {
  /** Where the follower has everything before, as far as is known. */
  acknowledged: number;
  /** The next byte to read and send; null: the follower has not said yet where to begin. */
  next: number | null;
  /** Up to where it was sent since it was last begun anew. */
  sentTo: number;
  isReading: boolean;
  /** When anything was last sent, and when the follower last got further. */
  sentMs: number;
  progressMs: number;
}

const NO_DATA = new Uint8Array(0);
/** Nobody asked for anything newer. */
const ANY = 0 as LogIndex;

export class SnapshotSender {
  readonly #options: SnapshotSenderOptions;
  #source: Source | null = null;
  #isOpening = false;
  readonly #transferByNode = new Map<NodeId, Transfer>();
  /** Who asked by itself, and from which index on a snapshot is of use to it. */
  readonly #requested = new Map<NodeId, LogIndex>();
  /** When whoever did not take anything is tried again. */
  readonly #retryAtMsByNode = new Map<NodeId, number>();
  #openAtMs = -Infinity;
  /** How many chunks were sent, again or for the first time. */
  chunks = 0;

  constructor(options: SnapshotSenderOptions) {
    this.#options = options;
  }

  /** From which index on the log is needed until those under way are installed. */
  get heldFrom(): number {
    return this.#source === null ? Infinity : this.#source.index;
  }

  /** Gives up what is under way; it begins again with a newer copy. */
  abort(): void {
    if (this.#source !== null) this.#options.stateMachine.closeSnapshot();
    this.#source = null;
    this.#transferByNode.clear();
  }

  onRequest(request: SnapshotRequest): void {
    if (this.#options.raft.role !== 'leader' || this.#requested.size >= MAX_MEMBERS) return;
    this.#requested.set(request.from, request.atLeast);
  }

  onResponse(response: InstallSnapshotResponse, nowMs: number): void {
    const transfer = this.#transferByNode.get(response.from);
    const source = this.#source;
    if (transfer === undefined || source === null) return;
    if (response.hash !== source.hash || response.lastIncludedIndex !== source.index) return;
    if (response.isRefused || response.offset > source.sizeBytes) {
      this.#pauseTransfer(response.from, nowMs);
      return;
    }
    if (response.offset > transfer.acknowledged) transfer.progressMs = nowMs;
    noteAnswer(transfer, response.offset);
    if (response.offset === source.sizeBytes) this.#requested.delete(response.from);
  }

  nextDeadlineMs(): number {
    let deadlineMs = Infinity;
    for (const { sentMs } of this.#transferByNode.values()) {
      deadlineMs = Math.min(deadlineMs, sentMs + this.#options.limits.snapshotResendMs);
    }
    return deadlineMs;
  }

  check(nowMs: number, connected: ReadonlySet<NodeId>): void {
    const targets = this.#targets(nowMs, connected);
    for (const id of this.#transferByNode.keys()) {
      if (!targets.includes(id)) this.#transferByNode.delete(id);
    }
    if (targets.length === 0) {
      if (!this.#isOpening) this.abort();
      return;
    }
    const source = this.#usableSource(targets, nowMs);
    if (source === null) return;
    for (const id of targets) {
      if (source.index >= this.#neededIndex(id)) this.#serve(id, source, nowMs);
    }
  }

  /** Who is in need of a snapshot and can be sent one now. */
  #targets(nowMs: number, connected: ReadonlySet<NodeId>): NodeId[] {
    const { raft, isTrusted } = this.#options;
    if (raft.role !== 'leader') {
      this.#requested.clear();
      this.#retryAtMsByNode.clear();
      return [];
    }
    for (const [id, retryAtMs] of this.#retryAtMsByNode) {
      if (nowMs >= retryAtMs) this.#retryAtMsByNode.delete(id);
    }
    if (!isTrusted()) return [];
    const members = membersOf(raft.configuration);
    for (const id of this.#requested.keys()) if (!members.includes(id)) this.#requested.delete(id);
    return members.filter((id) => {
      const isInNeed = raft.progress(id)?.state === 'snapshot' || this.#requested.has(id);
      return isInNeed && connected.has(id) && !this.#retryAtMsByNode.has(id);
    });
  }

  #neededIndex(id: NodeId): number {
    return Math.max(this.#requested.get(id) ?? ANY, this.#options.raft.firstIndex - 1);
  }

  /** The open copy where it serves anybody; else a newer one is opened, for next time. */
  #usableSource(targets: readonly NodeId[], nowMs: number): Source | null {
    const source = this.#source;
    if (source !== null) {
      if (targets.some((id) => source.index >= this.#neededIndex(id))) return source;
      this.abort();
    }
    if (this.#isOpening || nowMs < this.#openAtMs) return null;
    const wanted = Math.min(...targets.map((id) => this.#neededIndex(id)));
    if (this.#options.raft.appliedIndex < wanted) return null;
    this.#openAtMs = nowMs + this.#options.limits.snapshotResendMs;
    this.#open();
    return null;
  }

  #open(): void {
    const { raft, stateMachine, input } = this.#options;
    this.#isOpening = true;
    stateMachine.openSnapshot((outcome) => {
      this.#noteFailure(outcome);
      input(() => {
        this.#isOpening = false;
        if (outcome.type !== 'done') return;
        const described = raft.describeSnapshot(outcome.result.index);
        if (described === null || raft.role !== 'leader') {
          stateMachine.closeSnapshot();
          return;
        }
        this.#openAtMs = -Infinity;
        this.#source = { ...outcome.result, described, stampMs: this.#options.lastStampMs() };
      });
    });
  }

  #serve(id: NodeId, source: Source, nowMs: number): void {
    const { limits } = this.#options;
    const transfer = this.#transferByNode.get(id) ?? this.#beginTransfer(id, source, nowMs);
    if (nowMs - transfer.progressMs >= limits.snapshotGiveUpMs) {
      this.#pauseTransfer(id, nowMs);
      return;
    }
    if (nowMs - transfer.sentMs >= limits.snapshotResendMs) {
      // Whatever is under way may be lost: ask where to go on.
      transfer.next = null;
      this.#ask(id, source, nowMs, transfer);
    }
    this.#fillWindow(id, source, transfer);
  }

  #beginTransfer(id: NodeId, source: Source, nowMs: number): Transfer {
    const transfer: Transfer = {
      acknowledged: 0,
      next: null,
      sentTo: 0,
      isReading: false,
      sentMs: nowMs,
      progressMs: nowMs,
    };
    this.#transferByNode.set(id, transfer);
    this.#ask(id, source, nowMs, transfer);
    return transfer;
  }

  #ask(id: NodeId, source: Source, nowMs: number, transfer: Transfer): void {
    transfer.sentMs = nowMs;
    this.#options.send(this.#chunk(id, source, transfer.acknowledged, NO_DATA));
  }

  /** One chunk is read at a time, so that they leave in order. */
  #fillWindow(id: NodeId, source: Source, transfer: Transfer): void {
    const { raft, limits, stateMachine, input } = this.#options;
    const { next } = transfer;
    if (next === null || transfer.isReading || next >= source.sizeBytes) return;
    const windowBytes = limits.snapshotWindowChunks * limits.snapshotChunkBytes;
    if (next - transfer.acknowledged >= windowBytes) return;
    transfer.isReading = true;
    const length = Math.min(limits.snapshotChunkBytes, source.sizeBytes - next);
    stateMachine.readSnapshot(next, length, (outcome) => {
      this.#noteFailure(outcome);
      input((nowMs) => {
        transfer.isReading = false;
        if (this.#source !== source || this.#transferByNode.get(id) !== transfer) return;
        // A chunk says who leads its term: meanwhile there may be a newer one, led by another.
        if (raft.role !== 'leader') return;
        if (outcome.type !== 'done') {
          this.abort();
          return;
        }
        if (transfer.next !== next) return;
        this.chunks += 1;
        transfer.next = next + outcome.result.length;
        transfer.sentTo = transfer.next;
        transfer.sentMs = nowMs;
        this.#options.send(this.#chunk(id, source, next, outcome.result));
      });
    });
  }

  #chunk(to: NodeId, source: Source, offset: number, data: Uint8Array): InstallSnapshot {
    const { raft } = this.#options;
    return {
      type: 'install-snapshot',
      from: raft.nodeId,
      to,
      term: raft.term,
      lastIncludedIndex: source.described.index,
      lastIncludedTerm: source.described.term,
      configuration: source.described.configuration,
      stampMs: source.stampMs,
      sizeBytes: source.sizeBytes,
      hash: source.hash,
      offset,
      data,
    };
  }

  /** It is not tried again at once, so that others get their turn. */
  #pauseTransfer(id: NodeId, nowMs: number): void {
    this.#transferByNode.delete(id);
    this.#requested.delete(id);
    this.#retryAtMsByNode.set(id, nowMs + this.#options.limits.snapshotResendMs);
  }

  #noteFailure(outcome: SnapshotOutcome<unknown>): void {
    if (outcome.type === 'failed') this.#options.onFailed(outcome.reason);
  }
}

/**
 * Where to go on. Who was asked, and answers that it got further, is merely slow: what is under way goes
 * on arriving. Who got no further lacks what was sent to it.
 */
function noteAnswer(transfer: Transfer, offset: number): void {
  const { acknowledged, next, sentTo } = transfer;
  transfer.acknowledged = offset;
  if (next === null && offset > acknowledged && offset < sentTo) {
    transfer.next = sentTo;
  } else if (next === null || offset < acknowledged || offset > next) {
    transfer.next = offset;
    transfer.sentTo = offset;
  }
}
