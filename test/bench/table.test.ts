/** A report, judged and as text. */

import { describe, expect, test } from 'vitest';

import { shown } from '../../src/bench/figure-rows.ts';
import {
  boundsOf,
  figureOf,
  ratiosOf,
  type Comparison,
  type Report,
} from '../../src/bench/report.ts';
import { tableOf } from '../../src/bench/table.ts';

const FIGURES = [
  figureOf('commit', { subject: 'ours', settings: 'durable', unit: 'ms' }, [3, 2, 4]),
  figureOf('rate', { subject: 'ours', settings: 'durable', unit: '/s' }, [5_000, 7_000]),
  figureOf('commit', { subject: 'floor', settings: 'bare', unit: 'ms' }, [2, 2, 2]),
];

function compared(subject: string, baseline: string, target: Comparison['target']): Comparison {
  return { figure: 'commit', subject, baseline: { figure: 'commit', subject: baseline }, target };
}

describe('ratios', () => {
  test('are of medians, and judged by their targets', () => {
    const ratios = ratiosOf(FIGURES, [
      compared('ours', 'floor', { atMost: 1.5 }),
      compared('ours', 'floor', { atMost: 1.4 }),
      compared('ours', 'floor', { atLeast: 1.5 }),
      compared('ours', 'floor', { atLeast: 1.6 }),
      compared('ours', 'floor', null),
    ]);
    expect(ratios.map(({ ratio }) => ratio)).toEqual([1.5, 1.5, 1.5, 1.5, 1.5]);
    expect(ratios.map(({ reached }) => reached)).toEqual([true, false, true, false, null]);
  });

  test('are left out where a figure is missing', () => {
    expect(ratiosOf(FIGURES, [compared('ours', 'etcd', null)])).toEqual([]);
    expect(ratiosOf(FIGURES, [compared('etcd', 'ours', null)])).toEqual([]);
  });
});

test('bounds are on the median or on the worst', () => {
  const bound = { figure: 'commit', subject: 'ours', atMost: 3 } as const;
  const results = boundsOf(FIGURES, [
    { ...bound, of: 'median' },
    { ...bound, of: 'worst' },
    { ...bound, of: 'worst', subject: 'etcd' },
  ]);
  expect(results.map(({ value, reached }) => [value, reached])).toEqual([
    [3, true],
    [4, false],
  ]);
});

test('the table has a line a figure, one for each further ratio, and what the subjects promise', () => {
  const report: Report = {
    figures: FIGURES,
    ratios: ratiosOf(FIGURES, [
      compared('ours', 'floor', { atMost: 1.5 }),
      compared('ours', 'ours', null),
    ]),
    bounds: boundsOf(FIGURES, [{ figure: 'rate', subject: 'ours', of: 'median', atMost: 10 }]),
    notes: ['the machine was busy'],
  };
  expect(tableOf(report).split('\n')).toEqual([
    'figure  subject  median     worst  samples  unit  ratio  to      target',
    '------  -------  ------  --------  -------  ----  -----  ------  -------  -------',
    'commit  ours          3     max 4        3  ms    1.50x  floor   <= 1.5x  reached',
    '                                                     1x  ours',
    'commit  floor         2     max 2        3  ms',
    'rate    ours       6000  min 5000        2  /s           median  <= 10    missed',
    '',
    'ours: durable',
    'floor: bare',
    'Note: the machine was busy',
  ]);
});

test('numbers are shown by the digits that count', () => {
  expect([0, 0.1234, 1.5, 99.94, 123.4, 12_345.6].map(shown)).toEqual([
    '0',
    '0.123',
    '1.50',
    '99.9',
    '123',
    '12346',
  ]);
});
