/**
 * The readings as a JSON file, for whoever goes on with them elsewhere:
 *
 *     { "format": "resqlite-metrics", "version": 1,
 *       "exportedAt": "2026-05-04T10:00:00.000Z",
 *       "clusterId": "…", "nodeId": "…",              what told it
 *       "times": ["2026-05-04T09:59:59.000Z", …],      in order, about a second apart
 *       "series": [ { "name": "commits", "label": "committed", "plot": "Commits",
 *                     "unit": "entries/s", "values": [12, null, …] }, … ],
 *       "leaderChanges": [ { "at": "…", "term": 4, "leaderId": "…" }, … ] }
 *
 * Every series has a value a time; null: it was not known. Times are UTC, by the tab's clock. Pure.
 */

import { LAG_PREFIX } from './sampler.ts';
import type { Recording } from './metrics-store.ts';
import { PLOTS, seriesOf } from './plot-list.ts';

export interface MetricsFile {
  readonly format: 'resqlite-metrics';
  readonly version: 1;
  readonly exportedAt: string;
  readonly clusterId: string;
  readonly nodeId: string;
  readonly times: readonly string[];
  readonly series: readonly {
    readonly name: string;
    readonly label: string;
    readonly plot: string;
    readonly unit: string;
    readonly values: readonly (number | null)[];
  }[];
  readonly leaderChanges: readonly {
    readonly at: string;
    readonly term: number;
    readonly leaderId: string;
  }[];
}

/** All that is kept, whatever is in sight. */
export function metricsFile(
  { ring, leaderChanges }: Omit<Recording, 'endMs'>,
  source: { readonly clusterId: string; readonly nodeId: string; readonly atMs: number },
): MetricsFile {
  const infos = PLOTS.flatMap((plot) =>
    seriesOf(plot, ring.keys).map((series) => ({ plot, ...series })),
  );
  const { timesMs, series } = ring.read(
    infos.map(({ key }) => key),
    Number.NEGATIVE_INFINITY,
  );
  return {
    format: 'resqlite-metrics',
    version: 1,
    exportedAt: isoTime(source.atMs),
    clusterId: source.clusterId,
    nodeId: source.nodeId,
    times: timesMs.map(isoTime),
    series: infos.map(({ key, label, plot }, at) => ({
      name: key,
      label: key.startsWith(LAG_PREFIX) ? key.slice(LAG_PREFIX.length) : label,
      plot: plot.title,
      unit: plot.unit,
      values: series[at] ?? [],
    })),
    leaderChanges: leaderChanges.map(({ atMs, term, leaderId }) => ({
      at: isoTime(atMs),
      term,
      leaderId,
    })),
  };
}

function isoTime(atMs: number): string {
  return new Date(atMs).toISOString();
}
