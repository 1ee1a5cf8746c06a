/** What the headless node prints of what it is told. */

import { expect, test } from 'vitest';

import { Chronicle } from '../../../src/dev/headless/chronicle.ts';
import type { NodeReport } from '../../../src/dev/headless/page-script.ts';
import { report } from './report.ts';

const VOTING: Partial<NodeReport> = {
  state: 'running',
  voters: ['ann', 'ben', 'own'],
  voterProfiles: 2,
  connectedVoters: 3,
  leaderId: 'ann',
  others: [
    { nodeId: 'ann', isAway: false },
    { nodeId: 'ben', isAway: false },
  ],
};

/** What is said to each report, which comes a second after the one before. */
function chronicle(
  formerId: string | null,
  ...told: readonly Partial<NodeReport>[]
): (readonly string[])[] {
  const written = new Chronicle(formerId, 0);
  return told.map((fields, at) => {
    return written.linesOf(report(fields), 1_000 * (at + 1)).map(({ text }) => text);
  });
}

test('a newcomer joins as a learner, votes, and leads', () => {
  const learning: Partial<NodeReport> = { ...VOTING, voters: ['ann'], connectedVoters: 1 };
  const safe: Partial<NodeReport> = { ...VOTING, survivesLosses: 1 };
  expect(
    chronicle(
      null,
      {},
      learning,
      safe,
      safe,
      { ...safe, leaderId: 'own', term: 4 },
      { ...safe, leaderId: 'own', term: 4, survivesLosses: 2, survivesProfileLosses: 1 },
    ),
  ).toEqual([
    [],
    ['joined cluster c as own, a learner', 'follows ann, term 3', 'survives no loss'],
    ['votes: one of 3 voters, in 2 profiles', 'survives 1 loss'],
    [],
    ['leads, term 4'],
    ['survives 2 losses, and that of 1 whole profile'],
  ]);
});

test('who was a member is back, or somebody else', () => {
  const [[back] = []] = chronicle('own', VOTING);
  expect(back).toBe('own of cluster c is back, a voter, one of 3');
  const [[other] = []] = chronicle('former', VOTING);
  expect(other).toBe(
    'joined cluster c again, as own, a voter, one of 3: former has lost its storage or was removed',
  );
});

test('majority and contacts are told when they go and come', () => {
  const alone: Partial<NodeReport> = {
    ...VOTING,
    leaderId: null,
    connectedVoters: 1,
    others: [
      { nodeId: 'ann', isAway: true },
      { nodeId: 'ben', isAway: true },
    ],
  };
  expect(chronicle('own', VOTING, alone, alone, VOTING).slice(1)).toEqual([
    ['no majority: 1 of 3 voters in contact', 'lost contact with ann', 'lost contact with ben'],
    [],
    [
      'follows ann, term 3',
      'a majority is in contact again',
      'survives no loss',
      'in contact with ann again',
      'in contact with ben again',
    ],
  ]);
});

test('who starts without the others says so once it has waited for them', () => {
  const alone: Partial<NodeReport> = { ...VOTING, leaderId: null, connectedVoters: 1, others: [] };
  const lines = chronicle('own', alone, alone, alone, alone, alone, alone);
  expect(lines[0]).toEqual(['own of cluster c is back, a voter, one of 3']);
  expect(lines.slice(1)).toEqual([[], [], [], ['no majority: 1 of 3 voters in contact'], []]);
});

test('why it is not let in is told when that changes', () => {
  expect(
    chronicle(
      'own',
      {},
      { refusal: 'invite' },
      { refusal: 'invite' },
      {},
      { refusal: 'removed' },
      VOTING,
    ).map(([line]) => line),
  ).toEqual([
    undefined,
    'is not let in: the invite has expired, is used up or was revoked',
    undefined,
    'is refused no more',
    'is not let in: it was removed from the cluster',
    'own of cluster c is back, a voter, one of 3',
  ]);
});

test('troubles are told once', () => {
  const told = chronicle(
    'own',
    VOTING,
    { ...VOTING, persisted: false },
    { ...VOTING, persisted: false, quarantined: true, stalledAt: 7 },
    { ...VOTING, persisted: false, stalledAt: 7 },
    { ...VOTING, state: 'stopped', stoppedReason: 'the disk is gone' },
    { ...VOTING, state: 'stopped', stoppedReason: 'the disk is gone' },
  );
  expect(told.slice(1)).toEqual([
    ['the browser has not promised to keep what is stored'],
    ['its data is being replaced by another’s', 'cannot apply entry 7'],
    ['its data is sound again'],
    ['the node stopped: the disk is gone'],
    [],
  ]);
});
