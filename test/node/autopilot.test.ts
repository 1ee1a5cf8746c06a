import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  planConfiguration as planWithin,
  type AutopilotLimits,
  type ClusterView,
  type MemberView,
} from '../../src/node/autopilot.ts';
import { chooseSuccessor, planDeparture } from '../../src/node/departure.ts';
import { RUNTIME_LIMITS } from '../../src/node/limits.ts';
import { groupLossesSurvived, quorumSize, sharesOf } from '../../src/node/survival.ts';
import type { ConfigurationTarget } from '../../src/raft/configuration.ts';
import type { NodeId } from '../../src/raft/types.ts';
import { applied, textOf, views, viewOf } from './cluster-views.ts';

/** What the views of cluster-views.ts are written for. */
const LIMITS: AutopilotLimits = {
  maxVoters: 5,
  voterSilenceMs: 15_000,
  learnerForgetMs: 24 * 60 * 60 * 1_000,
};

const planConfiguration = (view: ClusterView): ConfigurationTarget | null =>
  planWithin(view, LIMITS);

it('the limits of production are those that are tested', () => {
  expect(RUNTIME_LIMITS).toMatchObject(LIMITS);
});

interface Case {
  readonly what: string;
  readonly view: string;
  readonly plan: string;
}

function plans(cases: readonly Case[]): void {
  it.each(cases)('$what: $view -> $plan', ({ view, plan }) => {
    expect(textOf(planConfiguration(viewOf(view)))).toBe(plan);
  });
}

describe('growing', () => {
  plans([
    { what: 'one voter waits for a second learner', view: 'a:P (b:P)', plan: 'nothing' },
    { what: 'two learners vote together', view: 'a:P (b:P) (c:P)', plan: 'abc' },
    { what: 'two at a time', view: 'a:P b:P c:P (d:P) (e:P) (f:P)', plan: 'abcde (f)' },
    { what: 'five are enough', view: 'a:P b:P c:P d:P e:P (f:P) (g:P)', plan: 'nothing' },
    { what: 'an even number is made odd by one', view: 'a:P b:P (c:P)', plan: 'abc' },
    { what: 'odd comes before a swap', view: 'a:P b:P c:P d:P! (e:P)', plan: 'abcde' },
    { what: 'not who is behind', view: 'a:P (b:P<) (c:P)', plan: 'nothing' },
    { what: 'not who is silent', view: 'a:P (b:P~) (c:P)', plan: 'nothing' },
    { what: 'not who is quarantined', view: 'a:P (b:P?) (c:P)', plan: 'nothing' },
    { what: 'not where no majority answers', view: 'a:P b:P~ c:P~ (d:P) (e:P)', plan: 'nothing' },
    {
      what: 'not where those who answer are far behind',
      view: 'a:P b:P< c:P< (d:P) (e:P)',
      plan: 'nothing',
    },
  ]);

  it('up to the maximum that is set', () => {
    const view = viewOf('a:P b:P c:P (d:P) (e:P)');
    expect(planWithin(view, { ...LIMITS, maxVoters: 3 })).toBeNull();
  });
});

describe('storage that may be evicted', () => {
  plans([
    { what: 'is chosen last', view: 'a:P (b:P%) (c:P) (d:P)', plan: 'acd (b)' },
    { what: 'is chosen all the same', view: 'a:P (b:P%) (c:P%)', plan: 'abc' },
    {
      what: 'counts less than the spread',
      view: 'a:P (b:P) (c:P) (d:Q%) (e:R%)',
      plan: 'ade (bc)',
    },
    { what: 'is no reason to change', view: 'a:P b:P% c:P% (d:P) (e:P)', plan: 'abcde' },
    { what: 'nor one to swap', view: 'a:P b:P% c:P% (d:P)', plan: 'nothing' },
    { what: 'takes a place last', view: 'a:P b:P c:P! (d:P%) (e:P)', plan: 'abe (cd)' },
  ]);

  it('leads last, but leads', () => {
    const successor = (view: string): unknown => chooseSuccessor(viewOf(view), null, LIMITS);
    expect(successor('a:P b:P% c:P')).toEqual({ nodeId: 'c' });
    expect(successor('a:P b:P% c:P!')).toEqual({ nodeId: 'b' });
  });
});

