/** From SQLite's byte offsets to lines and columns a person can find. Pure. */

export interface TextPosition {
  /** Counted from 1. */
  readonly line: number;
  /** In characters, counted from 1. */
  readonly column: number;
}

/** The line an error is in, cut to fit, and where in it to point. */
export interface Pointer {
  readonly before: string;
  readonly at: string;
  readonly after: string;
}

const CONTEXT_CHARACTERS = 40;
const WORD = /[\p{L}\p{N}_$]+|[\s\S]/uy;

/** The index in UTF-16 units of the character `byteOffset` bytes of UTF-8 behind `start`. */
export function indexOfByte(text: string, start: number, byteOffset: number): number {
  let index = start;
  for (let bytes = 0; bytes < byteOffset && index < text.length;) {
    const code = text.codePointAt(index) ?? 0;
    bytes += utf8Length(code);
    index += code < 0x1_00_00 ? 1 : 2;
  }
  return index;
}

function utf8Length(code: number): number {
  if (code < 0x80) return 1;
  if (code < 0x8_00) return 2;
  return code < 0x1_00_00 ? 3 : 4;
}

export function positionOf(text: string, index: number): TextPosition {
  const before = text.slice(0, index);
  const lineStart = before.lastIndexOf('\n') + 1;
  const line = before.split('\n').length;
  return { line, column: Array.from(before.slice(lineStart)).length + 1 };
}

/** The word at `index`, or the one character where there is none. */
export function wordEnd(text: string, index: number): number {
  WORD.lastIndex = index;
  return index + (WORD.exec(text)?.[0].length ?? 0);
}

/** What to print around the word at `index`. */
export function pointerAt(text: string, index: number): Pointer {
  const lineStart = text.lastIndexOf('\n', index - 1) + 1;
  const newline = text.indexOf('\n', index);
  const lineEnd = newline === -1 ? text.length : newline;
  const end = Math.min(wordEnd(text, index), lineEnd);
  const from = Math.max(lineStart, index - CONTEXT_CHARACTERS);
  const to = Math.min(lineEnd, end + CONTEXT_CHARACTERS);
  const before = `${from > lineStart ? '…' : ''}${text.slice(from, index)}`;
  const after = `${text.slice(end, to)}${to < lineEnd ? '…' : ''}`;
  return { before, at: text.slice(index, end), after };
}
