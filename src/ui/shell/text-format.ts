/**
 * Rows as text, in the modes of sqlite3 and in its words. Pure; what lays text out in columns is in
 * text-columns.ts.
 *
 * Blobs are written as `X'…'` in every mode: their bytes are no text.
 */

import type { SqlValue } from '../../node/sql.ts';
import type { TextMode } from './text-modes.ts';
import { boxText, columnText, lengthOf, markdownText, pad } from './text-columns.ts';
import { jsonText, literalText, valueText } from './value-text.ts';

export type Rows = readonly (readonly SqlValue[])[];

export interface TextFormat {
  readonly mode: TextMode;
  /** Null: as the mode has it. */
  readonly headers: boolean | null;
  /** In place of NULL, where the mode has no word of its own for it. */
  readonly nullText: string;
  /** Between columns of 'list', 'csv' and 'quote'; null: as the mode has it. */
  readonly columnSeparator: string | null;
  readonly rowSeparator: string | null;
  /** Of the columns, for 'column' and 'box'; 0: as wide as it has to be; below 0: to the right. */
  readonly widths: readonly number[];
  /** What 'insert' inserts into. */
  readonly table: string;
}

/** Lines without a line break behind the last one; empty where there is nothing to write. */
export function formatRows(format: TextFormat, columns: readonly string[], rows: Rows): string {
  const { mode, nullText, widths } = format;
  const text = (value: SqlValue): string => valueText(value, nullText);
  switch (mode) {
    case 'box':
      return boxText(columns, rows.map(texts(text)), widths);
    case 'column': {
      const head = format.headers === false ? null : columns;
      return columnText(head, rows.map(texts(text)), widths);
    }
    case 'markdown':
      return markdownText(columns, rows.map(texts(text)), widths);
    case 'list':
      return separated(format, columns, rows, { between: '|', text });
    case 'tabs':
      return separated(format, columns, rows, { between: '\t', text });
    case 'csv':
      return separated(format, columns, rows, { between: ',', text: csvText(format) });
    case 'quote':
      return separated(format, columns, rows, { between: ',', text: literalText });
    case 'line':
      return linesText(columns, rows.map(texts(text)));
    case 'json':
      return jsonRows(columns, rows);
    case 'insert':
      return insertText(format, columns, rows);
    case 'html':
      return htmlText(format, columns, rows.map(texts(text)));
  }
}

function texts(text: (value: SqlValue) => string) {
  return (row: readonly SqlValue[]): string[] => row.map(text);
}

function separated(
  { headers, columnSeparator, rowSeparator }: TextFormat,
  columns: readonly string[],
  rows: Rows,
  style: { readonly between: string; readonly text: (value: SqlValue) => string },
): string {
  const all = headers === true ? [columns, ...rows] : rows;
  const between = columnSeparator ?? style.between;
  return all.map((row) => row.map(style.text).join(between)).join(rowSeparator ?? '\n');
}

function csvText({ nullText, columnSeparator }: TextFormat): (value: SqlValue) => string {
  const separator = columnSeparator ?? ',';
  const needsQuotes = (text: string): boolean =>
    /[^!#-&(-~]/.test(text) || (separator !== '' && text.includes(separator));
  return (value) => {
    const text = valueText(value, nullText);
    if (value === null) return text;
    return text === '' || needsQuotes(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
}

const LINE_MODE_WIDTH = 5;

function linesText(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const width = Math.max(LINE_MODE_WIDTH, ...columns.map(lengthOf));
  const names = columns.map((name) => pad(name, width, 'right'));
  return rows
    .map((row) => names.map((name, at) => `${name} = ${row[at] ?? ''}`).join('\n'))
    .join('\n\n');
}

function jsonRows(columns: readonly string[], rows: Rows): string {
  if (rows.length === 0) return '';
  const names = columns.map((name) => JSON.stringify(name));
  const objects = rows.map((row) => {
    const fields = names.map((name, at) => `${name}:${jsonText(row[at] ?? null)}`);
    return `{${fields.join(',')}}`;
  });
  return `[${objects.join(',\n')}]`;
}

function insertText(format: TextFormat, columns: readonly string[], rows: Rows): string {
  const names = format.headers === true ? `(${columns.map(identifier).join(',')})` : '';
  const head = `INSERT INTO ${quoted(format.table)}${names} VALUES`;
  return rows.map((row) => `${head}(${row.map(literalText).join(',')});`).join('\n');
}

/** A keyword is one that must be quoted, which does no harm to others. */
function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function identifier(name: string): string {
  return /^[a-z_]\w*$/i.test(name) ? name : quoted(name);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function htmlText(
  { headers }: TextFormat,
  columns: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const head = headers === true ? [htmlRow('TH', columns)] : [];
  return [...head, ...rows.map((cells) => htmlRow('TD', cells))].join('\n');
}

function htmlRow(tag: string, cells: readonly string[]): string {
  const marked = cells.map((cell) => {
    const text = cell.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char);
    return `<${tag}>${text}</${tag}>`;
  });
  return `<TR>${marked.join('\n')}\n</TR>`;
}