describe('a silent voter', () => {
  plans([
    { what: 'is swapped in one change', view: 'a:P b:P c:P! (d:P)', plan: 'abd (c)' },
    { what: 'keeps its vote while nobody can take it', view: 'a:P b:P c:P!', plan: 'nothing' },
    { what: 'is waited for a while', view: 'a:P b:P c:P~ (d:P)', plan: 'nothing' },
    { what: 'is swapped for somebody sound', view: 'a:P b:P c:P! (d:P?)', plan: 'nothing' },
    { what: 'stays where no majority is left', view: 'a:P b:P! c:P! (d:P) (e:P)', plan: 'nothing' },
    { what: 'one at a time', view: 'a:P b:P c:P d:P! e:P! (f:P) (g:P)', plan: 'abcef (dg)' },
    {
      what: 'is replaced from another profile first',
      view: 'a:P b:P c:Q! (d:P) (e:R)',
      plan: 'abe (cd)',
    },
  ]);
});

describe('profiles', () => {
  plans([
    { what: 'the best pair', view: 'a:P (b:P) (c:P) (d:Q) (e:R)', plan: 'ade (bc)' },
    { what: 'unknown is a profile of its own', view: 'a:P (b:P) (c:-) (d:-)', plan: 'acd (b)' },
    { what: 'a swap where it survives more', view: 'a:P b:P c:Q (d:R)', plan: 'acd (b)' },
    { what: 'out of a single profile', view: 'a:P b:P c:P (d:Q)', plan: 'acd (b)' },
    { what: 'the leader keeps its vote', view: 'z:P a:P b:Q (d:R)', plan: 'bdz (a)' },
    { what: 'who is silent loses it first', view: 'a:P b:P c:P~ d:Q e:Q (f:R)', plan: 'abdef (c)' },
    { what: 'no swap that gains nothing', view: 'a:P b:P c:P d:Q e:Q (f:P)', plan: 'nothing' },
    {
      what: 'several swaps in one change',
      view: 'a:P b:P c:Q d:Q e:R (f:S) (g:T)',
      plan: 'adefg (bc)',
    },
    { what: 'growing costs no profile', view: 'a:P b:Q c:R (d:P) (e:P)', plan: 'nothing' },
    { what: 'growing that costs none', view: 'a:P b:Q c:R (d:P) (e:Q)', plan: 'abcde' },
    { what: 'rebalances before it grows', view: 'a:P b:P c:Q (d:R) (e:P)', plan: 'acd (be)' },
  ]);
});

describe('a leader whose data is wrong or lost', () => {
  plans([
    { what: 'leaves its only vote to a sound learner', view: 'a:P? (b:Q)', plan: 'b (a)' },
    { what: 'grows where it can', view: 'a:P? (b:Q) (c:Q)', plan: 'abc' },
    { what: 'keeps its vote where nobody is sound', view: 'a:P? (b:Q?)', plan: 'nothing' },
    { what: 'has somebody to hand over to', view: 'a:P? b:P c:P? (d:P)', plan: 'nothing' },
    { what: 'brings a sound voter in', view: 'a:P? b:P? c:P? (d:P)', plan: 'acd (b)' },
    { what: 'not where that cannot be committed', view: 'a:P? b:P?~ c:P~ (d:P)', plan: 'nothing' },
    { what: 'unlike another voter', view: 'a:P b:P? c:P? (d:P)', plan: 'nothing' },
  ]);
});

