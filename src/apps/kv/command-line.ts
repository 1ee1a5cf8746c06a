/**
 * The store's command language: one command a line, its words separated by spaces. A word in "…" may
 * hold spaces and the escapes \n \r \t \\ \" \xHH \u{H…}; in '…' only \' and \\ are escapes. Names of
 * commands are understood in any case. What the original's client prints is printed in its words.
 */

import { aborted } from '../../client/call-limits.ts';
import { ResqliteError, toResqliteError } from '../../client/errors.ts';
import { LIST_KEYS, type KeyValueStore } from './kv.ts';
import { byteLength } from './texts.ts';

export interface Word {
  readonly text: string;
  /** In quotes: it is never the name `nil`. */
  readonly isQuoted: boolean;
}

export interface Printed {
  readonly kind: 'answer' | 'help' | 'error';
  /** May have several lines. */
  readonly text: string;
}

export interface Usage {
  readonly name: string;
  readonly words: string;
  readonly does: string;
}

const USAGES: readonly Usage[] = [
  { name: 'GET', words: 'key', does: 'reads; a missing key is empty' },
  { name: 'PUT', words: 'key value', does: 'sets the value; "" is the empty one' },
  { name: 'APPEND', words: 'key value', does: 'adds to its end' },
  { name: 'DELETE', words: 'key', does: 'takes the key away (also DEL)' },
  { name: 'LIST', words: '[prefix [after]]', does: `tells the next ${LIST_KEYS} keys (also KEYS)` },
  { name: 'CAS', words: 'key old new', does: 'sets new where it is old; nil: where it is missing' },
  { name: 'WATCH', words: 'key', does: 'tells of every change, until UNWATCH' },
  { name: 'UNWATCH', words: '', does: 'ends all watches' },
  { name: 'HELP', words: '', does: 'tells all this' },
];

const ALIASES: Readonly<Record<string, string>> = { DEL: 'DELETE', KEYS: 'LIST' };
const MOST_WATCHES = 8;
/** How much of a value is printed, in UTF-16 units. */
const MOST_SHOWN = 4_000;
const UNKNOWN = 'Not supported method';
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };
const HEX_ESCAPE = /^(?:x([0-9a-f]{2})|u\{([0-9a-f]{1,6})\})/iu;
const HIGHEST_CODE_POINT = 0x10_ff_ff;
const QUOTES = new Set(['"', "'"]);

/** A line that cannot be understood; the message is for the person who typed it. */
class CommandError extends Error {
  override readonly name = 'CommandError';
}

export class CommandLine {
  readonly #store: KeyValueStore;
  readonly #print: (printed: Printed) => void;
  readonly #watches = new Map<string, () => void>();
  #isClosed = false;

  /** What is watched is printed, too, whenever it changes. */
  constructor(store: KeyValueStore, print: (printed: Printed) => void) {
    this.#store = store;
    this.#print = print;
  }

  /** Prints what came of it, errors too; does not reject. */
  async run(line: string, signal?: AbortSignal): Promise<void> {
    try {
      const [name, ...args] = wordsOf(line);
      if (name === undefined) return;
      // It may have waited for its turn.
      if (signal?.aborted === true) throw aborted('no');
      if (this.#isClosed) throw closedLine();
      await this.#carryOut(nameOf(name.text), args, signal);
    } catch (error) {
      this.#print({ kind: 'error', text: describe(error) });
    }
  }

  /** Ends what is watched; nothing is carried out any more. */
  close(): void {
    this.#isClosed = true;
    this.#endWatches();
  }

  #endWatches(): void {
    for (const end of this.#watches.values()) end();
    this.#watches.clear();
  }

  async #carryOut(
    name: string,
    args: readonly Word[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const options = { signal };
    switch (name) {
      case 'GET': {
        const [key] = texts(name, args, 1);
        const value = await this.#store.get(key, given(signal));
        return this.#answer(`Get(${key}) -> ${shown(value)}`);
      }
      case 'PUT':
      case 'APPEND': {
        // As the original says it; here an empty one may be given in quotes.
        if (args.length === 1) throw new CommandError(`Cannot ${name} empty value`);
        const [key, value] = texts(name, args, 2);
        if (name === 'PUT') await this.#store.put(key, value, options);
        else await this.#store.append(key, value, options);
        return this.#answer(`${name === 'PUT' ? 'Put' : 'Append'}(${key}, ${shown(value)})`);
      }
      case 'DELETE': {
        const [key] = texts(name, args, 1);
        const { outcome } = await this.#store.delete(key, options);
        return this.#answer(`Delete(${key})${outcome === 'missing' ? ' -> there was none' : ''}`);
      }
      case 'CAS':
        return this.#compareAndSet(args, signal);
      case 'LIST':
        return this.#list(args, signal);
      case 'WATCH':
        return this.#watch(...texts(name, args, 1));
      case 'UNWATCH':
        texts(name, args, 0);
        this.#answer(`Unwatch(${[...this.#watches.keys()].join(', ')})`);
        return this.#endWatches();
      case 'HELP':
        return this.#print({ kind: 'help', text: HELP });
      default:
        throw new CommandError(UNKNOWN);
    }
  }

  async #compareAndSet(args: readonly Word[], signal: AbortSignal | undefined): Promise<void> {
    const [key, old, value] = texts('CAS', args, 3);
    const isNil = args[1]?.isQuoted === false && old.toLowerCase() === 'nil';
    const isSet = await this.#store.compareAndSet(key, isNil ? null : old, value, { signal });
    this.#answer(`CompareAndSet(${key}, ${shown(old)}, ${shown(value)}) -> ${isSet}`);
  }

