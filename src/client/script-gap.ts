/**
 * What may stand between two SQL statements and means nothing: white space, semicolons, a byte order
 * mark, comments. An unclosed comment reaches to the end, as it does for SQLite.
 */

const BLANK = /[\s;\uFEFF]/;
const VACUUM = /vacuum\b/iy;
const READS = /(?:select|values|explain|pragma)\b/iy;

/** Where the first meaningful character at or behind `from` is; the text's end if there is none. */
function skipGap(text: string, from: number): number {
  let at = from;
  for (let next = behindGap(text, at); next > at; next = behindGap(text, at)) at = next;
  return at;
}

/** Whether the pattern, which is sticky, matches the first meaningful words. */
export function beginsWith(text: string, pattern: RegExp): boolean {
  pattern.lastIndex = skipGap(text, 0);
  return pattern.test(text);
}

/** Whether it is one text, and its first word is `VACUUM`. */
export function beginsWithVacuum(sql: unknown): sql is string {
  return typeof sql === 'string' && beginsWith(sql, VACUUM);
}

/** Whether its first word is one of a statement that reads, or of a PRAGMA. Behind WITH either may come. */
export function beginsWithRead(sql: string): boolean {
  return beginsWith(sql, READS);
}

/** Behind the white space character or comment at `at`, or `at` itself if there is none. */
export function behindGap(text: string, at: number): number {
  if (text.startsWith('--', at)) return behind(text, '\n', at);
  if (text.startsWith('/*', at)) return behind(text, '*/', at + 2);
  return BLANK.test(text.charAt(at)) ? at + 1 : at;
}

function behind(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from);
  return found === -1 ? text.length : found + mark.length;
}
