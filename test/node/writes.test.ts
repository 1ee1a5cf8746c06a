import { describe, expect, it } from 'vitest';
import type { CommandOutcome, SessionId } from '../../src/node/command.ts';
import {
  MAX_PENDING_REQUESTS,
  NO_LEADER_TIMEOUT_MS,
  REQUEST_TIMEOUT_MS,
  RESEND_INTERVAL_MS,
} from '../../src/node/limits.ts';
import type { Proposal } from '../../src/node/messages.ts';
import { Writes, type ExecuteOutcome } from '../../src/node/writes.ts';
import type { LogIndex, NodeId, Term } from '../../src/raft/types.ts';

const LEADER = { id: 'leaderaaaa' as NodeId, term: 2 as Term };
const NEXT_LEADER = { id: 'leaderbbbb' as NodeId, term: 3 as Term };
const SESSION = 7 as SessionId;

class Bench {
  readonly proposals: Proposal[] = [];
  readonly outcomes: (ExecuteOutcome | undefined)[] = [];
  accept = true;
  nowMs = 0;
  leader: typeof LEADER | null = LEADER;
  #index = 10;
  readonly writes = new Writes(
    {
      propose: (proposal) => {
        if (this.accept) this.proposals.push(proposal);
        return this.accept;
      },
      random: () => 42,
    },
    0,
  );

  execute(...bodies: number[]): void {
    for (const body of bodies) {
      const at = this.outcomes.length;
      this.outcomes.push(undefined);
      this.writes.execute(Uint8Array.of(body), null, this.nowMs, (outcome) => {
        expect(this.outcomes[at]).toBeUndefined();
        this.outcomes[at] = outcome;
      });
    }
    this.turn();
  }

  turn(): void {
    this.writes.check(this.nowMs);
    this.writes.flush(this.leader, this.nowMs);
  }

  passMs(ms: number): void {
    const endMs = this.nowMs + ms;
    while (this.nowMs < endMs) {
      this.nowMs = Math.min(endMs, Math.max(this.nowMs + 1, this.writes.nextDeadlineMs()));
      this.turn();
    }
  }

