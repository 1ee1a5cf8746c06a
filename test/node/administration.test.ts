import { describe, expect, it } from 'vitest';
import { NO_ACCESS } from '../../src/raft/configuration.ts';
import { AdministrationDesk, type DeskRaft } from '../../src/node/administration-desk.ts';
import {
  AdministrationRequests,
  type AdministrationOutcome,
} from '../../src/node/administration.ts';
import {
  ADMINISTRATION_TIMEOUT_MS,
  MAX_ADMINISTRATION_REQUESTS,
  NO_LEADER_TIMEOUT_MS,
  RESEND_INTERVAL_MS,
  RUNTIME_LIMITS,
} from '../../src/node/limits.ts';
import type {
  Administration,
  AdministrationRequest,
  AdministrationResponse,
} from '../../src/node/messages.ts';
import type { ConfigurationTarget } from '../../src/raft/configuration.ts';
import type {
  Access,
  Configuration,
  InviteRecord,
  LogIndex,
  NodeId,
  Role,
  Term,
} from '../../src/raft/types.ts';
import { viewOf } from './cluster-views.ts';
import type { SkipVerdict } from '../../src/node/stall.ts';

const id = (name: string): NodeId => name as NodeId;
const LEADER = { id: id('a'), term: 2 as Term };
const NEXT_LEADER = { id: id('b'), term: 3 as Term };
const REMOVE = { type: 'remove', nodeId: id('c') } as const;
const NO_WISH = { type: 'transfer', nodeId: null } as const;

class CallerBench {
  readonly sent: AdministrationRequest[] = [];
  readonly outcomes: AdministrationOutcome[] = [];
  nowMs = 0;
  leader: typeof LEADER | null = LEADER;
  readonly requests = new AdministrationRequests(id('x'), 100, 0, (r) => this.sent.push(r));

  ask(administration: Administration, timeoutMs: number | null = null): void {
    this.requests.request(administration, timeoutMs, this.nowMs, (o) => this.outcomes.push(o));
    this.turn();
  }

  turn(): void {
    this.requests.check(this.nowMs);
    this.requests.flush(this.leader, this.nowMs);
  }

  passMs(ms: number): void {
    const endMs = this.nowMs + ms;
    while (this.nowMs < endMs) {
      this.nowMs = Math.min(endMs, Math.max(this.nowMs + 1, this.requests.nextDeadlineMs()));
      this.turn();
    }
  }

  answer(
    from: NodeId,
    error: AdministrationResponse['error'],
    warning = '',
    requestId = 100,
  ): void {
    const header = { type: 'administration-response', from, to: id('x') } as const;
    this.requests.onResponse({ ...header, requestId, error, warning });
  }
}

