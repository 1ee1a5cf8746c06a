/**
 * The benchmark's picture, as SVG in a file: throughput and latency against the number of clients, side
 * by side, both axes logarithmic. It brings its own white ground, so that it can be read wherever it is
 * shown, and every curve has marks of its own shape besides its colour.
 */

import { latencyCurves, throughputCurves, type Curve } from './curves.ts';
import { colourOf } from './palette.ts';
import type { Figure } from './report.ts';
import { CLIENTS, ETCD, LEADER, ONE_TAB, RAW_DEFAULT } from './targets.ts';

/** As they are told in the legend. */
const SUBJECTS: readonly string[] = [LEADER, ONE_TAB, RAW_DEFAULT, ETCD];

const WIDTH = 760;
const HEIGHT = 340;
const PANEL = { width: 290, height: 220, top: 74 } as const;
const PANEL_LEFTS = [64, 446] as const;
/** From the panel's sides to the first and last number of clients. */
const INSET = 16;
const INK = '#1b2226';
const MUTED = '#57646c';
const EDGE = '#dfe4e7';
/** Where two decades or fewer are shown, there is room for these between them. */
const FINE_STEPS = [1, 2, 5] as const;
const FEW_DECADES = 2;

interface Panel {
  readonly title: string;
  readonly curves: readonly Curve[];
  readonly left: number;
}

interface Scale {
  readonly min: number;
  readonly max: number;
  readonly ticks: readonly number[];
}

/** Null where there is nothing to draw. */
export function plotOf(figures: readonly Figure[]): string | null {
  const [throughput, latency] = [throughputCurves(figures), latencyCurves(figures)].map((curves) =>
    curves.filter(({ subject }) => SUBJECTS.includes(subject)),
  );
  if (throughput === undefined || latency === undefined) return null;
  if (throughput.length === 0 || latency.length === 0) return null;
  const [left, right] = PANEL_LEFTS;
  const subjects = SUBJECTS.filter((name) => throughput.some(({ subject }) => subject === name));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" font-family="system-ui, sans-serif" font-size="12" fill="${INK}">`,
    '<title>Inserts of single rows: throughput and latency against the number of clients</title>',
    `<rect width="${WIDTH}" height="${HEIGHT}" rx="8" fill="#ffffff" stroke="${EDGE}"/>`,
    ...legend(subjects),
    ...panel({ title: 'Inserts a second (median of rounds)', curves: throughput, left }),
    ...panel({ title: 'Latency in ms (median)', curves: latency, left: right }),
    '</svg>',
    '',
  ].join('\n');
}

function legend(subjects: readonly string[]): string[] {
  const step = (WIDTH - 2 * INSET) / SUBJECTS.length;
  return subjects.flatMap((subject, at) => {
    const x = round(PANEL_LEFTS[0] + at * step);
    const y = 24;
    return [
      `<path d="M${x - 10} ${y}h20" stroke="${colourOf(subject)}" stroke-width="2"/>`,
      mark(subject, x, y),
      text(subject, x + 16, y + 4),
    ];
  });
}

function panel({ title, curves, left }: Panel): string[] {
  const scale = scaleOf(curves.flatMap(({ points }) => points.map(({ value }) => value)));
  const { top, width, height } = PANEL;
  const bottom = top + height;
  const x = (clients: number): number =>
    round(left + INSET + share(clients, CLIENTS[0], lastClients()) * (width - 2 * INSET));
  const y = (value: number): number => round(bottom - share(value, scale.min, scale.max) * height);
  return [
    text(title, left, top - 12, { weight: 600 }),
    ...scale.ticks.flatMap((tick) => [
      `<path d="M${left} ${y(tick)}h${width}" stroke="${EDGE}"/>`,
      text(label(tick), left - 8, y(tick) + 4, { anchor: 'end', fill: MUTED }),
    ]),
    `<path d="M${left} ${top}v${height}h${width}" fill="none" stroke="${MUTED}"/>`,
    ...CLIENTS.flatMap((clients) => [
      `<path d="M${x(clients)} ${bottom}v4" stroke="${MUTED}"/>`,
      text(String(clients), x(clients), bottom + 18, { anchor: 'middle', fill: MUTED }),
    ]),
    text('clients at a time', left + width / 2, bottom + 36, { anchor: 'middle' }),
    ...curves.flatMap((curve) => drawn(curve, x, y)),
  ];
}

function drawn(
  { subject, points }: Curve,
  x: (clients: number) => number,
  y: (value: number) => number,
): string[] {
  const steps = points.map(({ clients, value }) => `${x(clients)} ${y(value)}`);
  return [
    `<path d="M${steps.join('L')}" fill="none" stroke="${colourOf(subject)}" stroke-width="2"/>`,
    ...points.map(({ clients, value }) => mark(subject, x(clients), y(value))),
  ];
}

function mark(subject: string, x: number, y: number): string {
  const shapes = [
    'm-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z',
    'm-4 -4h8v8h-8z',
    'm0 -5l5 9h-10z',
    'm0 -6l6 6l-6 6l-6 -6z',
  ];
  return `<path d="M${x} ${y}${shapes[SUBJECTS.indexOf(subject)] ?? ''}" fill="${colourOf(subject)}"/>`;
}

/** From a whole decade to a whole one, but no wider than the values need. */
function scaleOf(values: readonly number[]): Scale {
  const least = Math.floor(Math.log10(Math.min(...values)));
  const most = Math.max(least + 1, Math.ceil(Math.log10(Math.max(...values))));
  const decades = Array.from({ length: most - least + 1 }, (_, at) => least + at);
  const steps = most - least <= FEW_DECADES ? FINE_STEPS : ([1] as const);
  const max = 10 ** most;
  const ticks = decades
    .flatMap((decade) => steps.map((step) => step * 10 ** decade))
    .filter((tick) => tick <= max);
  return { min: 10 ** least, max, ticks };
}

/** Where `value` lies between the two, by its logarithm: 0 to 1. */
function share(value: number, min: number, max: number): number {
  return Math.log(value / min) / Math.log(max / min);
}

function lastClients(): number {
  return Math.max(...CLIENTS);
}

interface TextStyle {
  readonly anchor?: 'middle' | 'end';
  readonly fill?: string;
  readonly weight?: number;
}

function text(
  content: string,
  x: number,
  y: number,
  { anchor, fill, weight }: TextStyle = {},
): string {
  const attributes = [
    ` x="${round(x)}" y="${round(y)}"`,
    anchor === undefined ? '' : ` text-anchor="${anchor}"`,
    fill === undefined ? '' : ` fill="${fill}"`,
    weight === undefined ? '' : ` font-weight="${weight}"`,
  ];
  return `<text${attributes.join('')}>${content}</text>`;
}

const integers = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

function label(value: number): string {
  return integers.format(value);
}

function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}
