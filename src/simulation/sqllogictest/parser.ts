/**
 * The format of SQLite's logic tests, as its description publishes it: records of lines, divided by
 * blank lines; a line that begins with # is a comment.
 *
 *   statement ok | statement error [message]
 *   SQL, up to the end of the record
 *
 *   query TYPES [nosort | rowsort | valuesort] [label]
 *   SQL, up to a line ----, behind which stand the expected values, one a line, or one line
 *   `N values hashing to MD5`; where nothing follows no row is expected
 *
 *   skipif ENGINE | onlyif ENGINE         before the record that they are about
 *   hash-threshold N                      from so many values on results are written as a hash
 *   halt                                  the rest of the file is left out
 *
 * Every engine here is known as `sqlite`; SQLite alone also as `bare`, a cluster as `resqlite` and as
 * `cluster` (simulated) or `tabs`.
 *
 * The message of an error is part of the one that is expected, or a regular expression between
 * slashes. Everything that is none of this is an error, which tells file, line and reason.
 */

export interface Condition {
  readonly type: 'skipif' | 'onlyif';
  /** In lower case. */
  readonly engine: string;
}

interface Placed {
  /** Of the record's command, counted from 1. */
  readonly line: number;
  readonly conditions: readonly Condition[];
}

export interface StatementRecord extends Placed {
  readonly type: 'statement';
  readonly sql: string;
  /** Null: it succeeds. */
  readonly error: RegExp | null;
}

export type SortMode = 'nosort' | 'rowsort' | 'valuesort';

export type Expected =
  | { readonly type: 'values'; readonly values: readonly string[] }
  | { readonly type: 'hash'; readonly count: number; readonly md5: string };

export interface QueryRecord extends Placed {
  readonly type: 'query';
  readonly sql: string;
  /** A letter for each column: T, I or R. */
  readonly types: string;
  readonly sortMode: SortMode;
  /** Results of one label are the same. */
  readonly label: string | null;
  readonly expected: Expected;
  /** The lines that the expected values take, for whoever writes others; from, and before to. */
  readonly resultLines: { readonly from: number; readonly to: number };
}

export interface HashThresholdRecord extends Placed {
  readonly type: 'hash-threshold';
  /** 0: never. */
  readonly count: number;
}

export interface HaltRecord extends Placed {
  readonly type: 'halt';
}

export type LogicRecord = StatementRecord | QueryRecord | HashThresholdRecord | HaltRecord;

/** What is wrong with a file, and where. */
export class MalformedFile extends Error {
  override readonly name = 'MalformedFile';

  constructor(file: string, line: number, reason: string) {
    super(`${file}:${line}: ${reason}`);
  }
}

const DIVIDER = '----';
const HASHED = /^(\d+) values? hashing to ([\da-f]{32})$/;

/** Throws `MalformedFile`. */
export function parseLogicTest(file: string, text: string): LogicRecord[] {
  return new Parser(file, text).parse();
}

class Parser {
  readonly #file: string;
  readonly #lines: readonly string[];
  /** The next line, counted from 0. */
  #at = 0;
  #conditions: Condition[] = [];

  constructor(file: string, text: string) {
    this.#file = file;
    const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
    if (lines.at(-1) === '') lines.pop();
    this.#lines = lines;
  }

