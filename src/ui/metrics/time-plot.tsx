/**
 * One plot over time. uPlot draws on a canvas; the legend beside it is the page's own, and what the plot
 * says is in the table of figures, too. Elections are lines across it.
 */

import { useComputed, useSignalEffect } from '@preact/signals';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import type uPlot from 'uplot';
import { fittedPlot } from '../fitted-plot.ts';
import { isDark } from '../theme-store.ts';
import type { Readings } from './sample-ring.ts';
import { cursorAt, rangeMin, recording } from './metrics-store.ts';
import { seriesOf, timeOfDay, type PlotInfo, type SeriesInfo } from './plot-list.ts';
import { plotOptions } from './plot-options.ts';

const HEIGHT = 200;

interface Shown {
  readonly series: readonly SeriesInfo[];
  readonly readings: Readings;
}

export function TimePlot({ plot }: { readonly plot: PlotInfo }) {
  const shown = useComputed((): Shown => {
    const { ring, endMs } = recording.value;
    const series = seriesOf(plot, ring.keys);
    const afterMs = endMs - rangeMin.value * 60_000;
    return {
      series,
      readings: ring.read(
        series.map(({ key }) => key),
        afterMs,
      ),
    };
  });
  const title = useId();
  const note = useId();
  const { series, readings } = shown.value;
  return (
    <figure class="card metrics-plot" aria-labelledby={title}>
      <figcaption>
        <div class="metrics-title">
          <h3 id={title}>
            {plot.title} <span class="hint">{plot.unit}</span>
          </h3>
          <CursorTime timesMs={readings.timesMs} />
        </div>
        <p class="hint" id={note}>
          {plot.note}
        </p>
      </figcaption>
      <Legend plot={plot} series={series} readings={readings} />
      {/* Other series are another plot. */}
      <Canvas
        key={series.map(({ key }) => key).join()}
        plot={plot}
        series={series}
        label={`Plot: ${plot.title}, ${plot.unit}. Its figures are in the table below.`}
        data={() => alignedData(shown.value.readings)}
      />
    </figure>
  );
}

/** Of what moment the legend's values are. */
function CursorTime({ timesMs }: { readonly timesMs: readonly number[] }) {
  const atMs = cursorAt.value === null ? undefined : timesMs[cursorAt.value];
  return <span class="metrics-at">{atMs === undefined ? 'last' : timeOfDay(atMs)}</span>;
}

interface LegendProps extends Shown {
  readonly plot: PlotInfo;
}

/** The values at the cursor, or the last ones. */
function Legend({ plot, series, readings }: LegendProps) {
  const at = cursorAt.value ?? readings.timesMs.length - 1;
  return (
    <ul class="metrics-legend">
      {series.length === 0 && <li>not known here</li>}
      {series.map(({ key, label, colour }, number) => {
        const value = readings.series[number]?.[at] ?? null;
        return (
          <li key={key}>
            <span class="metrics-key" style={{ background: `var(${colour})` }} aria-hidden="true" />
            <span>{label}</span>
            <span class="metrics-value">{value === null ? '–' : plot.format(value)}</span>
          </li>
        );
      })}
    </ul>
  );
}

interface CanvasProps {
  readonly plot: PlotInfo;
  readonly series: readonly SeriesInfo[];
  readonly label: string;
  /** Reads signals: what it depends on is drawn anew. */
  readonly data: () => uPlot.AlignedData;
}

function Canvas({ plot, series, label, data }: CanvasProps) {
  const place = useRef<HTMLDivElement>(null);
  const drawn = useRef<uPlot | null>(null);

  useLayoutEffect(() => {
    const { current } = place;
    if (current === null) return undefined;
    const options = { ...plotOptions(plot, series), height: HEIGHT };
    const created = fittedPlot(current, options, data());
    drawn.current = created.plot;
    return () => {
      created.end();
      drawn.current = null;
      cursorAt.value = null;
    };
  }, []);

  useSignalEffect(() => {
    drawn.current?.setData(data());
  });
  // Colours are looked up as it is drawn.
  useSignalEffect(() => {
    void isDark.value;
    drawn.current?.redraw(false);
  });

  return <div ref={place} class="metrics-canvas" role="img" aria-label={label} />;
}

function alignedData({ timesMs, series }: Readings): uPlot.AlignedData {
  return [timesMs.map((ms) => ms / 1_000), ...series.map((values) => [...values])];
}