  async #list(args: readonly Word[], signal: AbortSignal | undefined): Promise<void> {
    if (args.length > 2) throw new CommandError(usageOf('LIST'));
    const prefix = args[0]?.text ?? '';
    const after = args[1]?.text ?? null;
    const { keys, next } = await this.#store.list(prefix, { after, ...given(signal) });
    const lines = keys.map(({ key, start }) => `  ${key} -> ${oneLine(start)}`);
    if (next !== null) lines.push(`  more: LIST ${quoted(prefix)} ${quoted(next)}`);
    this.#answer([`List(${prefix}) -> ${keys.length}`, ...lines].join('\n'));
  }

  #watch(key: string): void {
    if (this.#watches.has(key)) return;
    if (this.#watches.size >= MOST_WATCHES) {
      throw new CommandError(`Cannot WATCH more than ${MOST_WATCHES} keys`);
    }
    const onError = (error: unknown): void => {
      this.#print({ kind: 'error', text: describe(error) });
    };
    const onEntry = (entry: { readonly value: string } | null): void => {
      this.#answer(`Watch(${key}) -> ${shown(entry?.value ?? '')}`);
    };
    this.#watches.set(key, this.#store.watch(key, onEntry, onError));
  }

  #answer(text: string): void {
    this.#print({ kind: 'answer', text });
  }
}

/** Throws `CommandError` where a quote is not closed. */
export function wordsOf(line: string): Word[] {
  const words: Word[] = [];
  let at = 0;
  while (at < line.length) {
    if (/\s/u.test(line[at] ?? '')) {
      at += 1;
      continue;
    }
    const quote = line[at] ?? '';
    if (QUOTES.has(quote)) {
      const { text, end } = quotedWord(line, at + 1, quote);
      words.push({ text, isQuoted: true });
      at = end;
    } else {
      const text = /^\S+/u.exec(line.slice(at))?.[0] ?? '';
      words.push({ text, isQuoted: false });
      at += text.length;
    }
  }
  return words;
}

/** Names of commands that begin so, for completion; whole lines are left alone. */
export function completionsOf(line: string): string[] {
  if (line === '' || /\s/u.test(line)) return [];
  return USAGES.map(({ name }) => name).filter((name) => name.startsWith(line.toUpperCase()));
}

/** Of the word that begins behind the quote; `end` is behind the closing one. */
function quotedWord(line: string, from: number, quote: string): { text: string; end: number } {
  let text = '';
  let at = from;
  for (; at < line.length; at += 1) {
    const character = line[at] ?? '';
    if (character === quote) return { text, end: closed(line, at + 1) };
    if (character !== '\\') {
      text += character;
      continue;
    }
    const escape = escapeAt(line, at + 1, quote);
    text += escape.text;
    at += escape.length;
  }
  throw new CommandError(`A ${quote} is not closed`);
}

function escapeAt(line: string, at: number, quote: string): { text: string; length: number } {
  const character = line[at] ?? '';
  if (quote === "'") {
    const isEscape = character === "'" || character === '\\';
    return isEscape ? { text: character, length: 1 } : { text: '\\', length: 0 };
  }
  const hex = HEX_ESCAPE.exec(line.slice(at));
  if (hex === null) return { text: ESCAPES[character] ?? character, length: 1 };
  const codePoint = Number.parseInt(hex[1] ?? hex[2] ?? '', 16);
  if (codePoint > HIGHEST_CODE_POINT) throw new CommandError(`There is no \\${hex[0]}`);
  return { text: String.fromCodePoint(codePoint), length: hex[0].length };
}

function closed(line: string, at: number): number {
  if (at < line.length && !/\s/u.test(line[at] ?? '')) {
    throw new CommandError('A space is missing behind a closing quote');
  }
  return at;
}

function nameOf(word: string): string {
  const name = word.toUpperCase();
  return ALIASES[name] ?? name;
}

type Texts<Count extends number> = Count extends 1
  ? [string]
  : Count extends 2
    ? [string, string]
    : string[] & { readonly 0: string; readonly 1: string; readonly 2: string };

/** Throws where there are not so many. */
function texts<Count extends 0 | 1 | 2 | 3>(
  name: string,
  args: readonly Word[],
  count: Count,
): Texts<Count> {
  if (args.length !== count) throw new CommandError(usageOf(name));
  return args.map(({ text }) => text) as Texts<Count>;
}

function usageOf(name: string): string {
  const words = USAGES.find((usage) => usage.name === name)?.words ?? '';
  return `Usage: ${name} ${words}`.trimEnd();
}

const HELP = [
  ...USAGES.map(({ name, words, does }) => `${`${name} ${words}`.trimEnd()}: ${does}`),
  'A word with spaces goes into "…" or \'…\'; \\n, \\t, \\", \\xHH and \\u{H} are understood in "…".',
].join('\n');

function given(signal: AbortSignal | undefined): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

/** As one word of a command. */
export function quoted(text: string): string {
  return /^[^\s"'\\]+$/u.test(text) ? text : `"${text.replace(/["\\]/gu, '\\$&')}"`;
}

/** The text, or where it is long its beginning and its size. */
export function shown(text: string): string {
  if (text.length <= MOST_SHOWN) return text;
  const start = text.slice(0, MOST_SHOWN).replace(/[\ud800-\udbff]$/u, '');
  return `${start}… (${byteLength(text)} bytes)`;
}

function closedLine(): ResqliteError {
  const message = 'this command line was closed';
  return new ResqliteError({ code: 'Closed', applied: 'no', message, sqlite: null });
}

function oneLine(text: string): string {
  return text.replace(/\s+/gu, ' ');
}

function describe(error: unknown): string {
  if (error instanceof CommandError) return error.message;
  const { code, message, applied } = toResqliteError(error);
  const note = applied === 'unknown' ? ' (nobody knows whether it took effect)' : '';
  return `${code}: ${message}${note}`;
}
