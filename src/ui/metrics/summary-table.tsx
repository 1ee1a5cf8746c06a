/** What the plots say, in numbers: every series over the time in sight. */

import { useSignal, useSignalEffect } from '@preact/signals';
import { summarize } from './arithmetic.ts';
import { isPaused, rangeMin, recording, type Recording } from './metrics-store.ts';
import { PLOTS, seriesOf, type PlotInfo } from './plot-list.ts';
import { isDue } from './summary-pace.ts';

export function SummaryTable() {
  const shown = useSignal(recording.peek());
  const { value: minutes } = rangeMin;
  useSignalEffect(() => {
    const { value: next } = recording;
    if (isDue(shown.peek(), next, isPaused.value)) shown.value = next;
  });
  return (
    <section class="card metrics-summary" aria-labelledby="metrics-summary">
      <h3 id="metrics-summary">
        In figures{' '}
        <span class="hint">the last {minutes === 1 ? 'minute' : `${minutes} minutes`}</span>
      </h3>
      {/* A scrolled box has to be reached by the keyboard. */}
      <div class="metrics-scroll" role="region" aria-label="Figures of the plots" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">Series</th>
              <th scope="col">Last</th>
              <th scope="col">Least</th>
              <th scope="col">Median</th>
              <th scope="col">Most</th>
            </tr>
          </thead>
          {PLOTS.map((plot) => (
            <PlotRows key={plot.id} plot={plot} shown={shown.value} minutes={minutes} />
          ))}
        </table>
      </div>
    </section>
  );
}

interface PlotRowsProps {
  readonly plot: PlotInfo;
  readonly shown: Recording;
  readonly minutes: number;
}

function PlotRows({ plot, shown: { ring, endMs }, minutes }: PlotRowsProps) {
  const series = seriesOf(plot, ring.keys);
  const readings = ring.read(
    series.map(({ key }) => key),
    endMs - minutes * 60_000,
  );
  const told = (value: number | null): string => (value === null ? '–' : plot.format(value));
  return (
    <tbody>
      <tr class="metrics-group">
        <th scope="rowgroup" colSpan={5}>
          {plot.title}, {plot.unit}
        </th>
      </tr>
      {series.length === 0 && (
        <tr>
          <th scope="row">not known here</th>
          <td colSpan={4}>–</td>
        </tr>
      )}
      {series.map(({ key, label }, at) => {
        const { last, least, median, most } = summarize(readings.series[at] ?? []);
        return (
          <tr key={key}>
            <th scope="row">{label}</th>
            <td>{told(last)}</td>
            <td>{told(least)}</td>
            <td>{told(median)}</td>
            <td>{told(most)}</td>
          </tr>
        );
      })}
    </tbody>
  );
}