describe('who asks', () => {
  it('is told what the leader answers, with its warning', () => {
    const bench = new CallerBench();
    bench.ask(REMOVE);
    expect(bench.sent).toMatchObject([{ to: 'a', requestId: 100, administration: REMOVE }]);
    bench.answer(LEADER.id, null, 'two are left');
    expect(bench.outcomes).toEqual([{ type: 'done', warning: 'two are left' }]);
    expect(bench.requests.nextDeadlineMs()).toBeGreaterThan(0);
  });

  it('asks again after a silence, and every new leader, under the same number', () => {
    const bench = new CallerBench();
    bench.ask(REMOVE);
    bench.passMs(RESEND_INTERVAL_MS + 200);
    bench.leader = NEXT_LEADER;
    bench.turn();
    expect(bench.sent.map((request) => [request.to, request.requestId])).toEqual([
      ['a', 100],
      ['a', 100],
      ['b', 100],
    ]);
  });

  it('knows that a refusal means no, unless another leader was asked before', () => {
    const error = { code: 'Refused', message: 'one copy' } as const;
    const bench = new CallerBench();
    bench.ask(REMOVE);
    bench.answer(LEADER.id, error);
    expect(bench.outcomes).toMatchObject([{ failure: { ...error, applied: 'no' } }]);
    const other = new CallerBench();
    other.ask(REMOVE);
    other.leader = NEXT_LEADER;
    other.turn();
    other.answer(NEXT_LEADER.id, error);
    expect(other.outcomes).toMatchObject([{ failure: { ...error, applied: 'unknown' } }]);
  });

  it('believes only whom it asked, and only once', () => {
    const bench = new CallerBench();
    bench.ask(REMOVE);
    bench.answer(NEXT_LEADER.id, null);
    bench.answer(LEADER.id, null, '', 99);
    expect(bench.outcomes).toEqual([]);
    bench.answer(LEADER.id, null);
    bench.answer(LEADER.id, null);
    expect(bench.outcomes).toHaveLength(1);
  });

  it('takes a change of leader for the answer to a request for one', () => {
    const bench = new CallerBench();
    bench.ask(NO_WISH);
    bench.ask({ type: 'transfer', nodeId: id('b') });
    bench.ask({ type: 'transfer', nodeId: id('c') });
    bench.passMs(100);
    expect(bench.outcomes).toEqual([]);
    bench.leader = NEXT_LEADER;
    bench.turn();
    expect(bench.outcomes).toHaveLength(2);
    bench.leader = { id: id('c'), term: 4 as Term };
    bench.turn();
    expect(bench.outcomes).toHaveLength(3);
    expect(bench.outcomes.every((outcome) => outcome.type === 'done')).toBe(true);
  });

  it('is done at once where the leader is the one that was wished for', () => {
    const bench = new CallerBench();
    bench.ask({ type: 'transfer', nodeId: LEADER.id });
    expect(bench.sent).toEqual([]);
    expect(bench.outcomes).toEqual([{ type: 'done', warning: '' }]);
  });

  it('says no where nobody was asked, and unknown where somebody was', () => {
    const bench = new CallerBench();
    bench.leader = null;
    bench.turn();
    bench.ask(REMOVE);
    bench.passMs(NO_LEADER_TIMEOUT_MS + 200);
    expect(bench.outcomes).toMatchObject([{ failure: { code: 'NoQuorum', applied: 'no' } }]);
    const other = new CallerBench();
    other.ask(REMOVE, 3_000);
    other.passMs(3_200);
    expect(other.outcomes).toMatchObject([{ failure: { code: 'Timeout', applied: 'unknown' } }]);
  });

  it('has what it wanted when it stops because it was removed', () => {
    const bench = new CallerBench();
    bench.ask({ type: 'leave', nodeId: id('x') });
    bench.ask(REMOVE);
    bench.requests.stop('Removed', 'removed', 'two are left');
    expect(bench.outcomes).toMatchObject([
      { type: 'done', warning: 'two are left' },
      { type: 'failed', failure: { code: 'Removed', applied: 'unknown' } },
    ]);
    const other = new CallerBench();
    other.ask({ type: 'leave', nodeId: id('x') });
    other.requests.stop('Closed', 'closed', '');
    expect(other.outcomes).toMatchObject([{ failure: { code: 'Closed', applied: 'unknown' } }]);
  });

  it('may have so many requests under way', () => {
    const bench = new CallerBench();
    for (let i = 0; i <= MAX_ADMINISTRATION_REQUESTS; i += 1) bench.ask(REMOVE);
    expect(bench.outcomes).toMatchObject([{ failure: { code: 'Overloaded', applied: 'no' } }]);
  });
});

function openInvite(inviteId: string): InviteRecord {
  return { id: inviteId, verifier: 'v', createdAtMs: 0, expiresAtMs: null, usesLeft: null };
}

/** The leader 'a' of a configuration written as in cluster-views.ts; changes commit when told to. */
class DeskBench implements DeskRaft {
  readonly nodeId = id('a');
  role: Role = 'leader';
  nowMs = 0;
  view: string;
  configuration: Configuration;
  committedConfiguration: { index: LogIndex; configuration: Configuration };
  proposals: ConfigurationTarget[] = [];
  transfers: NodeId[] = [];
  transferTarget: NodeId | null = null;
  transferOutcome: 'started' | 'not-ready' | 'not-eligible' = 'started';
  readonly answers: AdministrationResponse[] = [];
  skipVerdict: SkipVerdict = 'waiting';
  readonly desk = new AdministrationDesk({
    raft: this,
    limits: RUNTIME_LIMITS,
    send: (answer) => this.answers.push(answer),
    skip: () => this.skipVerdict,
    wallClockMs: () => 1_000_000 + this.nowMs,
  });

