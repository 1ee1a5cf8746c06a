/** The guide's steps: each is done when what it asks for is so, and not before. */

import { describe, expect, test } from 'vitest';
import type { NodeId } from '../../../src/raft/types.ts';
import {
  nextGuideStep,
  seatsOf,
  skipped,
  type GuideFacts,
} from '../../../src/ui/guide/guide-steps.ts';
import { memberOf, statusOf } from '../../client/fake-workers.ts';

const IDS = ['a', 'b', 'c'].map((name) => name.repeat(16) as NodeId);

/** A cluster of voters, of whom some are away; `a` is this tab and leads. */
function facts(
  present: number,
  voters: number,
  changes: Partial<Omit<GuideFacts, 'status'>> & { state?: 'stopped'; leaderId?: null } = {},
): GuideFacts {
  const { state = 'running', leaderId = IDS[0] ?? null, ...rest } = changes;
  const members = IDS.slice(0, voters).map((id, at) => memberOf(id, { connected: at < present }));
  const status = statusOf({
    state,
    nodeId: IDS[0] as NodeId,
    leaderId,
    voters: IDS.slice(0, voters),
    members,
  });
  return {
    status,
    step: 'tabs',
    isSampleLoaded: false,
    hasQueried: false,
    hasSeenLoss: false,
    ...rest,
  };
}

describe('the guide', () => {
  test('waits for three connected voters', () => {
    expect(nextGuideStep(facts(1, 1))).toBe('tabs');
    expect(nextGuideStep(facts(2, 2))).toBe('tabs');
    expect(nextGuideStep(facts(2, 3))).toBe('tabs');
    expect(nextGuideStep(facts(3, 3))).toBe('sample');
  });

  test('asks for tabs again that are missing before anything was loaded', () => {
    expect(nextGuideStep(facts(2, 3, { step: 'sample' }))).toBe('tabs');
    expect(nextGuideStep(facts(2, 3, { step: 'sample', isSampleLoaded: true }))).toBe('query');
  });

  test('goes on when the sample is there, and when a query was answered', () => {
    expect(nextGuideStep(facts(3, 3, { step: 'sample' }))).toBe('sample');
    expect(nextGuideStep(facts(3, 3, { step: 'sample', isSampleLoaded: true }))).toBe('query');
    expect(nextGuideStep(facts(3, 3, { step: 'query', isSampleLoaded: true }))).toBe('query');
    expect(nextGuideStep(facts(3, 3, { step: 'query', hasQueried: true }))).toBe('kill');
  });

  test('takes a leader for killed when a voter is gone and somebody leads', () => {
    expect(nextGuideStep(facts(3, 3, { step: 'kill' }))).toBe('kill');
    expect(nextGuideStep(facts(2, 3, { step: 'kill', leaderId: null }))).toBe('kill');
    expect(nextGuideStep(facts(1, 3, { step: 'kill' }))).toBe('kill');
    expect(nextGuideStep(facts(2, 3, { step: 'kill' }))).toBe('reopen');
  });

  test('ends when all are back', () => {
    expect(nextGuideStep(facts(2, 3, { step: 'reopen' }))).toBe('reopen');
    const seen = { step: 'reopen', hasSeenLoss: true } as const;
    expect(nextGuideStep(facts(3, 3, { ...seen, state: 'stopped' }))).toBe('reopen');
    expect(nextGuideStep(facts(3, 3, seen))).toBe('done');
  });

  test('does not take a cluster whose loss it has not heard of for one that is whole again', () => {
    expect(nextGuideStep(facts(3, 3, { step: 'reopen' }))).toBe('reopen');
  });

  test('is over at its end', () => {
    expect(nextGuideStep(facts(2, 3, { step: 'done' }))).toBe('done');
  });

  test('skips one step at a time, to the last', () => {
    expect([skipped('sample'), skipped('query'), skipped('done')]).toEqual([
      'query',
      'kill',
      'done',
    ]);
    expect([skipped('kill'), skipped('reopen')]).toEqual(['done', 'done']);
  });
});

describe('the small ring', () => {
  test('has three places before anybody is known', () => {
    expect(seatsOf(null).map(({ state }) => state)).toEqual(['free', 'free', 'free']);
  });

  test('shows this tab as gone where its node has stopped, though its last status has it lead', () => {
    const [own] = seatsOf(facts(3, 3, { state: 'stopped' }).status);
    expect(own).toEqual({ state: 'gone', isLeader: false, isThisTab: true });
  });

  test('shows who is here, who joins, who is gone, and who leads', () => {
    const { status } = facts(2, 3);
    const learner = memberOf('d'.repeat(16) as NodeId, { voter: false });
    const seats = seatsOf({ ...status, members: [...status.members, learner] });
    expect(seats.map(({ state }) => state)).toEqual(['there', 'there', 'gone', 'joining']);
    expect(seats.map(({ isLeader }) => isLeader)).toEqual([true, false, false, false]);
    expect(seats.map(({ isThisTab }) => isThisTab)).toEqual([true, false, false, false]);
  });
});
