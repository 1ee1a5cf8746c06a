/** Requests of durable sessions at one node: handed over, asked again, answered, given back. */

import { describe, expect, it } from 'vitest';
import type { CommandOutcome, SessionId } from '../../src/node/command.ts';
import {
  DurableRequests,
  type DurableOutcome,
  type DurableRequest,
} from '../../src/node/durable-requests.ts';
import { NO_LEADER_TIMEOUT_MS, RESEND_INTERVAL_MS } from '../../src/node/limits.ts';
import type { Proposal } from '../../src/node/messages.ts';
import { durableRefusalOf } from '../../src/node/refusal.ts';
import type { LogIndex, NodeId, Term } from '../../src/raft/types.ts';

const LEADER = { id: 'leaderaaaa' as NodeId, term: 2 as Term };
const NEXT_LEADER = { id: 'leaderbbbb' as NodeId, term: 3 as Term };
const SESSION = 7 as SessionId;

class Bench {
  readonly #proposals: Proposal[] = [];
  readonly outcomes: DurableOutcome[] = [];
  accepts = true;
  nowMs = 0;
  leader: typeof LEADER | null = LEADER;
  readonly requests = new DurableRequests((proposal) => {
    if (this.accepts) this.#proposals.push(proposal);
    return this.accepts;
  }, 0);

  begin(...requests: readonly DurableRequest[]): void {
    for (const request of requests) {
      this.requests.begin(request, 20_000, this.nowMs, (outcome) => this.outcomes.push(outcome));
    }
    this.passMs(0);
  }

  passMs(ms: number): void {
    const endMs = this.nowMs + ms;
    do {
      this.nowMs = Math.min(endMs, Math.max(this.nowMs + 1, this.requests.nextDeadlineMs()));
      this.requests.check(this.nowMs);
      this.requests.flush(this.leader, this.nowMs);
    } while (this.nowMs < endMs);
  }

  outcome(outcome: CommandOutcome): void {
    this.requests.onOutcome(outcome, 11 as LogIndex, LEADER.term, this.nowMs);
    this.passMs(0);
  }

  /** What was proposed since the last call; a request that asks for a copy has a sign behind it. */
  taken(): string[] {
    return this.#proposals.splice(0).map((proposal) => {
      if (proposal.type === 'close-session') return `close ${proposal.sessionId}`;
      if (proposal.type === 'register-session') return `register ${proposal.nonce}`;
      const { session, isCopyWanted } = proposal;
      return `${session.sequence}>=${session.lowestUnanswered}${isCopyWanted ? '+' : ''}`;
    });
  }
}

function execution(sequence: number, lowestUnanswered = sequence): DurableRequest {
  const session = { sessionId: SESSION, sequence, lowestUnanswered };
  return { type: 'execute', session, body: Uint8Array.of(sequence) };
}

const executed = (sequence: number) =>
  ({
    type: 'executed',
    sessionId: SESSION,
    sequence,
    response: Uint8Array.of(sequence),
  }) as const;

describe('requests of durable sessions', () => {
  it('are answered by what was applied here, whoever handed them over', () => {
    const bench = new Bench();
    bench.begin({ type: 'register', nonce: 5 }, execution(3), {
      type: 'close',
      sessionId: SESSION,
    });
    expect(bench.taken()).toEqual(['register 5', '3>=3+', 'close 7']);
    bench.outcome({ type: 'registered', sessionId: SESSION, nonce: 6 });
    bench.outcome(executed(2));
    bench.outcome({ ...executed(3), sessionId: 8 as SessionId });
    expect(bench.outcomes).toEqual([]);
    bench.outcome({ type: 'registered', sessionId: SESSION, nonce: 5 });
    bench.outcome(executed(3));
    bench.outcome({ type: 'session-closed', sessionId: SESSION });
    const response = Uint8Array.of(3);
    expect(bench.outcomes).toEqual([
      { type: 'registered', sessionId: SESSION },
      { type: 'executed', index: 11, term: 2, response },
      { type: 'session-closed', sessionId: SESSION },
    ]);
    bench.outcome(executed(3));
    expect(bench.outcomes).toHaveLength(3);
  });

  it('ask a leader that knows their number for a copy: once, and again where it may be lost', () => {
    const bench = new Bench();
    bench.begin(execution(1), execution(2, 1));
    expect(bench.taken()).toEqual(['1>=1+', '2>=1+']);
    bench.requests.onRefused(bench.nowMs);
    bench.requests.onRefused(bench.nowMs);
    bench.passMs(60);
    expect(bench.taken()).toEqual(['1>=1', '2>=1']);
    bench.passMs(RESEND_INTERVAL_MS + 200);
    expect(bench.taken()).toEqual(['1>=1+', '2>=1+']);
    bench.leader = NEXT_LEADER;
    bench.passMs(0);
    expect(bench.taken()).toEqual(['1>=1+', '2>=1+']);
    bench.requests.onSnapshotInstalled();
    bench.passMs(0);
    expect(bench.taken()).toEqual(['1>=1+', '2>=1+']);
    bench.outcome({ type: 'out-of-order', sessionId: SESSION, sequence: 2 });
    bench.passMs(60);
    expect(bench.taken()).toEqual(['1>=1+', '2>=1+']);
  });

  it('wait in order for a leader that takes them', () => {
    const bench = new Bench();
    bench.accepts = false;
    bench.begin(execution(1), execution(2));
    bench.passMs(100);
    bench.accepts = true;
    bench.passMs(0);
    expect(bench.taken()).toEqual(['1>=1+', '2>=2+']);
  });

  it('are given back without a quorum, with what is known of them', () => {
    const bench = new Bench();
    bench.begin(execution(1));
    bench.leader = null;
    bench.passMs(0);
    bench.begin(execution(2));
    bench.passMs(NO_LEADER_TIMEOUT_MS + 200);
    bench.begin({ type: 'register', nonce: 5 });
    bench.requests.stop('Closed', 'closed');
    const failures = bench.outcomes.map((outcome) =>
      outcome.type === 'failed' ? `${outcome.failure.code} ${outcome.failure.applied}` : '',
    );
    expect(failures).toEqual(['NoQuorum unknown', 'NoQuorum no', 'Closed no']);
    expect(bench.requests.nextDeadlineMs()).toBe(Infinity);
  });

  it.each(['forgotten', 'unknown-session'] as const)('tell that they are %s', (type) => {
    const bench = new Bench();
    bench.begin(execution(1));
    bench.outcome({ type, sessionId: SESSION, sequence: 1 });
    expect(bench.outcomes).toEqual([{ type }]);
  });

  it('close a session that a late copy of a registration has left behind', () => {
    const bench = new Bench();
    bench.begin({ type: 'register', nonce: 5 });
    const registered = { type: 'registered', sessionId: SESSION, nonce: 5 } as const;
    bench.outcome(registered);
    bench.outcome(registered);
    bench.outcome({ ...registered, nonce: 99, sessionId: 8 as SessionId });
    expect(bench.taken()).toEqual(['register 5']);
    bench.outcome({ ...registered, sessionId: 9 as SessionId });
    expect(bench.taken()).toEqual(['close 9']);
  });

  it('register none before the cluster has gone over to a build that registers it once', () => {
    const register = { type: 'register', nonce: 5 } as const;
    expect(durableRefusalOf(register, { own: '2', adopted: '1' })?.code).toBe('Stale');
    expect(durableRefusalOf(register, { own: '2', adopted: '2' })).toBeNull();
    expect(durableRefusalOf(execution(1), { own: '2', adopted: '3' })).toBeNull();
  });
});
