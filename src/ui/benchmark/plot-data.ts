/** A benchmark's curves and bars as uPlot has its data: one array of places, and one for each series. Pure. */

import type { Curve } from '../../bench/curves.ts';

export interface PlotData {
  readonly labels: readonly string[];
  readonly places: readonly number[];
  /** A series a label, a value a place; null where there is none. */
  readonly series: readonly (readonly (number | null)[])[];
}

/** At the numbers of clients. */
export function curvePlotData(curves: readonly Curve[]): PlotData {
  const all = curves.flatMap(({ points }) => points.map(({ clients }) => clients));
  const places = [...new Set(all)].toSorted((a, b) => a - b);
  return {
    labels: curves.map(({ subject }) => subject),
    places,
    series: curves.map(({ points }) =>
      places.map((place) => points.find(({ clients }) => clients === place)?.value ?? null),
    ),
  };
}

/** Side by side, each a series of its own, so that each has a colour and a line in the legend. */
export function barPlotData(
  bars: readonly { readonly label: string; readonly value: number }[],
): PlotData {
  return {
    labels: bars.map(({ label }) => label),
    places: bars.map((_, at) => at),
    series: bars.map(({ value }, at) => bars.map((_, place) => (place === at ? value : null))),
  };
}
