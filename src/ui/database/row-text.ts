/** Rows as text for other programs: JSON, and tab-separated cells as spreadsheets take them. Pure. */

import type { Row } from '../row-source.ts';
import { jsonText, valueText } from '../shell/value-text.ts';

/** One object on each line. Integers have all their digits, blobs are texts such as `"X'00ff'"`. */
export function jsonRows(columns: readonly string[], rows: readonly Row[]): string {
  const lines = jsonLines(columns, rows);
  return lines.length === 0 ? '[]' : `[\n${lines.join(',\n')}\n]`;
}

export function jsonLines(columns: readonly string[], rows: readonly Row[]): string[] {
  const names = fieldNames(columns).map((name) => JSON.stringify(name));
  return rows.map((row) => {
    const fields = names.map((name, at) => `${name}: ${jsonText(row[at] ?? null)}`);
    return `  { ${fields.join(', ')} }`;
  });
}

/** Columns may have the same name; fields of an object may not: `a`, `a:1`, `a:2`. */
function fieldNames(columns: readonly string[]): string[] {
  const taken = new Set<string>();
  return columns.map((name) => {
    let free = name;
    for (let number = 1; taken.has(free); number += 1) free = `${name}:${number}`;
    taken.add(free);
    return free;
  });
}

/** The first line has the columns' names; NULL is an empty cell. */
export function tabbedRows(columns: readonly string[], rows: readonly Row[]): string {
  const texts = rows.map((row) => row.map((value) => valueText(value, '')));
  return [columns, ...texts].map((line) => line.map(tabbedCell).join('\t')).join('\n');
}

function tabbedCell(text: string): string {
  return /[\t\n\r"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
