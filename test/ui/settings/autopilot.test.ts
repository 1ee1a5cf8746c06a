/** Size and patience of the cluster: the form and back, and what is kept. */

import { describe, expect, test } from 'vitest';
import {
  AUTOPILOT_KEY,
  autopilotFormOf,
  autopilotOf,
  isSameAutopilot,
  keepAutopilot,
  keptAutopilot,
  LEAST_TIMEOUT_S,
  MOST_TIMEOUT_S,
  VOTER_CHOICES,
} from '../../../src/ui/settings/autopilot-choice.ts';
import { fakeLocalStorage } from './local-storage.ts';

const stored = fakeLocalStorage();

describe('the form', () => {
  test.each([
    {},
    { maxVoters: 1 },
    { voterTimeoutMs: 8_500 },
    { maxVoters: 31, voterTimeoutMs: 60_000 },
  ])('gives back what it shows: %j', (options) =>
    expect(autopilotOf(autopilotFormOf(options))).toEqual(options),
  );

  test('leaves out what is as it would be anyhow', () => {
    expect(autopilotOf(autopilotFormOf({ maxVoters: 5, voterTimeoutMs: 15_000 }))).toEqual({});
  });

  test.each([
    '',
    ' ',
    'soon',
    String(LEAST_TIMEOUT_S - 0.1),
    String(MOST_TIMEOUT_S + 1),
    'Infinity',
  ])('refuses a time of “%s” seconds', (voterTimeoutS) =>
    expect(autopilotOf({ maxVoters: 3, voterTimeoutS })).toBeNull(),
  );

  test('offers odd numbers of voters only', () => {
    expect(VOTER_CHOICES[0]).toBe(1);
    expect(VOTER_CHOICES.at(-1)).toBe(31);
    expect(VOTER_CHOICES.every((voters) => voters % 2 === 1)).toBe(true);
    expect(VOTER_CHOICES).toHaveLength(16);
  });
});

describe('what is kept', () => {
  test('comes back', () => {
    expect(keptAutopilot()).toEqual({});
    keepAutopilot({ maxVoters: 7, voterTimeoutMs: 9_000 });
    expect(keptAutopilot()).toEqual({ maxVoters: 7, voterTimeoutMs: 9_000 });
  });

  test.each([
    'null',
    '7',
    '"x"',
    '{',
    '{"maxVoters":4}',
    '{"maxVoters":33}',
    '{"voterTimeoutMs":1}',
  ])('counts as nothing where it is not valid: %s', (text) => {
    stored.set(AUTOPILOT_KEY, text);
    expect(keptAutopilot()).toEqual({});
  });

  test('is told from what is in force by what it comes to', () => {
    expect(isSameAutopilot({}, { maxVoters: 5 })).toBe(true);
    expect(isSameAutopilot({}, { maxVoters: 3 })).toBe(false);
    expect(isSameAutopilot({ voterTimeoutMs: 8_000 }, { voterTimeoutMs: 9_000 })).toBe(false);
  });
});
