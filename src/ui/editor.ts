/** What the console needs of an editor, whichever is there. */

/** The selected text where there is any, else all of it. */
export interface EditorScript {
  readonly text: string;
  /** Where in the document it begins. */
  readonly base: number;
}

/** What one editor leaves to the next. */
export interface EditorContent {
  /** Which document it is. */
  readonly document: number;
  readonly text: string;
  /** The selection: where it was begun, and where the cursor is. */
  readonly anchor: number;
  readonly head: number;
}

export interface EditorEvents {
  /** `isEntered`: by Enter alone, as in a shell. False: it cannot be run now. */
  run(isEntered: boolean): boolean;
  /** The history entry before (1) or after (-1) the one shown; null where there is none. */
  recall(direction: 1 | -1): string | null;
  /** The text has become another one. */
  changed(): void;
}

export interface Editor {
  readonly script: EditorScript;
  /** All of it. */
  readonly text: string;
  /** Where the cursor is. */
  readonly head: number;
  /** Shows that document, whose text is `text`. What can be undone is the document's own. */
  show(document: number, text: string): void;
  /** That document, which is not shown, is shown no more. */
  forget(document: number): void;
  /** The script still stands where it was taken from. */
  holds(script: EditorScript): boolean;
  replace(text: string): void;
  /** Shows where an error is, until the text changes; null: nowhere. */
  mark(range: { readonly from: number; readonly to: number } | null): void;
  /** Puts the cursor there and brings it into sight. */
  goTo(index: number): void;
  focus(): void;
  /** Column names by table, for completion. */
  setSchema(schema: Readonly<Record<string, readonly string[]>>): void;
  destroy(): void;
}

export const EDITOR_LABEL = 'SQL';
export const EDITOR_PLACEHOLDER = 'SQL, and commands such as .tables; .help lists them';

/**
 * Whether Enter runs the text: at the end of one that is complete. Anywhere else it adds a line.
 * `isComplete`: as the shell judges it.
 */
export function isEntered(
  text: string,
  head: number,
  isComplete: (script: string) => boolean,
): boolean {
  const lineEnd = text.indexOf('\n', head);
  const behind = lineEnd === -1 ? '' : text.slice(lineEnd);
  return behind.trim() === '' && isComplete(text);
}
