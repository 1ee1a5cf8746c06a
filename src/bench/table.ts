/** A report as lines of text: one a figure, and below it one for each further ratio of it. */

import type { BoundResult, Figure, Ratio, Report, Target } from './report.ts';

const HEAD = [
  'figure',
  'subject',
  'median',
  'worst',
  'samples',
  'unit',
  'ratio',
  'to',
  'target',
  '',
];
/** Columns of numbers, which are set flush right. */
const NUMBERS = new Set([2, 3, 4, 6]);

export function tableOf(report: Report): string {
  const lines = byName(report.figures).flatMap((figure) => linesOf(figure, report));
  const widths = HEAD.map((title, column) =>
    Math.max(title.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  const rule = widths.map((width) => '-'.repeat(width));
  const settings = new Set(report.figures.map((figure) => `${figure.subject}: ${figure.settings}`));
  return [
    ...[HEAD, rule, ...lines].map((line) => laidOut(line, widths)),
    '',
    ...settings,
    ...report.notes.map((note) => `Note: ${note}`),
  ].join('\n');
}

/** Figures of a name side by side, whenever they were measured. */
function byName(figures: readonly Figure[]): Figure[] {
  const names = new Set(figures.map(({ name }) => name));
  return [...names].flatMap((name) => figures.filter((figure) => figure.name === name));
}

function linesOf(figure: Figure, { ratios, bounds }: Report): string[][] {
  const { name, subject, median, worst, worstIs, samples, unit } = figure;
  const isOwn = (other: { figure: string; subject: string }): boolean =>
    other.figure === name && other.subject === subject;
  const own = [
    ...ratios.filter(isOwn).map((ratio) => ratioCells(ratio)),
    ...bounds.filter(isOwn).map((bound) => boundCells(bound)),
  ];
  const value = [name, subject, shown(median), `${worstIs} ${shown(worst)}`, String(samples), unit];
  const [first = [], ...others] = own;
  return [[...value, ...first], ...others.map((cells) => ['', '', '', '', '', '', ...cells])];
}

function ratioCells({ figure, ratio, baseline, target, reached }: Ratio): string[] {
  const to =
    baseline.figure === figure ? baseline.subject : `${baseline.figure}, ${baseline.subject}`;
  return [`${shown(ratio)}x`, to, target === null ? '' : targetText(target), verdict(reached)];
}

function boundCells({ of, atMost, reached }: BoundResult): string[] {
  return ['', of, `<= ${shown(atMost)}`, verdict(reached)];
}

function targetText(target: Target): string {
  return 'atMost' in target ? `<= ${target.atMost}x` : `>= ${target.atLeast}x`;
}

function verdict(reached: boolean | null): string {
  if (reached === null) return '';
  return reached ? 'reached' : 'missed';
}

/** Three digits that count, and whole numbers whole. */
export function shown(value: number): string {
  if (Math.abs(value) >= 100 || Number.isInteger(value)) return Math.round(value).toString();
  return value.toPrecision(3);
}

function laidOut(line: readonly string[], widths: readonly number[]): string {
  return widths
    .map((width, column) => {
      const text = line[column] ?? '';
      return NUMBERS.has(column) ? text.padStart(width) : text.padEnd(width);
    })
    .join('  ')
    .trimEnd();
}
