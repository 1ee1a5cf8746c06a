/**
 * As much of SQLite's lexical rules as is needed to find where statements end and what they begin
 * with. Where a statement really ends is SQLite's own decision (see script.ts).
 */

/** What the scan of a text came to. */
export interface Scan {
  /** Behind the semicolon that stopped it, or the text's end. */
  readonly end: number;
  readonly foundSemicolon: boolean;
  /** There was something that is neither white space nor a comment nor the semicolon. */
  readonly meaningful: boolean;
}

const TAB = 0x09;
const LINE_FEED = 0x0a;
const FORM_FEED = 0x0c;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const DOUBLE_QUOTE = 0x22;
const SINGLE_QUOTE = 0x27;
const ASTERISK = 0x2a;
const MINUS = 0x2d;
const SLASH = 0x2f;
const SEMICOLON = 0x3b;
const LEFT_BRACKET = 0x5b;
const BACKTICK = 0x60;
const BYTE_ORDER_MARK = 0xfeff;

/** Goes on to the next semicolon outside of literals, quoted names and comments. */
export function scanToSemicolon(text: string, from: number): Scan {
  let meaningful = false;
  let at = from;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === SEMICOLON) return { end: at + 1, foundSemicolon: true, meaningful };
    const gapEnd = behindGap(text, at, code);
    if (gapEnd > at) {
      at = gapEnd;
    } else {
      meaningful = true;
      at = behindToken(text, at, code);
    }
  }
  return { end: text.length, foundSemicolon: false, meaningful };
}

/** Where the first character is that is neither white space nor in a comment. */
export function skipGap(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    const end = behindGap(text, at, text.charCodeAt(at));
    if (end === at) break;
    at = end;
  }
  return at;
}

/** Whether there is nothing but white space, comments and semicolons. */
export function isBlank(text: string): boolean {
  let at = 0;
  while (at < text.length) {
    const scan = scanToSemicolon(text, at);
    if (scan.meaningful) return false;
    at = scan.end;
  }
  return true;
}

/** The statement's first word in lower case, behind EXPLAIN; '' where it begins with none. */
export function leadingKeyword(sql: string): string {
  let word = wordAt(sql, skipGap(sql, 0));
  if (word.text === 'explain') {
    word = wordAt(sql, skipGap(sql, word.end));
    if (word.text === 'query') {
      const plan = wordAt(sql, skipGap(sql, word.end));
      word = wordAt(sql, skipGap(sql, plan.end));
    }
  }
  return word.text;
}

const WORD = /[a-z_]+/iy;

function wordAt(text: string, at: number): { readonly text: string; readonly end: number } {
  WORD.lastIndex = at;
  const found = WORD.exec(text);
  return found === null
    ? { text: '', end: at }
    : { text: found[0].toLowerCase(), end: WORD.lastIndex };
}

/** Behind the white space character or comment at `at`; `at` itself where there is none. */
function behindGap(text: string, at: number, code: number): number {
  switch (code) {
    case SPACE:
    case LINE_FEED:
    case CARRIAGE_RETURN:
    case TAB:
    case FORM_FEED:
    case BYTE_ORDER_MARK:
      return at + 1;
    case MINUS:
      return text.charCodeAt(at + 1) === MINUS ? behind(text, '\n', at + 2) : at;
    case SLASH:
      return text.charCodeAt(at + 1) === ASTERISK ? behind(text, '*/', at + 2) : at;
    default:
      return at;
  }
}

/** Behind the literal or quoted name that begins at `at`, or one character on. */
function behindToken(text: string, at: number, code: number): number {
  switch (code) {
    // A doubled quote ends one literal and begins the next: together they are skipped alike.
    case SINGLE_QUOTE:
      return behind(text, "'", at + 1);
    case DOUBLE_QUOTE:
      return behind(text, '"', at + 1);
    case BACKTICK:
      return behind(text, '`', at + 1);
    case LEFT_BRACKET:
      return behind(text, ']', at + 1);
    default:
      return at + 1;
  }
}

function behind(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from);
  return found === -1 ? text.length : found + mark.length;
}
