/** What was answered in an earlier term counts for nothing in this one (paper sections 5.1 to 5.3). */

import { expect, test } from 'vitest';
import {
  A,
  acknowledge,
  B,
  bytes,
  C,
  core,
  drain,
  index,
  leader,
  ofType,
  sent,
  term,
} from './fixtures.ts';

test('a vote given in an earlier term elects nobody', () => {
  const raft = core();
  const campaign = (): void => {
    raft.tick(raft.nextDeadlineMs());
    for (const { to, term: wanted } of ofType(sent(raft), 'pre-vote')) {
      raft.step({
        type: 'pre-vote-response',
        from: to,
        to: A,
        term: wanted,
        voteGranted: true,
      });
    }
    drain(raft);
  };
  campaign();
  expect(raft.term).toBe(2);
  // Nobody answers in time: the pre-votes are asked for again, and the next term begins.
  campaign();
  expect([raft.role, raft.term]).toEqual(['candidate', 3]);
  const vote = { type: 'request-vote-response', from: B, to: A, voteGranted: true } as const;
  raft.step({ ...vote, term: term(2) });
  expect(raft.role).toBe('candidate');
  raft.step({ ...vote, term: term(3) });
  expect(raft.role).toBe('leader');
});

test('an acceptance of an earlier term matches and commits nothing', () => {
  const raft = leader({ terms: [1, 1] });
  raft.propose([bytes(1)]);
  drain(raft);
  for (const from of [B, C]) {
    raft.step({
      type: 'append-entries-response',
      from,
      to: A,
      term: term(1),
      round: 0,
      success: true,
      matchIndex: index(4),
    });
  }
  expect(raft.progress(B)?.matchIndex).toBe(0);
  expect(raft.commitIndex).toBe(0);
  acknowledge(raft, B, 4);
  expect(raft.commitIndex).toBe(4);
});
