/** What is taken of what the page tells, which is somebody else's program. */

import { describe, expect, test } from 'vitest';

import { idOf, plainText, toldOf } from '../../../src/dev/headless/told.ts';
import { report } from './report.ts';

const ANN = 'a'.repeat(16);
const whole = report({
  clusterId: 'c'.repeat(16),
  nodeId: 'b'.repeat(16),
  state: 'running',
  leaderId: ANN,
  voters: [ANN],
  others: [{ nodeId: ANN, isAway: true }],
  stalledAt: 7,
  refusal: 'invite',
});

test('a report is taken as it is, and nothing else that comes with it', () => {
  expect(toldOf({ ...whole, more: 1 })).toEqual(whole);
  const least = { ...whole, leaderId: null, stalledAt: null, refusal: null, voters: [] };
  expect(toldOf(least)).toEqual(least);
});

describe('what is no report is the page’s failure:', () => {
  const list: Record<string, unknown>[] = [
    { clusterId: '../..' },
    { nodeId: `${ANN}\n` },
    { nodeId: 7 },
    { leaderId: '' },
    { state: 'gone' },
    { voters: [null] },
    { voters: ANN },
    { voters: Array.from({ length: 1_001 }, () => ANN) },
    { others: [{ nodeId: 'x', isAway: true }] },
    { term: '3' },
    { connectedVoters: Number.NaN },
    { persisted: 'yes' },
  ];
  test.each(list)('%j', (fields) => {
    const told = toldOf({ ...whole, ...fields });
    expect(told).toMatchObject({ type: 'failed', code: 'Internal' });
    expect('message' in told && told.message).toContain(Object.keys(fields)[0]);
  });
  test.each([null, undefined, 'status', 1])('%j', (told) => {
    expect(toldOf(told)).toMatchObject({ type: 'failed' });
  });
});

test('texts are one line that no terminal obeys', () => {
  const text = 'a\u001B[2J\r\nb\u009B1m\u202Ec\u2028d';
  expect(plainText(text)).toBe('a [2J b 1m c d');
  expect(plainText('é – “x”')).toBe('é – “x”');
  expect(plainText('x'.repeat(1_000))).toHaveLength(500);
  const stopped = toldOf({ ...whole, state: 'stopped', stoppedReason: 'a\nb' });
  expect(stopped).toMatchObject({ stoppedReason: 'a b' });
  expect(toldOf({ type: 'failed', code: 'X\u0007', message: 'a\nb' })).toEqual({
    type: 'failed',
    code: 'X ',
    message: 'a b',
  });
});

test('an id is one, or none', () => {
  expect(idOf(ANN)).toBe(ANN);
  for (const other of [null, undefined, 'A'.repeat(16), `${ANN}\u001B`, [ANN]]) {
    expect(idOf(other)).toBe(null);
  }
});
