/**
 * Where SQL statements end, as `sqlite3_complete` sees it: at a semicolon outside of literals, names
 * and comments, and of CREATE TRIGGER at the one behind its END. Knows no more of SQL than that: it
 * tells when a text is complete and where a line may be a dot-command; what is run is cut into
 * statements by SQLite itself.
 */

const WORD_START = /[\p{L}_]/u;
const WORD = /[\p{L}\p{N}_$]+/uy;
const BLANK = /[\s\uFEFF]/;

/** What has been read of the present statement. */
type Progress =
  /** Nothing but white space and comments. */
  | 'between'
  /** Words that may be the beginning of CREATE TRIGGER. */
  | 'explain'
  | 'create'
  | 'statement'
  | 'trigger'
  /** A statement within the trigger has ended. */
  | 'trigger-semicolon'
  | 'trigger-end';

export class StatementEnds {
  #progress: Progress = 'between';
  /** A literal, name or comment is open where the text ends. */
  #isOpen = false;

  /** How many statements have begun. */
  statements = 0;
  /** Of the last of them the first word, in lower case; empty: it begins with none. */
  firstWord = '';

  /** Everything so far is ended statements. */
  get isBetween(): boolean {
    return this.#progress === 'between' && !this.#isOpen;
  }

  /** Reads the token at `at`, which begins no other; answers where the next one begins. */
  read(text: string, at: number): number {
    const char = text.charAt(at);
    if (text.startsWith('--', at)) return this.#behind(text, '\n', at + 2, false);
    if (text.startsWith('/*', at)) return this.#behind(text, '*/', at + 2, true);
    if (BLANK.test(char)) return at + 1;
    if (char === ';') return this.#semicolon(at);
    if (WORD_START.test(char)) return this.#word(text, at);
    this.#begin('');
    this.#progress = afterOther(this.#progress);
    // A doubled quote within is read as two literals side by side, which ends in the same place.
    if (char === "'" || char === '"' || char === '`') return this.#behind(text, char, at + 1, true);
    if (char === '[') return this.#behind(text, ']', at + 1, true);
    return at + 1;
  }

  #behind(text: string, mark: string, from: number, mustClose: boolean): number {
    const found = text.indexOf(mark, from);
    if (found !== -1) return found + mark.length;
    this.#isOpen = mustClose;
    return text.length;
  }

  #begin(word: string): void {
    if (this.#progress !== 'between') return;
    this.statements += 1;
    this.firstWord = word;
  }

  #semicolon(at: number): number {
    const isInTrigger = this.#progress === 'trigger' || this.#progress === 'trigger-semicolon';
    this.#progress = isInTrigger ? 'trigger-semicolon' : 'between';
    return at + 1;
  }

  #word(text: string, at: number): number {
    WORD.lastIndex = at;
    const word = WORD.exec(text)?.[0] ?? text.charAt(at);
    this.#begin(word.toLowerCase());
    this.#progress = afterWord(this.#progress, word.toLowerCase());
    return at + word.length;
  }
}

function afterWord(progress: Progress, word: string): Progress {
  switch (progress) {
    case 'between':
      if (word === 'explain') return 'explain';
      return word === 'create' ? 'create' : 'statement';
    case 'explain':
      if (word === 'query' || word === 'plan') return 'explain';
      return word === 'create' ? 'create' : 'statement';
    case 'create':
      if (word === 'temp' || word === 'temporary') return 'create';
      return word === 'trigger' ? 'trigger' : 'statement';
    case 'statement':
      return 'statement';
    case 'trigger-semicolon':
      return word === 'end' ? 'trigger-end' : 'trigger';
    case 'trigger':
    case 'trigger-end':
      return 'trigger';
  }
}

function afterOther(progress: Progress): Progress {
  return progress.startsWith('trigger') ? 'trigger' : 'statement';
}