  constructor(view: string) {
    this.view = view;
    const members = viewOf(view).members;
    const of = (role: string) => members.filter((m) => m.role === role).map((m) => m.nodeId);
    const configuration = {
      voters: of('voter'),
      outgoingVoters: [],
      learners: of('learner'),
      profiles: {},
      access: NO_ACCESS,
    };
    this.configuration = configuration;
    this.committedConfiguration = { index: 1 as LogIndex, configuration };
  }

  /** Gives the configuration in force that much more access. */
  know(access: Partial<Access>): void {
    this.configuration = { ...this.configuration, access: { ...NO_ACCESS, ...access } };
    this.committedConfiguration = {
      ...this.committedConfiguration,
      configuration: this.configuration,
    };
  }

  proposeConfiguration(target: ConfigurationTarget): 'appended' {
    const { voters, learners, access = this.configuration.access } = target;
    this.proposals.push({ voters, learners });
    this.configuration = { voters, outgoingVoters: [], learners, profiles: {}, access };
    return 'appended';
  }

  transferLeadership(target: NodeId) {
    this.transfers.push(target);
    if (this.transferOutcome === 'started') this.transferTarget = target;
    return this.transferOutcome;
  }

  commit(): void {
    const { configuration } = this;
    this.committedConfiguration = { index: 2 as LogIndex, configuration };
    this.check();
  }

  ask(administration: Administration, requestId = 1): void {
    const header = { type: 'administration-request', from: id('x'), to: this.nodeId } as const;
    this.desk.onRequest({ ...header, requestId, administration }, this.nowMs);
  }

  check(): boolean {
    return this.desk.check(() => viewOf(this.view), this.nowMs);
  }

  passMs(ms: number): void {
    const endMs = this.nowMs + ms;
    while (this.nowMs < endMs) {
      this.nowMs += 100;
      this.check();
    }
  }
}

