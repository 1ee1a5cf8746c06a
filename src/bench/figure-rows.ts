/** A report for a table, whoever draws it: a row a figure, with all that it is judged by, in words. */

import type { BoundResult, Figure, Ratio, Report, Target } from './report.ts';

export interface Judgement {
  /** Empty where a figure itself is bounded. */
  readonly ratio: string;
  /** The baseline's name, or what of the figure is bounded. */
  readonly to: string;
  /** Empty where there is none. */
  readonly target: string;
  /** Null where there is no target. */
  readonly reached: boolean | null;
}

export interface FigureRow {
  readonly figure: Figure;
  readonly median: string;
  /** And how it was told. */
  readonly worst: string;
  readonly judgements: readonly Judgement[];
}

/** Figures of a name side by side, whenever they were measured. */
export function figureRows({ figures, ratios, bounds }: Report): readonly FigureRow[] {
  return byName(figures).map((figure) => {
    const isOwn = (other: { figure: string; subject: string }): boolean =>
      other.figure === figure.name && other.subject === figure.subject;
    return {
      figure,
      median: shown(figure.median),
      worst: `${figure.worstIs} ${shown(figure.worst)}`,
      judgements: [
        ...ratios.filter(isOwn).map((ratio) => ofRatio(ratio)),
        ...bounds.filter(isOwn).map((bound) => ofBound(bound)),
      ],
    };
  });
}

function byName(figures: readonly Figure[]): Figure[] {
  const names = new Set(figures.map(({ name }) => name));
  return [...names].flatMap((name) => figures.filter((figure) => figure.name === name));
}

function ofRatio({ figure, ratio, baseline, target, reached }: Ratio): Judgement {
  const to =
    baseline.figure === figure ? baseline.subject : `${baseline.figure}, ${baseline.subject}`;
  return {
    ratio: `${shown(ratio)}x`,
    to,
    target: target === null ? '' : targetText(target),
    reached,
  };
}

function ofBound({ of, atMost, reached }: BoundResult): Judgement {
  return { ratio: '', to: of, target: `<= ${shown(atMost)}`, reached };
}

function targetText(target: Target): string {
  return 'atMost' in target ? `<= ${target.atMost}x` : `>= ${target.atLeast}x`;
}

/** Empty where there is no target. */
export function verdictOf({ reached }: Judgement): string {
  if (reached === null) return '';
  return reached ? 'reached' : 'missed';
}

/** Three digits that count, and whole numbers whole. */
export function shown(value: number): string {
  if (Math.abs(value) >= 100 || Number.isInteger(value)) return Math.round(value).toString();
  return value.toPrecision(3);
}