describe('learners that are away', () => {
  plans([
    { what: 'are let go after long', view: 'a:P b:P c:P (d:P@) (e:P!)', plan: 'abc (e)' },
    { what: 'stay while voters are missing', view: 'a:P b:P~ c:P~ (d:P@)', plan: 'nothing' },
    { what: 'stay while data is in doubt', view: 'a:P? (d:P@)', plan: 'nothing' },
  ]);

  it('make room for newcomers in a full cluster, the longest away first', () => {
    const text = 'a:P b:P c:P (d:P!) (e:P~)';
    expect(textOf(planConfiguration(viewOf(text, true)))).toBe('abc (e)');
    expect(planConfiguration(viewOf(text))).toBeNull();
    expect(planConfiguration(viewOf('a:P b:P c:P (d:P~)', true))).toBeNull();
  });
});

describe('departures', () => {
  interface Leaving {
    readonly view: string;
    readonly who: string;
    readonly leaves: string;
    readonly warns: RegExp;
  }
  it.each<Leaving>([
    { view: 'a:P b:P c:P (d:P)', who: 'd', leaves: 'abc', warns: /^$/ },
    { view: 'a:P (d:P~)', who: 'd', leaves: 'a', warns: /^$/ },
    { view: 'a:P b:P c:P (d:P)', who: 'c', leaves: 'abd', warns: /^$/ },
    { view: 'a:P b:P c:P (d:P)', who: 'a', leaves: 'bcd', warns: /^$/ },
    { view: 'a:P b:P c:P', who: 'c', leaves: 'ab', warns: /two voters .*another tab/ },
    { view: 'a:P b:P c:P!', who: 'c', leaves: 'ab', warns: /two voters/ },
    { view: 'a:P b:P c:P (d:P<)', who: 'c', leaves: 'ab (d)', warns: /two voters/ },
    { view: 'a:P b:P (c:P)', who: 'b', leaves: 'ac', warns: /^$/ },
    { view: 'a:P b:P (c:P) (d:P)', who: 'b', leaves: 'acd', warns: /^$/ },
    { view: 'a:P b:P c:P d:P e:P', who: 'e', leaves: 'abcd', warns: /4 voters .* one loss/ },
    {
      view: 'a:P b:P c:P d:P~ e:P',
      who: 'e',
      leaves: 'abc (d)',
      warns: /3 .* one loss; d does not/,
    },
    { view: 'a:P b:P c:P d:P', who: 'd', leaves: 'abc', warns: /3 voters/ },
    { view: 'a:P b:P c:Q d:P e:R (f:P) (g:Q)', who: 'c', leaves: 'abdeg (f)', warns: /^$/ },
  ])('$who out of $view leaves $leaves', ({ view, who, leaves, warns }) => {
    const departure = planDeparture(viewOf(view), who as NodeId, LIMITS);
    if (departure.type === 'refused') throw new Error(departure.message);
    expect(textOf(departure.target)).toBe(leaves);
    expect(departure.warning).toMatch(warns);
  });

  it.each([
    { view: 'a:P b:P', who: 'b', says: /one copy: open another tab/ },
    { view: 'a:P b:P (c:P<)', who: 'b', says: /one copy/ },
    { view: 'a:P', who: 'a', says: /one copy/ },
    { view: 'a:P (b:P)', who: 'a', says: /one copy/ },
    { view: 'a:P b:P? c:P', who: 'c', says: /one true copy/ },
    { view: 'a:P? b:P c:P?', who: 'c', says: /one true copy/ },
    { view: 'a:P b:P c:P~', who: 'b', says: /majority/ },
    { view: 'a:P b:P! c:P~', who: 'b', says: /majority/ },
  ])('$who out of $view is refused', ({ view, who, says }) => {
    const departure = planDeparture(viewOf(view), who as NodeId, LIMITS);
    expect(departure.type === 'refused' ? departure.message : 'planned').toMatch(says);
  });

  it('chooses who leads next', () => {
    expect(chooseSuccessor(viewOf('a:P b:P? c:P (d:P)'), null, LIMITS)).toEqual({ nodeId: 'c' });
    expect(chooseSuccessor(viewOf('a:P b:P c:P'), 'c' as NodeId, LIMITS)).toEqual({ nodeId: 'c' });
    const refusal = (text: string, wish: string | null) =>
      chooseSuccessor(viewOf(text), wish as NodeId | null, LIMITS);
    expect(refusal('a:P b:P~ c:P?', null)).toMatchObject({ refusal: /no other/ });
    expect(refusal('a:P b:P (d:P)', 'd')).toMatchObject({ refusal: /not a voter/ });
    expect(refusal('a:P b:P<', 'b')).toMatchObject({ refusal: /far behind/ });
    expect(refusal('a:P b:P?', 'b')).toMatchObject({ refusal: /being replaced/ });
  });
});

