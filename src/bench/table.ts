/** A report as lines of text: one a figure, and below it one for each further ratio of it. */

import { figureRows, verdictOf, type FigureRow } from './figure-rows.ts';
import type { Report } from './report.ts';

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
  const lines = figureRows(report).flatMap((row) => linesOf(row));
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

function linesOf({ figure, median, worst, judgements }: FigureRow): string[][] {
  const { name, subject, samples, unit } = figure;
  const value = [name, subject, median, worst, String(samples), unit];
  const cells = judgements.map((judgement) => [
    judgement.ratio,
    judgement.to,
    judgement.target,
    verdictOf(judgement),
  ]);
  const [first = [], ...others] = cells;
  return [[...value, ...first], ...others.map((own) => ['', '', '', '', '', '', ...own])];
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
