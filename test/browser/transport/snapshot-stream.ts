/**
 * Both ends of a snapshot on its way, as a leader and a follower would behave: chunks within a window,
 * each answered; and heartbeats, each answered, whose round trips are measured.
 */

import { EMPTY_CONFIGURATION } from '../../../src/raft/configuration.ts';
import { SNAPSHOT_CHUNK_BYTES, SNAPSHOT_WINDOW_CHUNKS } from '../../../src/node/limits.ts';
import type { NodeMessage } from '../../../src/node/messages.ts';
import type { InstallSnapshot } from '../../../src/raft/messages.ts';
import type { LogIndex, NodeId, Term } from '../../../src/raft/types.ts';

const HEARTBEAT_MS = 10;
const TERM = 1 as Term;
const INDEX = 1 as LogIndex;

export interface StreamReport {
  /** The other end has all of it. */
  readonly isDone: boolean;
  /** Answered so far, and how long nearly all of them took there and back. */
  readonly heartbeats: number;
  readonly p99Ms: number;
  /** Of the chunks that came: those not at their place, and bytes that are not what was sent. */
  readonly outOfOrder: number;
  readonly wrongBytes: number;
}

export class SnapshotStream {
  readonly #self: NodeId;
  readonly #send: (message: NodeMessage) => void;
  #to: NodeId | null = null;
  #sizeBytes = 0;
  #sentBytes = 0;
  #answeredBytes = 0;
  readonly #sentAtMs: number[] = [];
  readonly #tookMs: number[] = [];
  #receivedBytes = 0;
  #outOfOrder = 0;
  #wrongBytes = 0;

  constructor(self: NodeId, send: (message: NodeMessage) => void) {
    this.#self = self;
    this.#send = send;
  }

  start(to: NodeId, sizeBytes: number): void {
    this.#to = to;
    this.#sizeBytes = sizeBytes;
    this.#fill();
    const timer = setInterval(() => {
      if (this.#isDone) clearInterval(timer);
      else this.#heartbeat(to);
    }, HEARTBEAT_MS);
  }

  receive(message: NodeMessage): void {
    const { from, to } = message;
    const answer = { from: to, to: from, term: TERM };
    switch (message.type) {
      case 'install-snapshot':
        this.#take(message);
        this.#send({
          type: 'install-snapshot-response',
          ...answer,
          lastIncludedIndex: INDEX,
          hash: message.hash,
          offset: this.#receivedBytes,
          isRefused: false,
        });
        return;
      case 'install-snapshot-response':
        this.#answeredBytes = message.offset;
        this.#fill();
        return;
      case 'append-entries': {
        const { round } = message;
        const type = 'append-entries-response';
        this.#send({ type, ...answer, round, success: true, matchIndex: INDEX });
        return;
      }
      case 'append-entries-response':
        this.#tookMs.push(performance.now() - (this.#sentAtMs[message.round] ?? 0));
        return;
      default:
        return;
    }
  }

  report(): StreamReport {
    const sorted = this.#tookMs.toSorted((x, y) => x - y);
    return {
      isDone: this.#isDone,
      heartbeats: sorted.length,
      p99Ms: sorted[Math.floor(0.99 * (sorted.length - 1))] ?? Number.POSITIVE_INFINITY,
      outOfOrder: this.#outOfOrder,
      wrongBytes: this.#wrongBytes,
    };
  }

  get #isDone(): boolean {
    return this.#to !== null && this.#answeredBytes === this.#sizeBytes;
  }

  #fill(): void {
    const window = SNAPSHOT_WINDOW_CHUNKS * SNAPSHOT_CHUNK_BYTES;
    while (this.#sentBytes < this.#sizeBytes && this.#sentBytes - this.#answeredBytes < window) {
      this.#sendChunk();
    }
  }

  #sendChunk(): void {
    if (this.#to === null) return;
    const offset = this.#sentBytes;
    const data = new Uint8Array(Math.min(SNAPSHOT_CHUNK_BYTES, this.#sizeBytes - offset));
    for (let at = 0; at < data.length; at += 1) data[at] = byteAt(offset + at);
    this.#sentBytes += data.length;
    this.#send({
      type: 'install-snapshot',
      from: this.#self,
      to: this.#to,
      term: TERM,
      lastIncludedIndex: INDEX,
      lastIncludedTerm: TERM,
      configuration: { ...EMPTY_CONFIGURATION, voters: [this.#self] },
      stampMs: 0,
      sizeBytes: this.#sizeBytes,
      hash: 'ab',
      offset,
      data,
    });
  }

  #take({ offset, data }: InstallSnapshot): void {
    if (offset !== this.#receivedBytes) this.#outOfOrder += 1;
    this.#receivedBytes = offset + data.length;
    for (let at = 0; at < data.length; at += 1) {
      if (data[at] !== byteAt(offset + at)) this.#wrongBytes += 1;
    }
  }

  #heartbeat(to: NodeId): void {
    const round = this.#sentAtMs.length;
    this.#sentAtMs.push(performance.now());
    this.#send({
      type: 'append-entries',
      from: this.#self,
      to,
      term: TERM,
      prevLogIndex: INDEX,
      prevLogTerm: TERM,
      entries: [],
      leaderCommit: INDEX,
      round,
    });
  }
}

function byteAt(position: number): number {
  return (position * 31 + (position >> 12)) & 255;
}
