/** Members come, go, are cut off, removed and led by others, in any order; in the end all is well. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { VOTER_SILENCE_MS } from '../../src/node/limits.ts';
import type { Administration } from '../../src/node/messages.ts';
import type { Node } from '../../src/node/node.ts';
import type { NodeId } from '../../src/raft/types.ts';
import { NodeCluster, type Member } from './node-cluster.ts';

const PROFILES = ['p', 'p', 'q', 'r', ''];
const MAX_NODES = 9;

const step = fc.record({
  what: fc.constantFrom(
    'add',
    'crash',
    'start',
    'isolate',
    'reconnect',
    'remove',
    'leave',
    'transfer',
    'pass',
    'pass',
  ),
  who: fc.nat(MAX_NODES - 1),
  other: fc.nat(MAX_NODES - 1),
  passMs: fc.oneof(fc.nat(300), fc.integer({ min: 300, max: 4_000 }), fc.constant(20_000)),
});

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

class Story {
  readonly cluster = new NodeCluster(['p', 'q', 'r']);
  readonly cut = new Set<Member>();
  /** Whom an operator wanted out. */
  readonly unwanted = new Set<Member>();
  readonly asked: { readonly node: Node; readonly by: Member; answers: number }[] = [];

  do({ what, who, other, passMs }: Step): void {
    const { cluster } = this;
    const member = cluster.members[who % cluster.members.length];
    const target = cluster.members[other % cluster.members.length];
    if (member === undefined || target === undefined) return;
    if (what === 'add' && cluster.members.length < MAX_NODES) {
      cluster.add(PROFILES[other % PROFILES.length] ?? '', this.contactsOf(null));
    } else if (what === 'crash') cluster.crash(member);
    else if (what === 'start') this.start(member);
    else if (what === 'isolate' && !this.cut.has(member)) {
      this.cut.add(member);
      cluster.isolate(member);
    } else if (what === 'reconnect') this.reconnect(member);
    else if (what === 'remove') {
      this.unwanted.add(target);
      this.ask(member, { type: 'remove', nodeId: target.nodeId });
    } else if (what === 'leave') {
      this.unwanted.add(member);
      this.ask(member, { type: 'leave', nodeId: member.nodeId });
    } else if (what === 'transfer') {
      this.ask(member, { type: 'transfer', nodeId: other % 2 === 0 ? null : target.nodeId });
    }
    cluster.passMs(passMs);
  }

  /** One that was removed stays away, as its tab would under that id. */
  start(member: Member): void {
    if (member.node !== null || member.stopped?.code === 'Removed') return;
    this.cluster.start(member, this.contactsOf(member));
  }

  contactsOf(member: Member | null): NodeId[] {
    return this.cluster.members.filter((one) => one !== member).map((one) => one.nodeId);
  }

  reconnect(member: Member): void {
    this.cut.delete(member);
    this.cluster.reconnect(member);
  }

  ask(member: Member, administration: Administration): void {
    if (member.node === null) return;
    const request = { node: member.node, by: member, answers: 0 };
    this.asked.push(request);
    member.node.administer(administration, null, () => {
      request.answers += 1;
    });
  }

  /** Everybody who can comes back, and there is time for everything. */
  heal(): void {
    const { cluster } = this;
    for (const member of cluster.members) this.reconnect(member);
    for (const member of cluster.members) this.start(member);
    // Who is about to go speaks for nobody: what was asked for is over first.
    cluster.passMs(VOTER_SILENCE_MS);
    // Who spoke for it may have been removed: somebody else does.
    const [by] = cluster.voters();
    if (by === undefined) throw new Error('no voters');
    for (const member of cluster.members) member.admission = { type: 'voucher', by };
    cluster.passMs(3 * VOTER_SILENCE_MS);
  }
}

/** A voter leaves while newcomers ask, who could have been spoken for by it. */
const VOUCHER_LEAVES: Step[] = [
  { what: 'add', who: 0, other: 0, passMs: 20_000 },
  { what: 'leave', who: 0, other: 0, passMs: 20_000 },
  { what: 'add', who: 0, other: 0, passMs: 20_000 },
  { what: 'add', who: 0, other: 0, passMs: 20_000 },
  { what: 'add', who: 0, other: 0, passMs: 0 },
  { what: 'leave', who: 1, other: 0, passMs: 0 },
];

it('whatever happens, members end up as members, and who was removed stops', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 25 }), (steps) => {
      const story = new Story();
      const { cluster } = story;
      for (const one of steps) story.do(one);
      story.heal();
      const { voters, learners, outgoingVoters } = cluster.configuration();
      const members = [...voters, ...learners];
      for (const member of cluster.members) {
        if (member.stopped === null) expect(members).toContain(member.nodeId);
        else {
          expect(member.stopped.code).toBe('Removed');
          expect(story.unwanted).toContain(member);
          expect(members).not.toContain(member.nodeId);
        }
      }
      expect(outgoingVoters).toEqual([]);
      expect(members.length).toBeGreaterThanOrEqual(2);
      expect(voters.length).toBeGreaterThanOrEqual(Math.min(3, members.length));
      expect(voters.length % 2 === 1 || learners.length === 0).toBe(true);
      for (const { node, by, answers } of story.asked) {
        // A process that crashed answers nobody.
        const isThere = node === by.node || node.stopped !== null;
        expect(answers).toBeLessThanOrEqual(1);
        if (isThere) expect(answers).toBe(1);
      }
    }),
    { numRuns: 25, examples: [[VOUCHER_LEAVES]] },
  );
}, 120_000);