const votersOf = (view: ClusterView): readonly NodeId[] =>
  view.members.filter((member) => member.role === 'voter').map((member) => member.nodeId);

function memberOf(view: ClusterView, id: NodeId): MemberView {
  const member = view.members.find(({ nodeId }) => nodeId === id);
  if (member === undefined) throw new Error(`${id} came from nowhere`);
  return member;
}

const isReady = (member: MemberView): boolean => member.silentMs <= 3_000 && member.isCaughtUp;
const isSound = (member: MemberView): boolean => isReady(member) && !member.isQuarantined;

/** Some voter that leads, or could, has the data. */
const hasData = (view: ClusterView, voters: readonly NodeId[]): boolean =>
  !memberOf(view, view.leaderId).isQuarantined || voters.some((id) => isSound(memberOf(view, id)));

function readyQuorum(view: ClusterView, voters: readonly NodeId[]): boolean {
  const ready = voters.filter((id) => isReady(memberOf(view, id)));
  return ready.length >= quorumSize(voters.length);
}

function profilesOf(view: ClusterView, voters: readonly NodeId[]): number[] {
  return sharesOf(voters, (id) => memberOf(view, id).profileId);
}

/** Every plan for every view, as the view and the target. */
function forAllPlans(check: (view: ClusterView, target: ConfigurationTarget) => void): void {
  fc.assert(
    fc.property(views, (view) => {
      const target = planConfiguration(view);
      if (target !== null) check(view, target);
    }),
    { numRuns: 1_500 },
  );
}

describe('every plan', () => {
  it('can be committed: a ready quorum before and after', () => {
    forAllPlans((view, target) => {
      expect(readyQuorum(view, votersOf(view))).toBe(true);
      expect(readyQuorum(view, target.voters)).toBe(true);
    });
  });

  it('keeps an odd number of voters odd, makes an even one odd, and never leaves fewer', () => {
    forAllPlans((view, target) => {
      const before = votersOf(view).length;
      const after = target.voters.length;
      expect(after).toBeGreaterThanOrEqual(before);
      if (before % 2 === 1) expect(after % 2).toBe(1);
      if (after !== before) expect(after % 2).toBe(1);
      expect(after).toBeLessThanOrEqual(Math.max(before, LIMITS.maxVoters));
    });
  });

  it('makes voters only of sound learners, and leaves the leader its vote unless it has nothing else', () => {
    forAllPlans((view, target) => {
      const before = votersOf(view);
      const promoted = target.voters.filter((id) => !before.includes(id));
      for (const id of promoted) expect(isSound(memberOf(view, id))).toBe(true);
      if (before.length === 1 && memberOf(view, view.leaderId).isQuarantined) return;
      expect(target.voters).toContain(view.leaderId);
      expect(target.learners).not.toContain(view.leaderId);
    });
  });

  it('removes nobody but learners that are away, and no copy that is caught up', () => {
    forAllPlans((view, target) => {
      const stay = new Set([...target.voters, ...target.learners]);
      for (const member of view.members) {
        if (stay.has(member.nodeId)) continue;
        expect(member.role).toBe('learner');
        expect(isReady(member)).toBe(false);
        const sound = votersOf(view).filter((id) => isSound(memberOf(view, id)));
        expect(sound.length).toBeGreaterThanOrEqual(quorumSize(votersOf(view).length));
      }
      expect(stay.size).toBe(target.voters.length + target.learners.length);
    });
  });

  it('takes no vote from who answers, but to survive more profiles, leave a single one, or have data', () => {
    forAllPlans((view, target) => {
      const before = votersOf(view);
      if (!hasData(view, before) && hasData(view, target.voters)) return;
      const demoted = before.filter((id) => !target.voters.includes(id));
      if (demoted.every((id) => memberOf(view, id).silentMs > 15_000)) return;
      const quorum = quorumSize(before.length);
      const shares = profilesOf(view, before);
      const sharesAfter = profilesOf(view, target.voters);
      const isBetter =
        groupLossesSurvived(sharesAfter, quorum) > groupLossesSurvived(shares, quorum);
      expect(isBetter || (shares.length === 1 && sharesAfter.length > 1)).toBe(true);
    });
  });
});

