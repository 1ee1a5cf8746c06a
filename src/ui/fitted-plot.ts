/** A plot that is as wide as its place, whatever that becomes, until it is ended. */

import uPlot from 'uplot';

interface FittedPlot {
  readonly plot: uPlot;
  readonly end: () => void;
}

export function fittedPlot(
  place: HTMLElement,
  options: Omit<uPlot.Options, 'width'>,
  data: uPlot.AlignedData,
): FittedPlot {
  const { height } = options;
  const width = (): number => Math.max(1, place.clientWidth);
  const plot = new uPlot({ ...options, width: width() }, data, place);
  const resized = new ResizeObserver(() => plot.setSize({ width: width(), height }));
  resized.observe(place);
  const end = (): void => {
    resized.disconnect();
    plot.destroy();
  };
  return { plot, end };
}
