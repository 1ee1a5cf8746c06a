/**
 * A benchmark's plots: throughput and latency against the number of clients, and what a commit takes.
 * uPlot draws on canvases; whatever it says by them the table says in words.
 */

import { useSignalEffect } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { fittedPlot } from '../fitted-plot.ts';
import type { Outline } from '../../bench/suite.ts';
import { pageColour } from '../page-colour.ts';
import { isDark } from '../theme-store.ts';
import { barPlotData, curvePlotData, type PlotData } from './plot-data.ts';

const HEIGHT = 240;
/** Of the axis of values to the left, and of that of clients below. */
const AXIS_SIZE = 56;
const CLIENTS_AXIS_SIZE = 32;
/** Beyond the first and the last number of clients. */
const MARGIN_FACTOR = 1.25;
const HEADROOM = 1.1;

export function Plots({ outline }: { readonly outline: Outline }) {
  const { throughput, latency, rows, colourOf } = outline;
  const commits = rows.filter(({ figure }) => figure.name === 'commit');
  const colours = (data: PlotData): string[] => data.labels.map(colourOf);
  const rates = curvePlotData(throughput);
  const times = curvePlotData(latency);
  const bars = barPlotData(
    commits.map(({ figure, median }) => ({
      label: `${figure.subject}: ${median} ms`,
      value: figure.median,
    })),
  );
  const barColours = commits.map(({ figure }) => colourOf(figure.subject));
  return (
    <div class="benchmark-plots">
      {rates.places.length > 0 && (
        <Plot
          title="Inserts a second, by clients"
          options={lineOptions(rates, colours(rates))}
          data={rates}
        />
      )}
      {times.places.length > 0 && (
        <Plot
          title="Latency in ms, by clients"
          options={lineOptions(times, colours(times))}
          data={times}
        />
      )}
      {bars.places.length > 0 && (
        <Plot title="A commit, in ms" options={barOptions(bars, barColours)} data={bars} />
      )}
    </div>
  );
}

type PlotOptions = Omit<uPlot.Options, 'width' | 'height'>;

interface PlotProps {
  readonly title: string;
  readonly options: PlotOptions;
  readonly data: PlotData;
}

function Plot({ title, options, data }: PlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const drawn = useRef<uPlot | null>(null);

  useLayoutEffect(() => {
    const { current } = place;
    if (current === null) return undefined;
    const created = fittedPlot(current, { ...options, height: HEIGHT }, alignedData(data));
    drawn.current = created.plot;
    return () => {
      drawn.current = null;
      created.end();
    };
  }, [data]);

  // Colours are looked up as it is drawn.
  useSignalEffect(() => {
    void isDark.value;
    drawn.current?.redraw(false);
  });

  return (
    <figure class="benchmark-plot">
      <figcaption>{title}</figcaption>
      <div ref={place} role="img" aria-label={`Plot: ${title}. The table has its figures.`} />
    </figure>
  );
}

function alignedData({ places, series }: PlotData): uPlot.AlignedData {
  return [[...places], ...series.map((values) => [...values])];
}

function lineOptions({ labels, places }: PlotData, colours: readonly string[]): PlotOptions {
  const splits = [...places];
  return {
    scales: {
      x: {
        time: false,
        distr: 3,
        log: 2,
        range: (_plot, min, max) => [min / MARGIN_FACTOR, max * MARGIN_FACTOR],
      },
      y: { distr: 3, log: 10 },
    },
    axes: [
      {
        ...axis(),
        size: CLIENTS_AXIS_SIZE,
        splits: () => splits,
        filter: (_plot, all) => all,
        values: () => splits.map(String),
      },
      { ...axis(), size: AXIS_SIZE, values: (_plot, all) => all.map(tickText) },
    ],
    series: [
      { label: 'clients' },
      ...labels.map((label, at) => ({
        label,
        stroke: colours[at] ?? '',
        width: 2,
        spanGaps: true,
        points: { show: true, size: 7, fill: colours[at] ?? '' },
      })),
    ],
  };
}

function barOptions({ labels, places }: PlotData, colours: readonly string[]): PlotOptions {
  const paths = uPlot.paths.bars?.({ size: [0.7, 64] });
  return {
    scales: {
      x: { time: false, range: () => [-0.5, places.length - 0.5] },
      y: { range: (_plot, _min, max) => [0, max * HEADROOM] },
    },
    axes: [
      { show: false },
      { ...axis(), size: AXIS_SIZE, values: (_plot, all) => all.map(tickText) },
    ],
    cursor: { show: false },
    legend: { live: false },
    series: [
      {},
      ...labels.map((label, at) => ({
        label,
        stroke: colours[at] ?? '',
        fill: colours[at] ?? '',
        points: { show: false },
        ...(paths === undefined ? {} : { paths }),
      })),
    ],
  };
}

/** In the page's colours as they are when it is drawn. */
function axis(): uPlot.Axis {
  const edge = { stroke: () => pageColour('--edge'), width: 1 };
  return { stroke: () => pageColour('--muted'), grid: edge, ticks: edge };
}

const numbers = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

/** On logarithmic axes some ticks have none. */
function tickText(value: number | null): string {
  return value === null ? '' : numbers.format(value);
}