describe('plans one after the other', () => {
  /** Applies plans until there is none. */
  function settle(view: ClusterView): { view: ClusterView; steps: number } {
    let current = view;
    for (let steps = 0; steps <= 40; steps += 1) {
      const target = planConfiguration(current);
      if (target === null) return { view: current, steps };
      current = applied(current, target);
    }
    throw new Error('plans go on for ever');
  }

  it('come to an end, at a view that needs no more', () => {
    fc.assert(
      fc.property(views, (view) => {
        const { view: end } = settle(view);
        expect(planConfiguration(end)).toBeNull();
      }),
      { numRuns: 1_500 },
    );
  });

  it('end with no lost voter or even number that a sound learner could mend', () => {
    fc.assert(
      fc.property(views, (view) => {
        const { view: end } = settle(view);
        const voters = votersOf(end);
        if (!readyQuorum(end, voters)) return;
        const spare = end.members.filter((m) => m.role === 'learner' && isSound(m));
        if (spare.length === 0) return;
        expect(voters.some((id) => memberOf(end, id).silentMs > 15_000)).toBe(false);
        if (voters.length < LIMITS.maxVoters) expect(voters.length % 2).toBe(1);
      }),
      { numRuns: 1_500 },
    );
  });

  it('never end with a leader that could hand over to nobody while there is a sound learner', () => {
    fc.assert(
      fc.property(views, (view) => {
        const { view: end } = settle(view);
        if (!readyQuorum(end, votersOf(end))) return;
        const spare = end.members.some((m) => m.role === 'learner' && isSound(m));
        if (spare) expect(hasData(end, votersOf(end))).toBe(true);
      }),
      { numRuns: 1_500 },
    );
  });

  it('never end with all votes in one profile while another has a sound copy', () => {
    fc.assert(
      fc.property(views, (view) => {
        const { view: end } = settle(view);
        const voters = votersOf(end);
        if (voters.length === 1 || !readyQuorum(end, voters)) return;
        const domain = (m: MemberView): string => m.profileId ?? `alone ${m.nodeId}`;
        const home = new Set(voters.map((id) => domain(memberOf(end, id))));
        if (home.size > 1) return;
        const elsewhere = end.members.filter((m) => isSound(m) && !home.has(domain(m)));
        expect(elsewhere).toEqual([]);
      }),
      { numRuns: 1_500 },
    );
  });
});

describe('every departure', () => {
  it('can be committed, takes out that member alone, and leaves two voters at least', () => {
    fc.assert(
      fc.property(views, fc.nat(), (view, pick) => {
        const leaving = view.members[pick % view.members.length];
        if (leaving === undefined) return;
        const departure = planDeparture(view, leaving.nodeId, LIMITS);
        if (departure.type === 'refused') {
          expect(leaving.role).toBe('voter');
          return;
        }
        const { voters, learners } = departure.target;
        const stay = new Set([...voters, ...learners]);
        expect(stay.size).toBe(view.members.length - 1);
        expect(stay.has(leaving.nodeId)).toBe(false);
        if (leaving.role === 'learner') return;
        const sound = voters.filter((id) => isSound(memberOf(view, id)));
        expect(sound.length).toBeGreaterThanOrEqual(2);
        expect(readyQuorum(view, votersOf(view))).toBe(true);
        expect(readyQuorum(view, voters)).toBe(true);
        if (voters.length < votersOf(view).length) expect(departure.warning).not.toBe('');
      }),
      { numRuns: 1_500 },
    );
  });
});
