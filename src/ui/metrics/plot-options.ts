/** How uPlot draws readings over time: axes, lines, the cursor that all plots share, and elections. */

import type uPlot from 'uplot';
import { pageColour } from '../page-colour.ts';
import { cursorAt, rangeMin, recording } from './metrics-store.ts';
import { colourOfTerm } from '../raft/drawn.ts';
import { timeOfDay, type PlotInfo, type SeriesInfo } from './plot-list.ts';

/** Of the axis of values to the left, and of that of times below. */
const AXIS_SIZE = 72;
const TIME_AXIS_SIZE = 28;
const HEADROOM = 1.1;
/** All plots have the cursor at the same time. */
const SYNC_KEY = 'metrics';
/** Of an axis of bytes: 1 B, 16 B, 256 B, 4 KiB, 64 KiB, 1 MiB … */
const BYTES_STEP = 16;
/** Between two values that an axis tells: whole ones, since what is counted comes whole. */
const BINARY_STEPS = Array.from({ length: 40 }, (_, power) => 2 ** power);
const DECIMAL_STEPS = Array.from({ length: 12 }, (_, power) =>
  [1, 2, 5].map((n) => n * 10 ** power),
).flat();

export type PlotOptions = Omit<uPlot.Options, 'width' | 'height'>;

export function plotOptions(plot: PlotInfo, series: readonly SeriesInfo[]): PlotOptions {
  return {
    padding: [8, 30, 0, 0],
    scales: { x: { time: true, range: timeRange }, y: valueScale(plot) },
    axes: [
      {
        ...axis(),
        size: TIME_AXIS_SIZE,
        space: 76,
        values: (_plot, times) => times.map((s) => timeOfDay(s * 1_000)),
      },
      {
        ...axis(),
        size: AXIS_SIZE,
        ...ticksOf(plot),
        values: (_plot, all) => all.map((value) => tickText(plot, value)),
      },
    ],
    legend: { show: false },
    cursor: {
      drag: { x: false, y: false },
      sync: { key: SYNC_KEY },
      points: { size: 6 },
      y: false,
    },
    series: [
      {},
      ...series.map(({ label, colour }) => ({
        label,
        stroke: () => pageColour(colour),
        width: 1.5,
        points: { show: false },
      })),
    ],
    hooks: {
      setCursor: [({ cursor: { idx } }) => (cursorAt.value = idx ?? null)],
      drawClear: [drawElections],
    },
  };
}

/** In the page's colours as they are when it is drawn. */
function axis(): uPlot.Axis {
  const edge = { stroke: () => pageColour('--edge'), width: 1 };
  return { stroke: () => pageColour('--muted'), grid: edge, ticks: edge, font: '12px system-ui' };
}

function ticksOf({ scale, unit }: PlotInfo): uPlot.Axis {
  if (scale === 'logarithmic') return { splits: byteSplits, filter: (_plot, all) => all };
  return { incrs: unit.startsWith('bytes') ? BINARY_STEPS : DECIMAL_STEPS };
}

/** Round numbers are told as such. */
function tickText({ format }: PlotInfo, value: number | null): string {
  return value === null ? '' : format(value).replace(/\.0(?= |$)/, '');
}

/** Always the whole range, so that nothing moves while it fills. */
function timeRange(): uPlot.Range.MinMax {
  const endS = recording.peek().endMs / 1_000;
  return [endS - rangeMin.peek() * 60, endS];
}

function valueScale({ scale }: PlotInfo): uPlot.Scale {
  if (scale === 'linear') {
    return { range: (_plot, _min, max) => [0, max === null || max <= 0 ? 1 : max * HEADROOM] };
  }
  return {
    distr: 3,
    log: 2,
    range: (_plot, min, max) => [
      stepBelow(min === null || min <= 0 ? 1 : min),
      stepBelow(max === null || max <= 0 ? 1 : max) * BYTES_STEP,
    ],
  };
}

function stepBelow(bytes: number): number {
  return BYTES_STEP ** Math.floor(Math.log(bytes) / Math.log(BYTES_STEP));
}

function byteSplits(_plot: uPlot, _axis: number, min: number, max: number): number[] {
  const splits: number[] = [];
  for (let at = stepBelow(min); at <= max; at *= BYTES_STEP) splits.push(at);
  return splits;
}

/** A line at each change of the leader, in the colour of its term. */
function drawElections(plot: uPlot): void {
  const { ctx, bbox } = plot;
  const { leaderChanges, endMs } = recording.peek();
  const startMs = endMs - rangeMin.peek() * 60_000;
  ctx.save();
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
  for (const { atMs, term } of leaderChanges) {
    if (atMs <= startMs) continue;
    const x = Math.round(plot.valToPos(atMs / 1_000, 'x', true));
    ctx.strokeStyle = pageColour(colourOfTerm(term));
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}
