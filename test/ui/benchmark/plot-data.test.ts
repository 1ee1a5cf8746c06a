/** What plots are made of. */

import { expect, test } from 'vitest';

import { barPlotData, curvePlotData } from '../../../src/ui/benchmark/plot-data.ts';

test('curves share the numbers of clients of all of them, and have gaps where they lack one', () => {
  const curves = [
    { subject: 'a', points: [{ clients: 64, value: 7 }] },
    {
      subject: 'b',
      points: [
        { clients: 1, value: 2 },
        { clients: 64, value: 3 },
      ],
    },
  ];
  expect(curvePlotData(curves)).toEqual({
    labels: ['a', 'b'],
    places: [1, 64],
    series: [
      [null, 7],
      [2, 3],
    ],
  });
});

test('bars stand side by side, each a series of its own', () => {
  const bars = [
    { label: 'a', value: 5 },
    { label: 'b', value: 0 },
  ];
  expect(barPlotData(bars)).toEqual({
    labels: ['a', 'b'],
    places: [0, 1],
    series: [
      [5, null],
      [null, 0],
    ],
  });
});
