/** Time: CheckQuorum (thesis section 6.2), exact deadlines, suspended processes, odd clocks. */

import { describe, expect, it } from 'vitest';
import {
  A,
  B,
  C,
  D,
  E,
  FIVE,
  acknowledge,
  appendEntries,
  bytes,
  configuration,
  core,
  elect,
  leader,
  ofType,
  request,
  seededRandom,
  sent,
  term,
} from './fixtures.ts';
import type { Raft } from '../../src/raft/raft.ts';

/** Ticks the core up to `untilMs`, at every deadline on the way. Returns how often it ticked. */
function sleep(raft: Raft, untilMs: number): number {
  let ticks = 0;
  for (let nowMs = raft.nextDeadlineMs(); nowMs <= untilMs; nowMs = raft.nextDeadlineMs()) {
    raft.tick(nowMs);
    sent(raft);
    ticks += 1;
    if (ticks > 10_000) throw new Error('the deadline does not move');
  }
  raft.tick(untilMs);
  return ticks;
}

describe('CheckQuorum', () => {
  it('thesis 6.2: a leader that hears no majority for the minimum timeout steps down', () => {
    const raft = leader({ configuration: FIVE });
    const electedMs = 1_000;
    sleep(raft, electedMs + 600);
    acknowledge(raft, B, 2);
    sleep(raft, electedMs + 700);
    acknowledge(raft, C, 2);
    sleep(raft, electedMs + 1_599);
    expect(raft.role).toBe('leader');
    sleep(raft, electedMs + 1_600);
    expect([raft.role, raft.term, raft.leaderId]).toEqual(['follower', 2, null]);
  });

  it('thesis 6.2: it leads on while a majority answers', () => {
    const raft = leader({ configuration: FIVE });
    for (let nowMs = 1_900; nowMs < 20_000; nowMs += 900) {
      sleep(raft, nowMs);
      acknowledge(raft, nowMs % 1_800 === 100 ? D : B, 2);
      acknowledge(raft, C, 2);
    }
    expect(raft.role).toBe('leader');
  });

  it('paper 6: in a joint configuration it must hear both halves', () => {
    const raft = leader({ configuration: configuration([A, D, E], [A, B, C]) });
    sleep(raft, 1_900);
    for (const id of [B, C]) acknowledge(raft, id, 1);
    sleep(raft, 2_000);
    expect(raft.role).toBe('follower');
  });

  it('thesis 4.2.1: learners do not count, and a single voter needs nobody', () => {
    const raft = leader({ configuration: configuration([A, B], [], [C]) });
    sleep(raft, 1_900);
    acknowledge(raft, C, 2);
    sleep(raft, 2_000);
    expect(raft.role).toBe('follower');
    const alone = elect(core({ configuration: configuration([A], [], [B]) }));
    sent(alone);
    sleep(alone, 1e5);
    expect(alone.role).toBe('leader');
  });

  it('thesis 6.2: answers of another term, and requests, are no contact', () => {
    const raft = leader();
    sleep(raft, 1_900);
    raft.step({
      type: 'read-index-request',
      from: B,
      to: A,
      term: term(2),
      requestId: request(1),
      confirm: true,
    });
    sleep(raft, 2_000);
    expect(raft.role).toBe('follower');
  });

  it('a new voter is given the minimum timeout to answer', () => {
    const raft = leader({ configuration: configuration([A]) });
    sleep(raft, 50_000);
    raft.proposeConfiguration({ voters: [A, B], learners: [] });
    sleep(raft, 50_999);
    expect(raft.role).toBe('leader');
    sleep(raft, 51_000);
    expect(raft.role).toBe('follower');
  });

  it('progress tells when it last heard each server, and itself now', () => {
    const raft = leader();
    expect(raft.progress(B)?.lastContactMs).toBeNull();
    sleep(raft, 1_300);
    acknowledge(raft, B, 1);
    sleep(raft, 1_400);
    expect([raft.progress(B)?.lastContactMs, raft.progress(A)?.lastContactMs]).toEqual([
      1_300, 1_400,
    ]);
  });
});

