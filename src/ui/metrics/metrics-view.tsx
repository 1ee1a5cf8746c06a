/** How the cluster fares, in numbers over time. */

import 'uplot/dist/uPlot.min.css';
import '../style/metrics.css';
import { useEffect } from 'preact/hooks';
import { downloadFile } from '../download.ts';
import { database } from '../store.ts';
import { shortId } from '../wording.ts';
import { Elections } from './elections.tsx';
import { Figures } from './figures.tsx';
import { metricsFile } from './metrics-export.ts';
import {
  goOn,
  isPaused,
  pause,
  rangeMin,
  RANGES_MIN,
  recording,
  startMetrics,
} from './metrics-store.ts';
import { PLOTS, timeOfDay } from './plot-list.ts';
import { SummaryTable } from './summary-table.tsx';
import { TimePlot } from './time-plot.tsx';

export function MetricsView() {
  useEffect(startMetrics, []);
  return (
    <div class="metrics">
      <div class="metrics-head">
        <h2>Metrics</h2>
        <p class="hint">
          What this tab’s node sees, once a second, from when this view was first opened.
        </p>
        <Controls />
      </div>
      <Figures />
      <div class="metrics-plots">
        {PLOTS.map((plot) => (
          <TimePlot key={plot.id} plot={plot} />
        ))}
        <Elections />
      </div>
      <SummaryTable />
    </div>
  );
}

function Controls() {
  const { value: opened } = database;
  return (
    <div class="metrics-controls">
      <fieldset class="metrics-ranges">
        <legend class="sr-only">Time in sight</legend>
        {RANGES_MIN.map((minutes) => (
          <label key={minutes} class="metrics-range">
            <input
              type="radio"
              name="metrics-range"
              checked={rangeMin.value === minutes}
              onChange={() => (rangeMin.value = minutes)}
            />
            <span>{minutes} min</span>
          </label>
        ))}
      </fieldset>
      <button type="button" class="button" onClick={() => (isPaused.value ? goOn() : pause())}>
        {isPaused.value ? 'Go on' : 'Pause'}
      </button>
      <button
        type="button"
        class="button"
        disabled={opened === null}
        onClick={() => {
          if (opened !== null) exportMetrics(opened);
        }}
      >
        Export JSON
      </button>
      <p class="metrics-paused" role="status">
        {isPaused.value && `Paused at ${timeOfDay(recording.value.endMs)}.`}
      </p>
    </div>
  );
}

function exportMetrics(source: { readonly clusterId: string; readonly nodeId: string }): void {
  const { clusterId, nodeId } = source;
  const file = metricsFile(recording.value, { clusterId, nodeId, atMs: Date.now() });
  const content = new Blob([`${JSON.stringify(file, null, 1)}\n`], { type: 'application/json' });
  downloadFile(`resqlite-metrics-${shortId(nodeId)}.json`, content);
}
