/**
 * Text laid out in columns: sqlite3's modes box, column and markdown, and the lists of names that
 * `.tables` prints. Widths are counted in characters. Pure.
 */

type Cells = readonly (readonly string[])[];

/** What a layout is drawn with. */
interface Frame {
  readonly left: string;
  readonly between: string;
  readonly right: string;
}

/** One row: for each column the lines its text takes. */
type Wrapped = readonly (readonly string[])[];

export function boxText(head: readonly string[], rows: Cells, widths: readonly number[]): string {
  const layout = new Layout(head, rows, widths);
  const rule = (left: string, between: string, right: string): string =>
    left + layout.widths.map((width) => '─'.repeat(width + 2)).join(between) + right;
  const frame = { left: '│ ', between: ' │ ', right: ' │' };
  const lines = [rule('┌', '┬', '┐'), layout.centred(head, frame), rule('├', '┼', '┤')];
  for (const [at, row] of layout.rows.entries()) {
    if (at > 0 && layout.isTall) lines.push(rule('├', '┼', '┤'));
    lines.push(...layout.lines(row, frame));
  }
  lines.push(rule('└', '┴', '┘'));
  return rows.length === 0 ? '' : lines.join('\n');
}

/** `head` null: without one. */
export function columnText(
  head: readonly string[] | null,
  rows: Cells,
  widths: readonly number[] = [],
): string {
  if (rows.length === 0) return '';
  const layout = new Layout(head ?? [], rows, widths);
  const frame = { left: '', between: '  ', right: '' };
  const lines: string[] = [];
  if (head !== null) {
    lines.push(...layout.lines(layout.wrap(head), frame));
    lines.push(layout.widths.map((width) => '-'.repeat(width)).join('  '));
  }
  for (const [at, row] of layout.rows.entries()) {
    if (at > 0 && layout.isTall) lines.push('');
    lines.push(...layout.lines(row, frame));
  }
  return lines.join('\n');
}

export function markdownText(
  head: readonly string[],
  rows: Cells,
  widths: readonly number[],
): string {
  if (rows.length === 0) return '';
  const layout = new Layout(withoutBars(head), rows.map(withoutBars), widths);
  const frame = { left: '| ', between: ' | ', right: ' |' };
  const rule = `|${layout.widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  const body = layout.rows.flatMap((row) => layout.lines(row, frame));
  return [layout.centred(withoutBars(head), frame), rule, ...body].join('\n');
}

/** In Markdown a bar within a cell would end it. */
function withoutBars(cells: readonly string[]): string[] {
  return cells.map((cell) => cell.replaceAll('|', '\\|'));
}

const LINE_CHARACTERS = 80;

/** Names in as many columns as fit in a line, read downwards. */
export function listText(names: readonly string[]): string {
  const widest = Math.max(0, ...names.map(lengthOf));
  const columns = Math.max(1, Math.floor(LINE_CHARACTERS / (widest + 2)));
  const height = Math.ceil(names.length / columns);
  const lines = Array.from({ length: height }, (_, line) =>
    names
      .filter((_name, at) => at % height === line)
      .map((name) => pad(name, widest, 'left'))
      .join('  ')
      .trimEnd(),
  );
  return lines.join('\n');
}

/** Names and what is to be said of each, a line for each. */
export function factsText(facts: readonly (readonly [string, string | number])[]): string {
  const width = Math.max(...facts.map(([name]) => name.length));
  return facts.map(([name, value]) => `${name.padStart(width)}: ${value}`.trimEnd()).join('\n');
}

class Layout {
  readonly rows: readonly Wrapped[];
  /** Of the columns. */
  readonly widths: readonly number[];
  /** Some row takes more than one line: then rows are told apart by what stands between them. */
  readonly isTall: boolean;
  readonly #given: readonly number[];

  constructor(head: readonly string[], rows: Cells, given: readonly number[]) {
    this.#given = given;
    this.rows = rows.map((row) => this.wrap(row));
    const count = Math.max(head.length, rows[0]?.length ?? 0);
    const widths = Array.from({ length: count }, (_, at) => {
      const asked = Math.abs(given[at] ?? 0);
      return asked === 0 ? lengthOf(head[at] ?? '') : asked;
    });
    for (const row of this.rows) {
      for (const [at, lines] of row.entries()) {
        for (const line of lines) widths[at] = Math.max(widths[at] ?? 0, lengthOf(line));
      }
    }
    this.widths = widths;
    this.isTall = this.rows.some((row) => row.some((lines) => lines.length > 1));
  }

  /** Cut at line breaks, and where a column has a width to stay in. */
  wrap(row: readonly string[]): Wrapped {
    return row.map((text, at) => {
      const width = Math.abs(this.#given[at] ?? 0);
      const lines = text.split(/\r?\n/);
      return width === 0 ? lines : lines.flatMap((line) => pieces(line, width));
    });
  }

  lines(row: Wrapped, frame: Frame): string[] {
    const height = Math.max(1, ...row.map((lines) => lines.length));
    return Array.from({ length: height }, (_, line) => {
      const cells = this.widths.map((width, at) => {
        const side = (this.#given[at] ?? 0) < 0 ? 'right' : 'left';
        return pad(row[at]?.[line] ?? '', width, side);
      });
      return frame.left + cells.join(frame.between) + frame.right;
    });
  }

  centred(head: readonly string[], frame: Frame): string {
    const cells = this.widths.map((width, at) => {
      const text = head[at] ?? '';
      const room = Math.max(0, width - lengthOf(text));
      const before = Math.floor(room / 2);
      return ' '.repeat(before) + text + ' '.repeat(room - before);
    });
    return frame.left + cells.join(frame.between) + frame.right;
  }
}

export function lengthOf(text: string): number {
  // Most text has no character beyond the sixteen bits that a UTF-16 unit has.
  return /[\ud800-\udbff]/.test(text) ? Array.from(text).length : text.length;
}

export function pad(text: string, width: number, side: 'left' | 'right'): string {
  const room = ' '.repeat(Math.max(0, width - lengthOf(text)));
  return side === 'left' ? text + room : room + text;
}

function pieces(line: string, width: number): string[] {
  const chars = Array.from(line);
  const count = Math.max(1, Math.ceil(chars.length / width));
  return Array.from({ length: count }, (_, at) =>
    chars.slice(at * width, (at + 1) * width).join(''),
  );
}
