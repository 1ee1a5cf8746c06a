/**
 * Makes one sample a second of what the node tells: what was counted since the last one as a rate, what
 * waits by its deepest moment, everything else as it is. May be told of statuses and inspections in any
 * order and at any pace. It has no clock. Pure.
 *
 * Percentiles of commit times come in several reports a second. Of these the sample's median is the
 * median of their medians, each weighted by its count, and its p99 the largest of their p99s, which the
 * true one does not exceed.
 */

import type { Inspection } from '../../node/inspection.ts';
import type { NodeStatus } from '../../node/status.ts';
import { percentile, ratePerS, weightedMedian, type CountedValue } from './arithmetic.ts';
import { kindOf } from '../raft/message-kinds.ts';

/** A member's lag stands under this and its id. */
export const LAG_PREFIX = 'lag:';

const QUEUES = ['pendingWrites', 'pendingReads', 'uncommitted', 'unapplied', 'unsent'] as const;
type Queue = (typeof QUEUES)[number];

interface Base {
  readonly atMs: number;
  readonly status: NodeStatus | null;
}

export class Sampler {
  #status: NodeStatus | null = null;
  /** The last sample: what rates are counted from. */
  #base: Base | null = null;
  #databaseBytes: number | null = null;
  readonly #messagesByKey = new Map<string, number>();
  readonly #depthByQueue = new Map<Queue, number>();
  #medians: CountedValue[] = [];
  #worst: number[] = [];
  #ownMs: number[] = [];
  /** Whether inspections come at all: else nothing is known, rather than nothing happened. */
  #isInspected = false;

  /** Of another node, or of another life of it, from now on. */
  reset(): void {
    this.#status = null;
    this.#base = null;
    this.#databaseBytes = null;
    this.#isInspected = false;
    this.#clear();
  }

  onStatus(status: NodeStatus): void {
    this.#status = status;
  }

  onInspection({ messages, commitTimes, queues }: Inspection): void {
    this.#isInspected = true;
    for (const { name, count } of messages) {
      const key = `messages:${kindOf(name)}`;
      this.#messagesByKey.set(key, (this.#messagesByKey.get(key) ?? 0) + count);
    }
    for (const queue of QUEUES) {
      this.#depthByQueue.set(queue, Math.max(this.#depthByQueue.get(queue) ?? 0, queues[queue]));
    }
    const { count, p50Ms, p99Ms } = commitTimes;
    if (p50Ms !== null) this.#medians.push({ count, value: p50Ms });
    if (p99Ms !== null) this.#worst.push(p99Ms);
  }

  /** A write through this tab was answered. */
  onOwnWrite(elapsedMs: number): void {
    this.#ownMs.push(elapsedMs);
  }

  onDatabaseBytes(bytes: number): void {
    this.#databaseBytes = bytes;
  }

  /** The sample of this moment; the first one has no rates. What is not known is not in it. */
  take(atMs: number): ReadonlyMap<string, number> {
    const sample = new Map<string, number>();
    const put = (key: string, value: number | null | undefined): void => {
      if (value !== null && value !== undefined) sample.set(key, value);
    };
    const base = this.#base;
    const status = this.#status;
    if (status !== null && status.state !== 'stopped') {
      putState(put, status);
      put('bytes:database', this.#databaseBytes);
      if (base !== null) putRates(put, base, { atMs, status });
    }
    if (base !== null && this.#isInspected) this.#putCounted(put, atMs - base.atMs);
    put('commit:p50', weightedMedian(this.#medians));
    put('commit:p99', this.#worst.length === 0 ? null : Math.max(...this.#worst));
    put('own:p50', percentile(this.#ownMs, 0.5));
    put('own:p99', percentile(this.#ownMs, 0.99));
    this.#base = { atMs, status };
    this.#clear();
    return sample;
  }

  #putCounted(put: Put, elapsedMs: number): void {
    for (const kind of ['append', 'heartbeat', 'answer', 'vote', 'snapshot', 'other'] as const) {
      const key = `messages:${kind}`;
      put(key, ratePerS(0, this.#messagesByKey.get(key) ?? 0, elapsedMs));
    }
    for (const [queue, depth] of this.#depthByQueue) put(`queue:${queue}`, depth);
  }

  #clear(): void {
    this.#messagesByKey.clear();
    this.#depthByQueue.clear();
    this.#medians = [];
    this.#worst = [];
    this.#ownMs = [];
  }
}

type Put = (key: string, value: number | null | undefined) => void;

function putState(put: Put, { role, lastIndex, nodeId, members, storage }: NodeStatus): void {
  put('bytes:log', storage.logBytes);
  put('bytes:site', storage.usageBytes);
  if (role !== 'leader') return;
  for (const member of members) {
    if (member.nodeId === nodeId || member.matchIndex === null) continue;
    put(LAG_PREFIX + member.nodeId, Math.max(0, lastIndex - member.matchIndex));
  }
}

/**
 * A commit index that goes back is another node's, or one that was opened behind where it was; what a
 * newcomer is brought up to date with was committed before.
 */
function putRates(put: Put, base: Base, now: { atMs: number; status: NodeStatus }): void {
  const { status: before } = base;
  const { status } = now;
  if (before === null || before.nodeId !== status.nodeId) return;
  const elapsedMs = now.atMs - base.atMs;
  const isMember = before.state === 'running' && status.state === 'running';
  if (isMember && status.commitIndex >= before.commitIndex) {
    put('commits', ratePerS(before.commitIndex, status.commitIndex, elapsedMs));
  }
  for (const [key, counter] of [
    ['traffic:in', 'bytesIn'],
    ['traffic:out', 'bytesOut'],
  ] as const) {
    const [from, to] = [before.counters[counter], status.counters[counter]];
    if (from !== undefined && to !== undefined) put(key, ratePerS(from, to, elapsedMs));
  }
}
