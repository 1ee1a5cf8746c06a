import { describe, expect, it } from 'vitest';
import { EMPTY_CONFIGURATION } from '../../src/raft/configuration.ts';
import { CAUGHT_UP_ENTRIES, LEARNER_FORGET_MS } from '../../src/node/limits.ts';
import { MemberWatch } from '../../src/node/member-watch.ts';
import type { LogIndex, NodeId, Role, Term } from '../../src/raft/types.ts';

const OTHER = 'b' as NodeId;

/** A leader 'a' and one other member. */
class Bench {
  role: Role = 'leader';
  term = 1 as Term;
  lastIndex = 1_000 as LogIndex;
  matchIndex = 1_000 as LogIndex;
  answeredMs: number | null = null;
  heardMs: number | null = null;
  quarantined = false;
  nowMs = 0;
  readonly watch = new MemberWatch(
    Object.assign(this, {
      nodeId: 'a' as NodeId,
      configuration: { ...EMPTY_CONFIGURATION, voters: ['a' as NodeId], learners: [OTHER] },
      progress: () => ({
        matchIndex: this.matchIndex,
        nextIndex: (this.matchIndex + 1) as LogIndex,
        lastContactMs: this.answeredMs,
        state: 'replicate' as const,
        inflightMessages: 0,
      }),
    }),
    {
      contactMs: () => this.heardMs,
      isQuarantined: () => this.quarantined,
      mayBeEvicted: () => true,
    },
    0,
  );

  passMs(ms: number, intervalMs = 500): void {
    for (let passed = 0; passed < ms; passed += intervalMs) {
      this.nowMs += intervalMs;
      this.watch.observe(this.nowMs);
    }
  }

  get view() {
    return this.watch.viewOf(OTHER, this.nowMs);
  }
}

describe('silence', () => {
  it('counts from the last answer, and from the last word', () => {
    const bench = new Bench();
    bench.passMs(10_000);
    bench.answeredMs = 10_000;
    bench.heardMs = 10_200;
    bench.passMs(500);
    expect(bench.view).toMatchObject({ silentMs: 500, awayMs: 300 });
    bench.passMs(20_000);
    expect(bench.view).toMatchObject({ silentMs: 20_500, awayMs: 20_300 });
    bench.heardMs = bench.nowMs;
    bench.passMs(1_000);
    expect(bench.view).toMatchObject({ silentMs: 21_500, awayMs: 1_000 });
  });

  it('goes on between two looks', () => {
    const bench = new Bench();
    bench.passMs(4_000);
    expect(bench.watch.viewOf(OTHER, bench.nowMs + 300).silentMs).toBe(bench.view.silentMs + 300);
  });

  it('of answers begins with the leadership, of words with the node', () => {
    const bench = new Bench();
    bench.role = 'follower';
    bench.passMs(30_000);
    expect(bench.view.awayMs).toBeGreaterThan(29_000);
    bench.role = 'leader';
    bench.passMs(1_000);
    expect(bench.view.silentMs).toBeLessThanOrEqual(1_000);
    expect(bench.view.awayMs).toBeGreaterThan(30_000);
  });

  it('does not count sleep', () => {
    const bench = new Bench();
    bench.passMs(5_000);
    bench.nowMs += LEARNER_FORGET_MS;
    bench.passMs(500);
    expect(bench.view.awayMs).toBeLessThan(10_000);
    bench.passMs(LEARNER_FORGET_MS, 2_000);
    expect(bench.view.awayMs).toBeGreaterThan(LEARNER_FORGET_MS);
  });
});

describe('caught up (thesis section 4.2.1)', () => {
  it('is who answered and lacks few entries', () => {
    const bench = new Bench();
    expect(bench.view.isCaughtUp).toBe(false);
    bench.answeredMs = 0;
    expect(bench.view.isCaughtUp).toBe(true);
    bench.lastIndex = (1_000 + CAUGHT_UP_ENTRIES) as LogIndex;
    bench.passMs(1_000);
    expect(bench.view.isCaughtUp).toBe(true);
    bench.lastIndex = (bench.lastIndex + 1) as LogIndex;
    bench.passMs(1_000);
    expect(bench.view.isCaughtUp).toBe(false);
  });

  it('is also who has what the log held a moment ago, however much is written', () => {
    const bench = new Bench();
    for (let i = 0; i < 10; i += 1) {
      bench.matchIndex = bench.lastIndex;
      bench.lastIndex = (bench.lastIndex + 10_000) as LogIndex;
      bench.answeredMs = bench.nowMs;
      bench.passMs(500);
      expect(bench.view.isCaughtUp).toBe(true);
    }
    bench.passMs(1_000);
    expect(bench.view.isCaughtUp).toBe(false);
  });

  it('tells of quarantine what is heard of it', () => {
    const bench = new Bench();
    expect(bench.view.isQuarantined).toBe(false);
    bench.quarantined = true;
    expect(bench.view.isQuarantined).toBe(true);
  });
});