describe('suspended processes', () => {
  it('thesis 6.2: a leader that slept steps down before it believes what it finds', () => {
    const raft = leader();
    raft.readIndex(request(1), true);
    raft.tick(1_000_000);
    acknowledge(raft, B, 2, 1);
    expect([raft.role, raft.commitIndex]).toEqual(['follower', 0]);
    expect(raft.propose([bytes(1)])).toEqual({ type: 'not-leader' });
  });

  it('a follower that overslept listens for one more timeout, and only one', () => {
    const raft = core();
    raft.tick(1_000_000);
    expect([raft.role, raft.nextDeadlineMs()]).toEqual(['follower', 1_001_000]);
    raft.tick(2_000_000);
    expect(raft.role).toBe('pre-candidate');
    raft.step(appendEntries());
    raft.tick(3_000_000);
    expect(raft.role).toBe('follower');
  });

  it('a tick that is a little late is no sleep', () => {
    const raft = core();
    raft.tick(1_999);
    expect(raft.role).toBe('pre-candidate');
  });

  it('who decides alone has nobody to listen for', () => {
    const raft = core({ configuration: configuration([A]) });
    raft.tick(1_000_000);
    expect(raft.role).toBe('candidate');
  });
});

describe('deadlines', () => {
  it('a core asleep until its deadline does all that one ticked every millisecond does', () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const logs = [1, Infinity].map((stepMs) => {
        const random = seededRandom(seed);
        const raft = core({ random: (bound) => Math.floor(random() * bound) });
        const log: string[] = [];
        let nowMs = 0;
        for (let round = 0; nowMs < 20_000; round += 1) {
          if (round > 30_000) throw new Error('the deadline does not move');
          const deadlineMs = raft.nextDeadlineMs();
          nowMs = Math.min(nowMs + stepMs, deadlineMs, 20_000);
          raft.tick(nowMs);
          for (const { type, to } of sent(raft)) log.push(`${nowMs} ${type} ${to}`);
          // Somebody answers now and then, so that it leads, and loses its majority again.
          if (nowMs === deadlineMs && raft.role === 'leader' && nowMs < 10_000) {
            acknowledge(raft, B, 1);
          }
          if (raft.role === 'pre-candidate') {
            const vote = { from: B, to: A, voteGranted: true, term: term(raft.term + 1) } as const;
            raft.step({ type: 'pre-vote-response', ...vote });
            sent(raft);
            raft.step({ type: 'request-vote-response', ...vote });
          }
          for (const { type, to } of sent(raft)) log.push(`${nowMs} ${type} ${to}`);
        }
        return log;
      });
      expect(logs[1]).toEqual(logs[0]);
      expect(logs[0]?.length).toBeGreaterThan(50);
    }
  });

  it('after a tick and a ready the next deadline lies ahead', () => {
    const raft = leader();
    for (let round = 0; round < 100; round += 1) {
      const deadlineMs = raft.nextDeadlineMs();
      raft.tick(deadlineMs);
      raft.readIndex(request(round), true);
      sent(raft);
      acknowledge(raft, round % 2 === 0 ? B : C, 2);
      sent(raft);
      expect(raft.nextDeadlineMs()).toBeGreaterThan(deadlineMs);
    }
  });

  it('a leader with nobody to lead sleeps for good', () => {
    const raft = elect(core({ configuration: configuration([A]) }));
    sent(raft);
    expect(raft.nextDeadlineMs()).toBe(Infinity);
  });

  it('an idle leader wakes once an interval', () => {
    const raft = leader({ configuration: configuration([A], [], [B, C]) });
    acknowledge(raft, B, 2);
    acknowledge(raft, C, 2);
    sent(raft);
    const fromMs = raft.nextDeadlineMs();
    expect(sleep(raft, fromMs + 999)).toBe(10);
  });
});

describe('clocks', () => {
  it('time that goes backwards, or is no time, is ignored', () => {
    const raft = core();
    raft.tick(900);
    raft.tick(100);
    raft.step(appendEntries());
    expect(raft.nextDeadlineMs()).toBe(1_900);
    raft.tick(Number.NaN);
    raft.step(appendEntries());
    expect(raft.nextDeadlineMs()).toBe(1_900);
  });

  it('time moves by tick alone: a message does not make it pass', () => {
    const raft = core();
    raft.step(appendEntries());
    expect(ofType(sent(raft), 'append-entries-response')).toHaveLength(1);
    expect(raft.nextDeadlineMs()).toBe(1_000);
  });
});
