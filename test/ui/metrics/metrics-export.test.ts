/** The shape of an export: units, ISO times, one value a time in every series. */

import { expect, test } from 'vitest';
import { metricsFile } from '../../../src/ui/metrics/metrics-export.ts';
import { PLOTS, seriesOf } from '../../../src/ui/metrics/plot-list.ts';
import { SampleRing } from '../../../src/ui/metrics/sample-ring.ts';

const START_MS = Date.UTC(2026, 4, 4, 10);
const MEMBER = 'memberid';
const SOURCE = { clusterId: 'cluster', nodeId: 'node', atMs: START_MS + 5_000 };

test('names what told it, and when, and tells every series with its unit', () => {
  const ring = new SampleRing(10, 32);
  ring.add(START_MS, new Map([['commits', 3]]));
  ring.add(
    START_MS + 1_000,
    new Map([
      ['bytes:log', 2_048],
      [`lag:${MEMBER}`, 7],
    ]),
  );
  const leaderChanges = [{ atMs: START_MS + 500, term: 4, leaderId: 'node' }];
  const file = metricsFile({ ring, leaderChanges }, SOURCE);
  expect(file).toMatchObject({
    format: 'resqlite-metrics',
    version: 1,
    exportedAt: '2026-05-04T10:00:05.000Z',
    clusterId: 'cluster',
    nodeId: 'node',
    times: ['2026-05-04T10:00:00.000Z', '2026-05-04T10:00:01.000Z'],
    leaderChanges: [{ at: '2026-05-04T10:00:00.500Z', term: 4, leaderId: 'node' }],
  });
  const series = (name: string) => file.series.find((one) => one.name === name);
  expect(series('commits')).toEqual({
    name: 'commits',
    label: 'committed',
    plot: 'Commits',
    unit: 'entries/s',
    values: [3, null],
  });
  expect(series('bytes:log')).toMatchObject({ unit: 'bytes', values: [null, 2_048] });
  expect(series(`lag:${MEMBER}`)).toMatchObject({
    label: MEMBER,
    plot: 'Replication lag',
    unit: 'entries',
    values: [null, 7],
  });
  expect(file.series.every(({ values }) => values.length === file.times.length)).toBe(true);
  expect(JSON.parse(JSON.stringify(file))).toEqual(file);
});

test('has a series for each that is plotted, also where nothing was read', () => {
  const file = metricsFile({ ring: new SampleRing(10, 32), leaderChanges: [] }, SOURCE);
  const keys = PLOTS.flatMap((plot) => seriesOf(plot, []).map(({ key }) => key));
  expect(file.series.map(({ name }) => name)).toEqual(keys);
  expect(new Set(keys).size).toBe(keys.length);
  expect(file.times).toEqual([]);
});
