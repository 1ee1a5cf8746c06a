/** What one subject came to in all its rounds, figure by figure. */

import { figureOf, type Figure, type Reading, type Unit } from './report.ts';

export class Gathering {
  readonly #byFigure = new Map<string, { readonly unit: Unit; readonly values: number[] }>();

  add(readings: readonly Reading[]): void {
    for (const { figure, unit, values } of readings) {
      const known = this.#byFigure.get(figure) ?? { unit, values: [] };
      for (const value of values) known.values.push(value);
      this.#byFigure.set(figure, known);
    }
  }

  figures(subject: string, settings: string): Figure[] {
    return [...this.#byFigure].map(([name, { unit, values }]) =>
      figureOf(name, { subject, settings, unit }, values),
    );
  }
}
