/** Configurations and quorums (paper section 6): examples, and properties against brute force. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  configurationOf,
  enterJoint,
  hasQuorum,
  isVoter,
  leaveJoint,
  membersOf,
  quorumValue,
  votersOf,
} from '../../src/raft/configuration.ts';
import type { Configuration, NodeId } from '../../src/raft/types.ts';
import { A, B, C, D, E, configuration } from './fixtures.ts';

const IDS = [A, B, C, D, E, 'ffffffffff' as NodeId, 'gggggggggg' as NodeId];

const anyVoters = fc.subarray(IDS, { minLength: 1 });
const anyConfiguration: fc.Arbitrary<Configuration> = fc
  .tuple(anyVoters, fc.oneof(fc.constant<NodeId[]>([]), anyVoters))
  .map(([voters, outgoing]) => configuration(voters, outgoing));
const anyValues = fc
  .array(fc.nat({ max: 9 }), { minLength: IDS.length, maxLength: IDS.length })
  .map((values) => (id: NodeId) => values[IDS.indexOf(id)] ?? 0);

/** The definition, by counting: more than half of the set has reached the value. */
function majorityReached(
  voters: readonly NodeId[],
  valueOf: (id: NodeId) => number,
  value: number,
): boolean {
  return voters.filter((id) => valueOf(id) >= value).length * 2 > voters.length;
}

describe('quorums', () => {
  it('paper 5.2: a quorum is a majority of the voters', () => {
    expect(hasQuorum(configuration([A, B, C]), (id) => id === A)).toBe(false);
    expect(hasQuorum(configuration([A, B, C]), (id) => id !== C)).toBe(true);
    expect(hasQuorum(configuration([A, B, C, D]), (id) => id === A || id === B)).toBe(false);
    expect(hasQuorum(configuration([A]), (id) => id === A)).toBe(true);
  });

  it('paper 6: a joint quorum takes a majority of C_old and one of C_new', () => {
    const joint = configuration([A, B, C], [C, D, E]);
    expect(hasQuorum(joint, (id) => [A, B, D].includes(id))).toBe(false);
    expect(hasQuorum(joint, (id) => [A, C, D].includes(id))).toBe(true);
    expect(hasQuorum(joint, (id) => [C, D, E].includes(id))).toBe(false);
  });

  it('thesis 4.2.1: learners do not count', () => {
    const learning = configuration([A, B, C], [], [D, E]);
    expect(hasQuorum(learning, (id) => [A, D, E].includes(id))).toBe(false);
  });

  it('nobody decides without voters', () => {
    expect(quorumValue(configuration([]), () => 7)).toBe(-Infinity);
    expect(hasQuorum(configuration([], [], [A]), () => true)).toBe(false);
  });

  it('quorumValue is the greatest value that a majority of each half reached', () => {
    fc.assert(
      fc.property(anyConfiguration, anyValues, (of, valueOf) => {
        const value = quorumValue(of, valueOf);
        const halves = [of.voters, ...(of.outgoingVoters.length > 0 ? [of.outgoingVoters] : [])];
        expect(halves.every((half) => majorityReached(half, valueOf, value))).toBe(true);
        expect(halves.every((half) => majorityReached(half, valueOf, value + 1))).toBe(false);
      }),
    );
  });

  it('any two quorums of a configuration meet, and those of a joint one with either half', () => {
    fc.assert(
      fc.property(anyConfiguration, fc.subarray(IDS), fc.subarray(IDS), (of, one, other) => {
        fc.pre(hasQuorum(of, (id) => one.includes(id)));
        const decides =
          hasQuorum(of, (id) => other.includes(id)) ||
          hasQuorum(leaveJoint(of), (id) => other.includes(id));
        fc.pre(decides);
        expect(one.some((id) => other.includes(id) && isVoter(of, id))).toBe(true);
      }),
    );
  });
});

describe('configurations', () => {
  it('paper 6: a target becomes sorted and unique', () => {
    expect(configurationOf({ voters: [C, A, C], learners: [E, D, D] })).toEqual(
      configuration([A, C], [], [D, E]),
    );
  });

  it('a target without voters, or with a server in both roles, is an error of the caller', () => {
    expect(() => configurationOf({ voters: [], learners: [A] })).toThrow(RangeError);
    expect(() => configurationOf({ voters: [A, B], learners: [B] })).toThrow(RangeError);
  });

  it('paper 6: C_old,new contains both, and leads to C_new', () => {
    const current = configuration([A, B, C], [], [D]);
    const target = configurationOf({ voters: [A, B, D], learners: [E] });
    const joint = enterJoint(current, target);
    expect(joint).toEqual(configuration([A, B, D], [A, B, C], [E]));
    expect(votersOf(joint)).toEqual([A, B, C, D]);
    expect(membersOf(joint)).toEqual([A, B, C, D, E]);
    expect(leaveJoint(joint)).toEqual(target);
  });

  it('thesis 4.2.1: a voter that becomes a learner votes until the change is over', () => {
    const target = configurationOf({ voters: [A, B], learners: [C] });
    const joint = enterJoint(configuration([A, B, C]), target);
    expect(isVoter(joint, C)).toBe(true);
    expect(isVoter(leaveJoint(joint), C)).toBe(false);
    expect(membersOf(leaveJoint(joint))).toEqual([A, B, C]);
  });
});
