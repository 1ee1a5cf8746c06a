/** The benchmark's picture. */

import { describe, expect, test } from 'vitest';

import { latencyCurves, throughputCurves } from '../../src/bench/curves.ts';
import { colourOf } from '../../src/bench/palette.ts';
import { plotOf } from '../../src/bench/plot.ts';
import { figureOf, type Figure } from '../../src/bench/report.ts';
import {
  CLIENTS,
  ETCD,
  FLOOR,
  FOLLOWER,
  LEADER,
  ONE_TAB,
  RAW_DEFAULT,
  RAW_MEMORY,
  RAW_WAL_FULL,
  RAW_WAL_OFF,
} from '../../src/bench/targets.ts';

function measured(subject: string, ratePerClient: number): Figure[] {
  return CLIENTS.flatMap((clients) => [
    figureOf(`concurrent-${clients}`, { subject, settings: '', unit: '/s' }, [
      clients * ratePerClient,
    ]),
    figureOf(`concurrent-${clients}-latency`, { subject, settings: '', unit: 'ms' }, [
      1_000 / ratePerClient,
    ]),
  ]);
}

const FIGURES = [...measured(LEADER, 200), ...measured(RAW_DEFAULT, 20), ...measured(FOLLOWER, 90)];

describe('curves', () => {
  test('go by clients, a subject each, and none is made up', () => {
    const some = FIGURES.filter(({ name }) => !name.startsWith('concurrent-16'));
    expect(throughputCurves(some).map(({ subject }) => subject)).toEqual([
      LEADER,
      RAW_DEFAULT,
      FOLLOWER,
    ]);
    expect(throughputCurves(some)[0]?.points).toEqual([
      { clients: 1, value: 200 },
      { clients: 64, value: 12_800 },
      { clients: 256, value: 51_200 },
    ]);
    expect(latencyCurves(some)[1]?.points.map(({ value }) => value)).toEqual([50, 50, 50]);
    expect(latencyCurves([])).toEqual([]);
  });
});

describe('the plot', () => {
  test('has a curve a panel for each of its subjects, and its legend names no others', () => {
    const svg = plotOf(FIGURES) ?? '';
    expect(svg.match(/d="M[\d.]+ [\d.]+(?:L[\d.]+ [\d.]+){3}"/g)).toHaveLength(4);
    const texts = [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) => text);
    expect(texts).toEqual(expect.arrayContaining([LEADER, RAW_DEFAULT, ...CLIENTS.map(String)]));
    expect(texts).not.toContain(FOLLOWER);
    expect(texts).not.toContain(ETCD);
  });

  test('stays within its panels, at whatever magnitude, and higher values are higher up', () => {
    for (const rate of [0.003, 1, 700, 40_000]) {
      const svg = plotOf(measured(LEADER, rate)) ?? '';
      const [throughput = ''] = svg.match(/M[\d.]+ [\d.]+(?:L[\d.]+ [\d.]+){3}/g) ?? [];
      const heights = throughput.split('L').map((point) => Number(point.split(' ')[1]));
      expect(heights).toHaveLength(CLIENTS.length);
      for (const height of heights) expect(height >= 74 && height <= 294).toBe(true);
      expect(heights).toEqual(heights.toSorted((a, b) => b - a));
    }
  });

  test('is none where nothing was measured of its subjects', () => {
    expect(plotOf([])).toBeNull();
    expect(plotOf(measured(FOLLOWER, 3))).toBeNull();
  });
});

test('every colour stands out on white and on the page’s dark ground, as WCAG has it for graphics', () => {
  const subjects = [LEADER, FOLLOWER, ONE_TAB, RAW_DEFAULT, RAW_WAL_FULL, RAW_WAL_OFF];
  for (const subject of [...subjects, RAW_MEMORY, ETCD, FLOOR, 'another']) {
    for (const ground of ['#ffffff', '#1a2024']) {
      expect([subject, ground, contrast(colourOf(subject), ground) >= 3]).toEqual([
        subject,
        ground,
        true,
      ]);
    }
  }
});

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: string): number {
  const parts = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255);
  const [red = 0, green = 0, blue = 0] = parts.map((part) =>
    part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