  outcome(outcome: CommandOutcome): void {
    this.#index += 1;
    this.writes.onOutcome(outcome, this.#index as LogIndex, LEADER.term, this.nowMs);
    this.turn();
  }

  register(sessionId: SessionId = SESSION): void {
    this.outcome({ type: 'registered', sessionId, nonce: 42 });
  }

  executed(sequence: number, sessionId: SessionId = SESSION): void {
    this.outcome({ type: 'executed', sessionId, sequence, response: Uint8Array.of(sequence) });
  }

  /** Sequence numbers and bodies proposed since the last call. */
  taken(): string[] {
    return this.proposals
      .splice(0)
      .map((proposal) =>
        proposal.type === 'execute'
          ? `${proposal.session.sequence}>=${proposal.session.lowestUnanswered}:${proposal.body.join()}`
          : `register ${'nonce' in proposal ? proposal.nonce : ''}`,
      );
  }

  failures(): (string | undefined)[] {
    return this.outcomes.map((outcome) =>
      outcome?.type === 'failed'
        ? `${outcome.failure.code} ${outcome.failure.applied}`
        : outcome?.type,
    );
  }
}

describe('exactly-once writes (thesis section 6.3)', () => {
  it('registers a session first, then sends everything in order', () => {
    const bench = new Bench();
    bench.execute(1, 2);
    expect(bench.taken()).toEqual(['register 42']);
    bench.register();
    expect(bench.taken()).toEqual(['1>=1:1', '2>=1:2']);
    bench.executed(1);
    bench.execute(3);
    expect(bench.taken()).toEqual(['3>=2:3']);
    bench.executed(2);
    bench.executed(3);
    expect(bench.failures()).toEqual(['executed', 'executed', 'executed']);
    expect(bench.writes.pending).toBe(0);
  });

  it('sends everything unanswered again, in order, to a new leader', () => {
    const bench = new Bench();
    bench.execute(1, 2, 3);
    bench.register();
    bench.taken();
    bench.executed(1);
    bench.leader = NEXT_LEADER;
    bench.turn();
    expect(bench.taken()).toEqual(['2>=2:2', '3>=2:3']);
  });

  it('sends again after a silence, not while answers come', () => {
    const bench = new Bench();
    bench.execute(1, 2);
    bench.register();
    bench.taken();
    bench.passMs(RESEND_INTERVAL_MS - 100);
    bench.executed(1);
    bench.passMs(RESEND_INTERVAL_MS - 100);
    expect(bench.taken()).toEqual([]);
    bench.passMs(300);
    expect(bench.taken()).toEqual(['2>=2:2']);
  });

  it('answers once, by the first outcome, however many copies are applied', () => {
    const bench = new Bench();
    bench.execute(1);
    bench.register();
    bench.executed(1);
    bench.executed(1);
    expect(bench.outcomes[0]).toMatchObject({ type: 'executed', index: 12 });
  });

  it('ignores the outcomes of other sessions', () => {
    const bench = new Bench();
    bench.execute(1);
    bench.register();
    bench.executed(1, 99 as SessionId);
    expect(bench.outcomes[0]).toBeUndefined();
  });

  it('sends again from the lowest when a number was skipped', () => {
    const bench = new Bench();
    bench.execute(1, 2);
    bench.register();
    bench.taken();
    bench.outcome({ type: 'out-of-order', sessionId: SESSION, sequence: 2 });
    expect(bench.taken()).toEqual(['1>=1:1', '2>=1:2']);
  });

  it('sends again soon what the leader refused, once for a burst of refusals', () => {
    const bench = new Bench();
    bench.execute(1, 2);
    bench.register();
    bench.taken();
    for (let i = 0; i < 5; i += 1) {
      bench.writes.onRefused(bench.nowMs);
      bench.turn();
    }
    expect(bench.taken()).toEqual(['1>=1:1', '2>=1:2']);
    bench.passMs(100);
    expect(bench.taken()).toEqual(['1>=1:1', '2>=1:2']);
    bench.passMs(1_000);
    expect(bench.taken()).toEqual([]);
  });

  it('numbers everything unanswered anew when its session is gone', () => {
    const bench = new Bench();
    bench.execute(1, 2, 3);
    bench.register();
    bench.executed(1);
    bench.taken();
    bench.outcome({ type: 'unknown-session', sessionId: SESSION, sequence: 2 });
    expect(bench.taken()).toEqual(['register 42']);
    bench.register(20 as SessionId);
    expect(bench.taken()).toEqual(['1>=1:2', '2>=1:3']);
    bench.executed(1, 20 as SessionId);
    expect(bench.failures()).toEqual(['executed', 'executed', undefined]);
  });
});

describe('truthful failures', () => {
  it("fails with 'no' what was never handed to a leader", () => {
    const bench = new Bench();
    bench.leader = null as unknown as typeof LEADER;
    bench.execute(1);
    bench.passMs(NO_LEADER_TIMEOUT_MS + 200);
    expect(bench.failures()).toEqual(['NoQuorum no']);
    expect(bench.writes.pending).toBe(0);
    bench.leader = LEADER;
    bench.execute(2);
    bench.register();
    expect(bench.taken()).toEqual(['register 42', '1>=1:2']);
  });

  it("fails with 'unknown' what was, and lets an empty body take its number", () => {
    const bench = new Bench();
    bench.execute(1, 2);
    bench.register();
    bench.taken();
    bench.passMs(REQUEST_TIMEOUT_MS + 200);
    expect(bench.failures()).toEqual(['Timeout unknown', 'Timeout unknown']);
    bench.taken();
    bench.execute(3);
    bench.leader = NEXT_LEADER;
    bench.turn();
    expect(bench.taken()).toEqual(['3>=1:3', '1>=1:', '2>=1:', '3>=1:3']);
    bench.executed(1);
    bench.executed(2);
    bench.executed(3);
    expect(bench.failures()).toEqual(['Timeout unknown', 'Timeout unknown', 'executed']);
  });

  it('keeps what the leader does not take now, unnumbered', () => {
    const bench = new Bench();
    bench.execute(1);
    bench.register();
    bench.accept = false;
    bench.execute(2);
    bench.accept = true;
    bench.turn();
    expect(bench.taken()).toEqual(['register 42', '1>=1:1', '2>=1:2']);
  });

  it('a refused registration is tried again after a pause, not at once', () => {
    const bench = new Bench();
    bench.execute(1);
    expect(bench.taken()).toEqual(['register 42']);
    for (let ms = 0; ms < 200; ms += 1) {
      bench.writes.onRefused(bench.nowMs);
      bench.passMs(1);
    }
    const { length } = bench.taken();
    expect(length).toBeGreaterThan(1);
    expect(length).toBeLessThan(6);
  });

  it('asks for copies of what it may have skipped by a snapshot, until all is answered', () => {
    const bench = new Bench();
    bench.execute(1);
    bench.register();
    bench.execute(2);
    bench.proposals.length = 0;
    bench.writes.onSnapshotInstalled();
    bench.execute(3);
    const wanted = bench.proposals.map((one) => one.type === 'execute' && one.isCopyWanted);
    expect(wanted).toEqual([true, true, false]);
    for (const sequence of [1, 2, 3]) bench.executed(sequence);
    bench.proposals.length = 0;
    bench.execute(4);
    bench.passMs(RESEND_INTERVAL_MS + 200);
    const later = bench.proposals.map((one) => one.type === 'execute' && one.isCopyWanted);
    expect(later.length).toBeGreaterThan(1);
    expect(new Set(later)).toEqual(new Set([false]));
  });

  it('asks for copies once in a while, however often it is refused', () => {
    const bench = new Bench();
    bench.execute(1);
    bench.register();
    bench.proposals.length = 0;
    bench.writes.onSnapshotInstalled();
    bench.turn();
    for (let refusals = 0; refusals < 20; refusals += 1) {
      bench.writes.onRefused(bench.nowMs);
      bench.passMs(60);
    }
    const wanted = bench.proposals.map((one) => one.type === 'execute' && one.isCopyWanted);
    expect(wanted.length).toBeGreaterThan(10);
    expect(wanted.filter(Boolean)).toHaveLength(1);
  });

  it('wants no copies of what it sent behind the snapshot, however long the rest takes', () => {
    const bench = new Bench();
    bench.execute(1);
    bench.register();
    bench.writes.onSnapshotInstalled();
    bench.execute(2, 3);
    bench.proposals.length = 0;
    bench.passMs(RESEND_INTERVAL_MS + 200);
    const wanted = bench.proposals.map((one) => one.type === 'execute' && one.isCopyWanted);
    expect(wanted).toEqual([true, false, false]);
    bench.executed(1);
    bench.proposals.length = 0;
    bench.passMs(RESEND_INTERVAL_MS + 200);
    expect(bench.proposals.every((one) => one.type === 'execute' && !one.isCopyWanted)).toBe(true);
    bench.outcome({ type: 'unknown-session', sessionId: SESSION, sequence: 2 });
    bench.register(9 as SessionId);
    bench.executed(1, 9 as SessionId);
    expect(bench.failures()).toEqual(['executed', 'executed', undefined]);
  });

  it("a session that ended behind a snapshot leaves 'unknown' what was under way, and only that", () => {
    const bench = new Bench();
    bench.execute(1);
    bench.register();
    bench.writes.onSnapshotInstalled();
    bench.accept = false;
    bench.execute(2);
    bench.accept = true;
    bench.outcome({ type: 'unknown-session', sessionId: SESSION, sequence: 1 });
    expect(bench.failures()).toEqual(['Timeout unknown', undefined]);
    bench.register(9 as SessionId);
    bench.executed(1, 9 as SessionId);
    expect(bench.failures()).toEqual(['Timeout unknown', 'executed']);
  });

  it("refuses with 'no' above its bound", () => {
    const bench = new Bench();
    for (let i = 0; i <= MAX_PENDING_REQUESTS; i += 1) bench.execute(1);
    expect(bench.failures().at(-1)).toBe('Overloaded no');
    expect(bench.failures().at(-2)).toBeUndefined();
  });

  it('tells sent from unsent when the node stops', () => {
    const bench = new Bench();
    bench.execute(1);
    bench.register();
    bench.accept = false;
    bench.execute(2);
    bench.writes.stop('Closed', 'closed');
    expect(bench.failures()).toEqual(['Closed unknown', 'Closed no']);
  });
});
