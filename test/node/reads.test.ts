import { describe, expect, it } from 'vitest';
import {
  NO_LEADER_TIMEOUT_MS,
  REQUEST_TIMEOUT_MS,
  RESEND_INTERVAL_MS,
} from '../../src/node/limits.ts';
import { Reads, type ReadIndexOutcome } from '../../src/node/reads.ts';
import type { LogIndex, NodeId, ReadRequestId, Term } from '../../src/raft/types.ts';

const LEADER = { id: 'leaderaaaa' as NodeId, term: 2 as Term };
const NEXT_LEADER = { id: 'leaderbbbb' as NodeId, term: 3 as Term };

class Bench {
  readonly asked: ReadRequestId[] = [];
  readonly outcomes: ReadIndexOutcome[] = [];
  nowMs = 0;
  leader: typeof LEADER | null = LEADER;
  readonly reads = new Reads((id) => this.asked.push(id), 100, 0);

  read(): void {
    this.reads.read(true, null, this.nowMs, (outcome) => this.outcomes.push(outcome));
    this.turn();
  }

  turn(): void {
    this.reads.check(this.nowMs);
    this.reads.flush(this.leader, this.nowMs);
  }

  passMs(ms: number): void {
    const endMs = this.nowMs + ms;
    while (this.nowMs < endMs) {
      this.nowMs = Math.min(endMs, Math.max(this.nowMs + 1, this.reads.nextDeadlineMs()));
      this.turn();
    }
  }

  ready(requestId: number, index: number): void {
    const state = { type: 'ready', index: index as LogIndex } as const;
    this.reads.onReadState({ ...state, requestId: requestId as ReadRequestId }, this.nowMs);
    this.turn();
  }
}

describe('reads (thesis section 6.4)', () => {
  it('answers with the index that was confirmed', () => {
    const bench = new Bench();
    bench.read();
    bench.ready(100, 17);
    expect(bench.outcomes).toEqual([{ type: 'ready', index: 17 }]);
    expect(bench.reads.pending).toBe(0);
  });

  it('never asks twice under one id, and drops answers to ids it gave up', () => {
    const bench = new Bench();
    bench.read();
    bench.passMs(RESEND_INTERVAL_MS + 100);
    expect(bench.asked).toEqual([100, 101]);
    bench.ready(100, 17);
    expect(bench.outcomes).toEqual([]);
    bench.ready(101, 18);
    expect(bench.outcomes).toEqual([{ type: 'ready', index: 18 }]);
  });

  it('asks a new leader at once after a failure', () => {
    const bench = new Bench();
    bench.read();
    bench.reads.onReadState({ type: 'failed', requestId: 100 as ReadRequestId }, bench.nowMs);
    bench.turn();
    expect(bench.asked).toEqual([100]);
    bench.leader = NEXT_LEADER;
    bench.turn();
    expect(bench.asked).toEqual([100, 101]);
  });

  it('waits for a leader, then fails as "no quorum", and always with applied no', () => {
    const bench = new Bench();
    bench.leader = null;
    bench.read();
    bench.passMs(NO_LEADER_TIMEOUT_MS - 200);
    expect(bench.outcomes).toEqual([]);
    bench.passMs(400);
    expect(bench.outcomes).toMatchObject([{ failure: { code: 'NoQuorum', applied: 'no' } }]);
  });

  it('fails when its time is up although a leader is known', () => {
    const bench = new Bench();
    bench.read();
    bench.passMs(REQUEST_TIMEOUT_MS + 100);
    expect(bench.outcomes).toMatchObject([{ failure: { code: 'Timeout', applied: 'no' } }]);
  });
});