describe('the leader', () => {
  it('answers when the change is committed, and meanwhile wants no other', () => {
    const bench = new DeskBench('a:P b:P c:P (d:P)');
    bench.ask(REMOVE);
    expect(bench.check()).toBe(true);
    expect(bench.proposals).toEqual([{ voters: ['a', 'b', 'd'], learners: [] }]);
    bench.passMs(500);
    expect(bench.answers).toEqual([]);
    bench.commit();
    expect(bench.answers).toMatchObject([{ to: 'x', requestId: 1, error: null, warning: '' }]);
    expect(bench.check()).toBe(false);
    expect(bench.desk.isIdle).toBe(true);
  });

  it('listens for a while before it leaves fewer voters, and then warns', () => {
    const bench = new DeskBench('a:P b:P c:P');
    bench.ask(REMOVE);
    bench.passMs(900);
    expect(bench.proposals).toEqual([]);
    bench.passMs(200);
    expect(bench.proposals).toEqual([{ voters: ['a', 'b'], learners: [] }]);
    bench.commit();
    expect(bench.answers).toMatchObject([
      { error: null, warning: expect.stringContaining('two voters') },
    ]);
  });

  it('takes a learner that is heard meanwhile instead', () => {
    const bench = new DeskBench('a:P b:P c:P (d:P<)');
    bench.ask(REMOVE);
    bench.passMs(500);
    bench.view = 'a:P b:P c:P (d:P)';
    bench.passMs(100);
    expect(bench.proposals).toEqual([{ voters: ['a', 'b', 'd'], learners: [] }]);
  });

  it('never leaves one copy', () => {
    const bench = new DeskBench('a:P c:P');
    bench.ask(REMOVE);
    bench.passMs(1_100);
    expect(bench.proposals).toEqual([]);
    expect(bench.answers).toMatchObject([{ error: { code: 'Refused' } }]);
  });

  it('ends the invites that a removed member, or one let go and then removed, may know', () => {
    const bench = new DeskBench('a:P b:P c:P (d:P) (e:P)');
    bench.know({ former: [{ nodeId: id('f'), key: 'key' }], invites: [openInvite('one')] });
    bench.ask({ type: 'leave', nodeId: id('e') }, 1);
    bench.check();
    expect(bench.configuration.access).toMatchObject({ removed: ['e'], invites: [{ id: 'one' }] });
    bench.view = 'a:P b:P c:P (d:P)';
    bench.commit();
    bench.ask({ type: 'remove', nodeId: id('f') }, 2);
    bench.check();
    expect(bench.configuration.access).toMatchObject({ removed: ['e', 'f'], invites: [] });
    bench.commit();
    bench.ask({ type: 'invite', invite: openInvite('two') }, 3);
    bench.check();
    bench.commit();
    bench.ask({ type: 'remove', nodeId: id('d') }, 4);
    bench.check();
    expect(bench.configuration.access).toMatchObject({ removed: ['e', 'f', 'd'], invites: [] });
    expect(bench.answers.map(({ requestId }) => requestId)).toEqual([1, 2, 3]);
  });

  it('finds that it is done, whoever did it', () => {
    const bench = new DeskBench('a:P b:P');
    bench.ask(REMOVE);
    bench.check();
    expect(bench.answers).toMatchObject([
      { error: null, warning: expect.stringContaining('two voters') },
    ]);
  });

  it('makes one change at a time', () => {
    const bench = new DeskBench('a:P b:P c:P (d:P) (e:P)');
    bench.ask({ type: 'remove', nodeId: id('d') }, 1);
    bench.ask({ type: 'remove', nodeId: id('e') }, 2);
    bench.check();
    expect(bench.proposals).toHaveLength(1);
    bench.view = 'a:P b:P c:P (e:P)';
    bench.commit();
    expect(bench.proposals).toHaveLength(2);
    expect(bench.answers.map((answer) => answer.requestId)).toEqual([1]);
    bench.view = 'a:P b:P c:P';
    bench.commit();
    expect(bench.answers.map((answer) => answer.requestId)).toEqual([1, 2]);
  });

  it('takes copies for one request, and answers a late one the same way', () => {
    const bench = new DeskBench('a:P c:P');
    bench.ask(REMOVE);
    bench.ask(REMOVE);
    bench.passMs(1_100);
    expect(bench.answers).toHaveLength(1);
    // By now it could be done, but its caller was told that it was not.
    bench.view = 'a:P c:P (d:P) (e:P)';
    bench.ask(REMOVE);
    bench.passMs(1_100);
    expect(bench.answers).toHaveLength(2);
    expect(bench.answers[1]).toEqual(bench.answers[0]);
    expect(bench.proposals).toEqual([]);
  });

  it('opens an invite by a change of nothing else, and answers when that is committed', () => {
    const bench = new DeskBench('a:P b:P c:P (d:P)');
    const record = { id: 'one', verifier: 'v', createdAtMs: 0, expiresAtMs: 500, usesLeft: 1 };
    const invite = { type: 'invite', invite: record } as const;
    bench.ask(invite, 1);
    expect(bench.check()).toBe(true);
    expect(bench.proposals).toEqual([{ voters: ['a', 'b', 'c'], learners: ['d'] }]);
    bench.passMs(100);
    expect(bench.answers).toEqual([]);
    // It is over by the time that it is committed: it was opened all the same.
    bench.nowMs += 1_000;
    bench.commit();
    expect(bench.answers).toMatchObject([{ requestId: 1, error: null }]);
    bench.ask({ type: 'revoke-invite', inviteId: 'another' }, 2);
    bench.check();
    expect(bench.answers).toMatchObject([{ requestId: 1 }, { requestId: 2, error: null }]);
    expect(bench.proposals).toHaveLength(1);
  });

  it('hands over before it leaves, and leaves as leader where that fails', () => {
    const bench = new DeskBench('a:P b:P c:P (d:P)');
    bench.ask({ type: 'leave', nodeId: id('a') });
    expect(bench.check()).toBe(true);
    expect(bench.transfers).toEqual(['b']);
    expect(bench.proposals).toEqual([]);
    bench.passMs(1_000);
    expect(bench.proposals).toEqual([]);
    bench.transferTarget = null;
    bench.check();
    expect(bench.transfers).toEqual(['b']);
    expect(bench.proposals).toEqual([{ voters: ['b', 'c', 'd'], learners: [] }]);
  });

  it('leaves as leader at once where nobody may take over', () => {
    const bench = new DeskBench('a:P b:P c:P (d:P)');
    bench.transferOutcome = 'not-eligible';
    bench.ask({ type: 'leave', nodeId: id('a') });
    bench.check();
    expect(bench.proposals).toHaveLength(1);
  });

  it('forgets everything when it no longer leads', () => {
    const bench = new DeskBench('a:P b:P c:P (d:P)');
    bench.ask({ type: 'leave', nodeId: id('a') });
    bench.check();
    bench.role = 'follower';
    expect(bench.check()).toBe(false);
    expect(bench.desk.isIdle).toBe(true);
    bench.ask(REMOVE, 2);
    expect(bench.desk.isIdle).toBe(true);
    expect(bench.answers).toEqual([]);
  });

  it('hands over to whom it is asked to, or to whoever is best placed', () => {
    const bench = new DeskBench('a:P b:P? c:P (d:P)');
    bench.ask(NO_WISH, 1);
    bench.check();
    expect(bench.transfers).toEqual(['c']);
    const other = new DeskBench('a:P b:P c:P');
    other.ask({ type: 'transfer', nodeId: id('c') });
    other.check();
    expect(other.transfers).toEqual(['c']);
    other.passMs(1_000);
    expect(other.answers).toEqual([]);
    // It leads still: nobody took over.
    other.transferTarget = null;
    other.check();
    expect(other.answers).toMatchObject([{ error: { code: 'Refused' } }]);
  });

  it('waits with handing over until it may', () => {
    const bench = new DeskBench('a:P b:P c:P');
    bench.transferOutcome = 'not-ready';
    bench.ask({ type: 'transfer', nodeId: id('c') });
    bench.passMs(2_000);
    expect(bench.answers).toEqual([]);
    bench.passMs(ADMINISTRATION_TIMEOUT_MS);
    expect(bench.answers).toMatchObject([{ error: { code: 'Timeout' } }]);
  });

  it.each([
    { view: 'a:P b:P (d:P)', wish: 'd' },
    { view: 'a:P b:P~', wish: 'b' },
    { view: 'a:P b:P?', wish: 'b' },
    { view: 'a:P b:P?', wish: null },
  ])('refuses to hand over to $wish in $view', ({ view, wish }) => {
    const bench = new DeskBench(view);
    bench.ask({ type: 'transfer', nodeId: wish as NodeId | null });
    bench.passMs(1_100);
    expect(bench.transfers).toEqual([]);
    expect(bench.answers).toMatchObject([{ error: { code: 'Refused' } }]);
  });

  it('holds so many requests, each for so long', () => {
    const bench = new DeskBench('a:P b:P c:P (d:P)');
    bench.configuration = { ...bench.configuration };
    for (let i = 0; i <= MAX_ADMINISTRATION_REQUESTS; i += 1) bench.ask(REMOVE, i);
    expect(bench.answers).toMatchObject([{ error: { code: 'Overloaded' } }]);
    // A change that never ends stands in the way of all.
    bench.passMs(ADMINISTRATION_TIMEOUT_MS);
    expect(bench.answers).toHaveLength(1 + MAX_ADMINISTRATION_REQUESTS);
    expect(bench.answers.at(-1)).toMatchObject({ error: { code: 'Timeout' } });
    expect(bench.proposals).toEqual([]);
  });
});
