/**
 * Comma-separated values as text (RFC 4180), read bit by bit and written row by row.
 *
 * A field in quotes is told from one without: that is how an empty text differs from NULL, and a text
 * that looks like a number or a blob from what it looks like. Lines end with CR LF or LF; inside of
 * quotes they are part of the field. A quote in a field that does not begin with one stands for itself.
 * A line of nothing is an empty field where rows have one field, and else no row.
 */

import type { SqlValue } from '../node/sql.ts';
import { isInt64 } from './arguments.ts';

export interface CsvField {
  readonly text: string;
  readonly isQuoted: boolean;
}

export interface CsvRow {
  /** The line it begins in, counted from 1. */
  readonly line: number;
  readonly fields: readonly CsvField[];
  /** Why it cannot be read; null: it can. */
  readonly fault: string | null;
}

/**
 * How blobs are written: as SQL writes them, `X'0aff'`, or in base64.
 *
 * @category Files
 *
 * @example
 * ```ts
 * import { open, type CsvBlobs } from 'resqlite';
 *
 * const db = await open();
 * const written = async (blobs: CsvBlobs) =>
 *   (await db.exportCsv("SELECT X'0AFF'", [], { blobs, header: false })).text();
 * await written('hex'); // => "X'0aff'\r\n"
 * await written('base64'); // => 'Cv8=\r\n'
 * ```
 */
export type CsvBlobs = 'hex' | 'base64';

const QUOTE = '"';
const AFTER_QUOTE = 'a quoted field goes on behind its closing quote';
const TOO_LARGE = 'a field is too large';
const UNCLOSED = 'a quoted field has no closing quote';

/** A field of more characters is not kept, however long the quote that has no end. */
const MAX_FIELD_CHARACTERS = 16 * 1024 * 1024;

/** Where the reader is in a field. */
type Place = 'begin' | 'plain' | 'quoted' | 'behind-quote';

export class CsvReader {
  readonly #separator: string;
  #place: Place = 'begin';
  #text = '';
  #fields: CsvField[] = [];
  #line = 1;
  #rowLine = 1;
  #fault: string | null = null;

  /** One character, neither a quote nor a line's end. */
  constructor(separator: string) {
    this.#separator = separator;
  }

  /** Takes the text's next part and gives the rows that end in it. */
  *push(part: string): Generator<CsvRow, void> {
    let at = 0;
    while (at < part.length) {
      if (this.#place === 'quoted') {
        at = this.#takeQuoted(part, at);
        continue;
      }
      const character = part.charAt(at);
      if (character === this.#separator) {
        this.#endField();
        at += 1;
      } else if (character === '\n') {
        this.#line += 1;
        yield this.#endRow();
        at += 1;
      } else if (character === QUOTE && this.#place !== 'plain') {
        // Behind a closing quote a second one is a quote of the text.
        if (this.#place === 'behind-quote') this.#text += QUOTE;
        this.#place = 'quoted';
        at += 1;
      } else if (this.#place === 'behind-quote' && character === '\r') {
        at += 1;
      } else {
        if (this.#place === 'behind-quote') this.#fault ??= AFTER_QUOTE;
        at = this.#takePlain(part, at);
      }
    }
  }

  /** There is no more text: gives the last row where no line's end closed it. */
  *end(): Generator<CsvRow, void> {
    if (this.#place === 'quoted') this.#fault ??= UNCLOSED;
    if (this.#place !== 'begin' || this.#fields.length > 0) yield this.#endRow();
  }

  #takeQuoted(part: string, from: number): number {
    const quote = part.indexOf(QUOTE, from);
    const end = quote === -1 ? part.length : quote;
    const taken = part.slice(from, end);
    this.#append(taken);
    for (let at = taken.indexOf('\n'); at !== -1; at = taken.indexOf('\n', at + 1)) this.#line += 1;
    if (quote === -1) return end;
    this.#place = 'behind-quote';
    return end + 1;
  }

  #takePlain(part: string, from: number): number {
    let end = from;
    while (end < part.length && part[end] !== this.#separator && part[end] !== '\n') end += 1;
    this.#append(part.slice(from, end));
    this.#place = 'plain';
    return end;
  }

  #append(text: string): void {
    if (this.#text.length + text.length <= MAX_FIELD_CHARACTERS) this.#text += text;
    else this.#fault ??= TOO_LARGE;
  }

  #endField(): void {
    const isQuoted = this.#place === 'quoted' || this.#place === 'behind-quote';
    this.#fields.push({ text: this.#text, isQuoted });
    this.#text = '';
    this.#place = 'begin';
  }

  #endRow(): CsvRow {
    if (this.#place === 'plain' && this.#text.endsWith('\r')) this.#text = this.#text.slice(0, -1);
    this.#endField();
    const row = { line: this.#rowLine, fields: this.#fields, fault: this.#fault };
    this.#fields = [];
    this.#fault = null;
    this.#rowLine = this.#line;
    return row;
  }
}

const BLOB = /^X'(?:[0-9a-f]{2})*'$/i;
/** No superfluous zero in front: what begins with one is a code rather than a number. */
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?$/i;
const INTEGER = /^-?\d+$/;

/** The number that the text is, exactly where it is an integer; null: it is none. */
export function csvNumber(text: string): number | bigint | null {
  if (!NUMBER.test(text)) return null;
  const number = Number(text);
  if (!INTEGER.test(text)) return number;
  if (Number.isSafeInteger(number)) return number;
  const integer = BigInt(text);
  return isInt64(integer) ? integer : null;
}

/** The bytes that `X'…'` stands for; null: it is nothing of the kind. */
export function csvBlob(text: string): Uint8Array | null {
  if (!BLOB.test(text)) return null;
  const pairs = text.slice(2, -1).match(/../g) ?? [];
  return Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16));
}

/**
 * One row with its line's end, CR LF. NULL is nothing; a text is quoted where it is empty, contains
 * what has a meaning, or could be taken for a number or a blob; numbers are written exactly.
 */
export function csvLine(values: readonly SqlValue[], separator: string, blobs: CsvBlobs): string {
  return `${values.map((value) => csvField(value, separator, blobs)).join(separator)}\r\n`;
}

function csvField(value: SqlValue, separator: string, blobs: CsvBlobs): string {
  switch (typeof value) {
    case 'string':
      return needsQuotes(value, separator) ? quoted(value) : value;
    case 'number':
      // As SQL writes what is beyond all numbers.
      if (!Number.isFinite(value)) return value > 0 ? '1e999' : '-1e999';
      return String(value);
    case 'bigint':
      return String(value);
    default:
      if (value === null) return '';
      return blobs === 'hex' ? `X'${hex(value)}'` : base64(value);
  }
}

function needsQuotes(text: string, separator: string): boolean {
  return (
    text === '' ||
    text.includes(separator) ||
    /["\r\n]|^\s|\s$/.test(text) ||
    NUMBER.test(text) ||
    BLOB.test(text)
  );
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}
