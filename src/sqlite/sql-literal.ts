/**
 * Names and values as SQL, written as sqlite3's `.dump` writes them, so that scripts can be compared
 * byte by byte. Every SQLite reads them back as the same values.
 */

import type { Connection } from './connection.ts';
import { SQLITE_BLOB, SQLITE_FLOAT, SQLITE_INTEGER, SQLITE_TEXT } from './raw-api.ts';
import type { RawValue, Statement } from './statement.ts';

const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** The bounds of 64-bit integers, as reals. */
const LEAST_INTEGER = -(2 ** 63);
const INTEGER_END = 2 ** 63;
const NUL = 0;

/** A text in single quotes. */
export function quotedText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A name in double quotes. */
export function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Writes values of one database; to be finished with `close`. */
export class LiteralWriter {
  readonly #connection: Connection;
  readonly #format: Statement;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#format = connection.prepare("SELECT format('%!.20g', ?1)");
  }

  close(): void {
    this.#format.finalize();
  }

  /** A name, in quotes only where it needs them. */
  name(name: string): string {
    const { api } = this.#connection;
    if (!PLAIN_NAME.test(name)) return quotedName(name);
    const { pointer, bytes } = this.#connection.writeText(name);
    return api.sqlite3_keyword_check(pointer, bytes) === 0 ? name : quotedName(name);
  }

  literal({ type, value }: RawValue): string {
    switch (type) {
      case SQLITE_INTEGER:
        return String(value);
      case SQLITE_FLOAT:
        return this.#real(Number(value));
      case SQLITE_TEXT:
        return value instanceof Uint8Array ? this.#text(value) : 'NULL';
      case SQLITE_BLOB:
        return value instanceof Uint8Array ? blobLiteral(value) : 'NULL';
      default:
        return 'NULL';
    }
  }

  /** Enough digits to be read back exactly, and a point or an exponent, or it would be an integer. */
  #real(value: number): string {
    if (value === Infinity) return '1e999';
    if (value === -Infinity) return '-1e999';
    if (Number.isInteger(value) && value >= LEAST_INTEGER && value < INTEGER_END) {
      return `${BigInt(value)}.0`;
    }
    this.#format.bindValue(1, value);
    const [text] = this.#format.firstRow();
    this.#format.reset();
    return String(text);
  }

  /** What is no text that SQL could hold is made from its bytes. */
  #text(bytes: Uint8Array): string {
    if (bytes.includes(NUL)) return `CAST(${blobLiteral(bytes)} AS TEXT)`;
    let text: string;
    try {
      text = this.#decoder.decode(bytes);
    } catch {
      return `CAST(${blobLiteral(bytes)} AS TEXT)`;
    }
    return textLiteral(text);
  }
}

/** Line ends stand as marks that do not occur in the text: a script may change line ends on its way. */
function textLiteral(text: string): string {
  const lineFeed = text.includes('\n') ? unusedMark(text, '\\n', '\\012') : null;
  const carriageReturn = text.includes('\r') ? unusedMark(text, '\\r', '\\015') : null;
  let literal = quotedText(text);
  if (carriageReturn !== null) {
    const marked = literal.replaceAll('\r', carriageReturn);
    literal = `replace(${marked},'${carriageReturn}',char(13))`;
  }
  if (lineFeed !== null) {
    const marked = literal.replaceAll('\n', lineFeed);
    literal = `replace(${marked},'${lineFeed}',char(10))`;
  }
  return literal;
}

function unusedMark(text: string, first: string, second: string): string {
  if (!text.includes(first)) return first;
  if (!text.includes(second)) return second;
  for (let number = 0; ; number += 1) {
    const mark = `(${first}${number})`;
    if (!text.includes(mark)) return mark;
  }
}

function blobLiteral(bytes: Uint8Array): string {
  let hex = '';
  for (const byte of bytes) hex += HEX_OF_BYTE[byte];
  return `X'${hex}'`;
}

const HEX_OF_BYTE: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, '0'),
);
