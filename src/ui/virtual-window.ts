/**
 * Which rows of a long table are in sight, and how much empty height stands for the others. All rows
 * have one height. Browsers bound how high an element may be, so a table beyond that is squeezed: its
 * scroll bar still goes from the first row to the last, in larger steps. Pure.
 */

export interface TableShape {
  readonly rowCount: number;
  /** Heights are in CSS pixels. */
  readonly rowHeight: number;
  /** Of the part in which rows are seen. */
  readonly viewHeight: number;
}

export interface RowWindow {
  /** The first row to draw, and the one behind the last. */
  readonly from: number;
  readonly end: number;
  /** The empty heights above and below them. */
  readonly above: number;
  readonly below: number;
}

/** Below what Firefox allows, which allows least. */
export const MAX_HEIGHT = 15_000_000;

/** Rows drawn beyond what is in sight, so that a small step shows no gap. */
const SPARE_ROWS = 12;

export function windowAt(shape: TableShape, scrollTop: number): RowWindow {
  const { rowCount, rowHeight, viewHeight } = shape;
  const { total, scale, maxScroll } = measure(shape);
  const top = Math.min(Math.max(0, scrollTop), maxScroll);
  /** Where the upper edge would be if nothing were squeezed. */
  const position = top * scale;
  const shift = position - top;
  const firstSeen = Math.floor(position / rowHeight);
  const lastSeen = Math.ceil((position + viewHeight) / rowHeight);
  // Rows above the table's own beginning cannot be drawn.
  const least = Math.min(firstSeen, Math.ceil(shift / rowHeight));
  const from = Math.max(0, least, firstSeen - SPARE_ROWS);
  const end = Math.min(rowCount, lastSeen + SPARE_ROWS);
  const above = Math.max(0, from * rowHeight - shift);
  const below = Math.max(0, total - above - (end - from) * rowHeight);
  return { from, end, above, below };
}

/** The scroll position nearest to `scrollTop` at which `row` is seen as a whole. */
export function scrollTopFor(shape: TableShape, row: number, scrollTop: number): number {
  const { rowHeight, viewHeight } = shape;
  const { scale, maxScroll } = measure(shape);
  const position = Math.min(Math.max(0, scrollTop), maxScroll) * scale;
  const highest = row * rowHeight;
  const lowest = highest + rowHeight - viewHeight;
  if (position >= lowest && position <= highest) return scrollTop;
  const wanted = position > highest ? highest : lowest;
  return Math.min(maxScroll, Math.max(0, wanted / scale));
}

function measure({ rowCount, rowHeight, viewHeight }: TableShape) {
  const full = rowCount * rowHeight;
  const total = Math.min(full, MAX_HEIGHT);
  const maxScroll = Math.max(0, total - viewHeight);
  const scale = maxScroll === 0 ? 1 : (full - viewHeight) / maxScroll;
  return { total, scale, maxScroll };
}