  parse(): LogicRecord[] {
    const records: LogicRecord[] = [];
    for (; this.#at < this.#lines.length; this.#at += 1) {
      const line = this.#lines[this.#at] ?? '';
      if (line.trim() === '' || line.startsWith('#')) continue;
      const record = this.#record(line);
      if (record === null) continue;
      records.push(record);
      this.#conditions = [];
    }
    if (this.#conditions.length > 0) throw this.#error('no record follows the condition', -1);
    return records;
  }

  /** Null for a condition, which belongs to the next record. */
  #record(line: string): LogicRecord | null {
    const [command = '', ...words] = line.trim().split(/\s+/);
    const placed = { line: this.#at + 1, conditions: this.#conditions };
    switch (command) {
      case 'skipif':
      case 'onlyif':
        this.#conditions.push({ type: command, engine: this.#onlyWord(words).toLowerCase() });
        return null;
      case 'halt':
        if (words.length > 0) throw this.#error('halt takes nothing');
        return { ...placed, type: 'halt' };
      case 'hash-threshold':
        return { ...placed, type: 'hash-threshold', count: this.#count(this.#onlyWord(words)) };
      case 'statement':
        return { ...placed, type: 'statement', error: this.#outcome(line), sql: this.#sql() };
      case 'query':
        return this.#query(words, placed);
      default:
        throw this.#error(`there is no record ${command}`);
    }
  }

  #query(words: readonly string[], placed: Placed): QueryRecord {
    const [types, sortMode = 'nosort', label = null, ...others] = words;
    if (types === undefined) throw this.#error('a query has types: a letter T, I or R a column');
    if (!/^[TIR]+$/.test(types)) throw this.#error(`the types ${types} are not of T, I and R`);
    if (sortMode !== 'nosort' && sortMode !== 'rowsort' && sortMode !== 'valuesort') {
      throw this.#error(`the order ${sortMode} is none of nosort, rowsort and valuesort`);
    }
    if (others.length > 0) throw this.#error(`nothing may follow the label: ${others.join(' ')}`);
    const sql = this.#sql();
    const from = this.#at + 2;
    const values = this.#lines[this.#at + 1] === DIVIDER ? this.#values() : [];
    const resultLines = { from, to: this.#at + 2 };
    const expected = this.#expected(values, types.length);
    return { ...placed, type: 'query', sql, types, sortMode, label, expected, resultLines };
  }

  #outcome(line: string): RegExp | null {
    const [, word = '', rest = ''] = /^\s*statement\s*(\S*)\s*(.*?)\s*$/.exec(line) ?? [];
    if (word === 'ok') {
      if (rest !== '') throw this.#error(`nothing may follow ok: ${rest}`);
      return null;
    }
    if (word !== 'error') throw this.#error('a statement is ok or error');
    const [, expression] = /^\/(.+)\/$/.exec(rest) ?? [];
    if (expression === undefined) return new RegExp(rest.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&'));
    try {
      return new RegExp(expression);
    } catch (error) {
      throw this.#error(error instanceof Error ? error.message : 'no regular expression');
    }
  }

  /** Leaves the parser on the last line of it. */
  #sql(): string {
    const lines: string[] = [];
    for (;;) {
      const line = this.#lines[this.#at + 1];
      if (line === undefined || line.trim() === '' || line === DIVIDER) break;
      lines.push(line);
      this.#at += 1;
    }
    if (lines.length === 0) throw this.#error('no SQL follows');
    return lines.join('\n');
  }

  #values(): string[] {
    this.#at += 1;
    const values: string[] = [];
    for (;;) {
      const line = this.#lines[this.#at + 1];
      if (line === undefined || line === '') return values;
      values.push(line);
      this.#at += 1;
    }
  }

  #expected(values: readonly string[], columns: number): Expected {
    const [, count, md5] = HASHED.exec(values[0] ?? '') ?? [];
    if (count === undefined || md5 === undefined || values.length > 1) {
      if (values.length % columns === 0) return { type: 'values', values };
      throw this.#error(`${values.length} values are no rows of ${columns} columns`);
    }
    return { type: 'hash', count: this.#count(count), md5 };
  }

  #onlyWord(words: readonly string[]): string {
    const [word] = words;
    if (word === undefined || words.length > 1) throw this.#error('one word has to follow');
    return word;
  }

  #count(text: string): number {
    const count = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(count)) {
      throw this.#error(`${text} is no number of values`);
    }
    return count;
  }

  /** At the parser's line, or so many lines from it. */
  #error(reason: string, offset = 0): MalformedFile {
    return new MalformedFile(this.#file, this.#at + 1 + offset, reason);
  }
}
