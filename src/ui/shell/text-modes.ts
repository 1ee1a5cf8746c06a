/** The modes that show rows as text: those of sqlite3. */

export const TEXT_MODES = [
  'box',
  'column',
  'csv',
  'html',
  'insert',
  'json',
  'line',
  'list',
  'markdown',
  'quote',
  'tabs',
] as const;

export type TextMode = (typeof TEXT_MODES)[number];
