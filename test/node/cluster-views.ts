/** Views of a cluster, written as text and drawn at random, and what a change makes of one. */

import fc from 'fast-check';
import type { ClusterView, MemberView } from '../../src/node/autopilot.ts';
import type { ConfigurationTarget } from '../../src/raft/configuration.ts';
import type { NodeId } from '../../src/raft/types.ts';

/**
 * Members separated by spaces, the leader first: `a:P` votes and lives in profile P, `a:-` in an
 * unknown one; `(b:P)` learns. Behind that: `!` lost, `~` silent, `<` far behind, `?` quarantined,
 * `@` away for longer than is waited for, `%` in storage that may be evicted.
 */
export function viewOf(text: string, isCrowded = false): ClusterView {
  const members = text.split(' ').map((word): MemberView => {
    const [, id, profile, marks] = /^\(?(\w+):([\w-]+)([!~<?@%]*)\)?$/.exec(word) ?? [];
    if (id === undefined || profile === undefined || marks === undefined) throw new Error(word);
    const silentMs = marks.includes('@') ? 1e9 : marks.includes('!') ? 60_000 : 0;
    return {
      nodeId: id as NodeId,
      role: word.startsWith('(') ? 'learner' : 'voter',
      profileId: profile === '-' ? null : profile,
      silentMs: marks.includes('~') ? 5_000 : silentMs,
      awayMs: marks.includes('~') ? 5_000 : silentMs,
      isCaughtUp: !marks.includes('<'),
      isQuarantined: marks.includes('?'),
      mayBeEvicted: marks.includes('%'),
    };
  });
  return { leaderId: members[0]?.nodeId ?? ('a' as NodeId), members, isCrowded };
}

/** `abc` or `abc (d)`: voters, and learners in brackets. */
export function textOf(target: ConfigurationTarget | null): string {
  if (target === null) return 'nothing';
  const learners = target.learners.length === 0 ? '' : ` (${target.learners.toSorted().join('')})`;
  return `${target.voters.join('')}${learners}`;
}

/** The view once the change is committed, while nothing else happens. */
export function applied(view: ClusterView, target: ConfigurationTarget): ClusterView {
  const stay = [...target.voters, ...target.learners];
  const members = view.members
    .filter((member) => stay.includes(member.nodeId))
    .map((member): MemberView => {
      const role = target.voters.includes(member.nodeId) ? 'voter' : 'learner';
      return { ...member, role };
    });
  return { ...view, members, isCrowded: false };
}

const silence = fc.oneof(
  { weight: 6, arbitrary: fc.nat(2_000) },
  { weight: 1, arbitrary: fc.integer({ min: 3_001, max: 15_000 }) },
  { weight: 2, arbitrary: fc.integer({ min: 15_001, max: 100_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 86_400_001, max: 200_000_000 }) },
);

const member = fc.record({
  role: fc.constantFrom('voter' as const, 'learner' as const),
  profileId: fc.constantFrom(null, 'p', 'p', 'q', 'q', 'r', 's'),
  silentMs: silence,
  isCaughtUp: fc.nat(3).map((n) => n > 0),
  isQuarantined: fc.nat(9).map((n) => n === 0),
  mayBeEvicted: fc.boolean(),
});

/** At most 7 voters, at most 12 members; the first one leads. */
export const views: fc.Arbitrary<ClusterView> = fc
  .record({
    others: fc.array(member, { maxLength: 11 }),
    leader: member,
    maxVotersInView: fc.constantFrom(1, 2, 3, 3, 4, 5, 5, 6, 7),
    isCrowded: fc.boolean(),
  })
  .map(({ others, leader, maxVotersInView, isCrowded }) => {
    let voters = 0;
    const members = [leader, ...others].map((drawn, i): MemberView => {
      const isLeader = i === 0;
      const isVoter = isLeader || (drawn.role === 'voter' && voters < maxVotersInView);
      if (isVoter) voters += 1;
      return {
        ...drawn,
        nodeId: String.fromCodePoint(97 + i) as NodeId,
        role: isVoter ? 'voter' : 'learner',
        silentMs: isLeader ? 0 : drawn.silentMs,
        awayMs: isLeader ? 0 : drawn.silentMs,
        isCaughtUp: isLeader || drawn.isCaughtUp,
      };
    });
    return { leaderId: 'a' as NodeId, members, isCrowded };
  });
