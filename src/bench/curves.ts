/** What of a report goes into plots: a figure against the number of clients, a curve a subject. */

import type { Figure } from './report.ts';
import { CLIENTS, concurrentName } from './targets.ts';

export interface Point {
  readonly clients: number;
  readonly value: number;
}

export interface Curve {
  readonly subject: string;
  /** By clients, ascending; at least one. */
  readonly points: readonly Point[];
}

/** Medians, in calls a second. */
export function throughputCurves(figures: readonly Figure[]): readonly Curve[] {
  return curvesOf(figures, concurrentName);
}

/** Medians, in milliseconds. */
export function latencyCurves(figures: readonly Figure[]): readonly Curve[] {
  return curvesOf(figures, (clients) => `${concurrentName(clients)}-latency`);
}

/** Those come first that were told first. */
function curvesOf(
  figures: readonly Figure[],
  nameOf: (clients: number) => string,
): readonly Curve[] {
  const found = CLIENTS.flatMap((clients) =>
    figures
      .filter(({ name }) => name === nameOf(clients))
      .map(({ subject, median }) => ({ subject, point: { clients, value: median } })),
  );
  const subjects = [...new Set(found.map(({ subject }) => subject))];
  return subjects.map((subject) => ({
    subject,
    points: found.filter((one) => one.subject === subject).map(({ point }) => point),
  }));
}
