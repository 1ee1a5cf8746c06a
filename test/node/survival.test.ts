import { describe, expect, it } from 'vitest';
import { NO_ACCESS } from '../../src/raft/configuration.ts';
import { survivesLosses, survivesProfileLosses } from '../../src/node/survival.ts';
import type { Configuration, NodeId } from '../../src/raft/types.ts';

/** `aP bQ|bQ cR`: voters with their profiles; behind the bar the outgoing ones. */
function configurationOf(text: string): Configuration {
  const [voters = '', outgoing = ''] = text.split('|');
  const profiles: Record<NodeId, string> = {};
  const ids = (half: string): NodeId[] =>
    half.split(' ').flatMap((word) => {
      const id = word.slice(0, 1) as NodeId;
      if (word.length > 1) profiles[id] = word.slice(1);
      return word === '' ? [] : [id];
    });
  return {
    voters: ids(voters),
    outgoingVoters: ids(outgoing),
    learners: [],
    profiles,
    access: NO_ACCESS,
  };
}

describe('losses survived', () => {
  it.each([
    { text: 'aP', down: '', members: 0, profiles: 0 },
    { text: 'aP bQ', down: '', members: 0, profiles: 0 },
    { text: 'aP bP cP', down: '', members: 1, profiles: 0 },
    { text: 'aP bP cQ', down: '', members: 1, profiles: 0 },
    { text: 'aP bQ cR', down: '', members: 1, profiles: 1 },
    { text: 'a b c', down: '', members: 1, profiles: 1 },
    { text: 'aP bQ cR', down: 'c', members: 0, profiles: 0 },
    { text: 'aP bQ cR', down: 'bc', members: 0, profiles: 0 },
    { text: 'aP bP cQ dQ', down: '', members: 1, profiles: 0 },
    { text: 'aP bP cQ dQ eR', down: '', members: 2, profiles: 1 },
    { text: 'aP bP cP dQ eR', down: '', members: 2, profiles: 0 },
    { text: 'aP bQ cR dS eT', down: '', members: 2, profiles: 2 },
    { text: 'aP bP cQ dR eS', down: 'b', members: 1, profiles: 1 },
    { text: 'aP bQ cR dS eT|aP bQ cR', down: '', members: 1, profiles: 1 },
    { text: 'aP bQ cR|aP bP cP dP eP', down: '', members: 1, profiles: 0 },
    { text: 'aP bQ cR|aP bQ dS', down: 'd', members: 0, profiles: 0 },
  ])('$text without "$down": $members members, $profiles profiles', (row) => {
    const configuration = configurationOf(row.text);
    const isReachable = (id: NodeId): boolean => !row.down.includes(id);
    expect(survivesLosses(configuration, isReachable)).toBe(row.members);
    expect(survivesProfileLosses(configuration, isReachable)).toBe(row.profiles);
  });
});
