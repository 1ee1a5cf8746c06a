/**
 * The SQL editor: CodeMirror in a shadow root, where its styles are adopted sheets that a strict
 * Content-Security-Policy allows. Tab is left to the keyboard user for moving on.
 */

import {
  closeBrackets,
  closeCompletion,
  completionKeymap,
  completionStatus,
  selectedCompletion,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { sql } from '@codemirror/lang-sql';
import { bracketMatching } from '@codemirror/language';
import {
  Compartment,
  EditorState,
  Prec,
  StateEffect,
  StateField,
  type Extension,
} from '@codemirror/state';
import {
  Decoration,
  drawSelection,
  EditorView,
  keymap,
  lineNumbers,
  placeholder,
  type Command,
  type DecorationSet,
} from '@codemirror/view';
import { commandLines } from './command-lines.ts';
import {
  EDITOR_LABEL,
  EDITOR_PLACEHOLDER,
  isEntered,
  type Editor,
  type EditorContent,
  type EditorEvents,
  type EditorScript,
} from './editor.ts';
import { editorTheme } from './editor-theme.ts';
import { selectionTyping } from './selection-typing.ts';
import { isComplete } from './shell/shell-script.ts';
import { sqlCompletion } from './sql-completion.ts';
import { SQLITE_DIALECT } from './sql-dialect.ts';

const setMark = StateEffect.define<{ readonly from: number; readonly to: number } | null>();
const errorMark = Decoration.mark({ class: 'cm-sql-error' });

/** Where the last error was; gone as soon as the text changes. */
const markField = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update: (marks, transaction) => {
    for (const effect of transaction.effects) {
      if (!effect.is(setMark)) continue;
      if (effect.value === null) return Decoration.none;
      return Decoration.set([errorMark.range(effect.value.from, effect.value.to)]);
    }
    return transaction.docChanged ? Decoration.none : marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

export class SqlEditor implements Editor {
  readonly #view: EditorView;
  readonly #completion = new Compartment();
  readonly #extensions: Extension;
  /** The documents that are not shown, with what can be undone in them. */
  readonly #others = new Map<number, EditorState>();
  #document: number;
  #schema: Readonly<Record<string, readonly string[]>> = {};

  constructor(host: HTMLElement, content: EditorContent, events: EditorEvents) {
    const { text, anchor, head } = content;
    this.#document = content.document;
    const root = host.shadowRoot ?? host.attachShadow({ mode: 'open', delegatesFocus: true });
    const parent = document.createElement('div');
    root.replaceChildren(parent);
    this.#extensions = [
      lineNumbers(),
      history(),
      drawSelection(),
      bracketMatching(),
      closeBrackets(),
      selectionTyping,
      // Before completion, which has keys of its own for the same.
      Prec.highest(keymap.of([{ key: 'Enter', run: enterFor(events) }])),
      sql({ dialect: SQLITE_DIALECT }),
      this.#completion.of(sqlCompletion({})),
      commandLines,
      markField,
      editorTheme,
      placeholder(EDITOR_PLACEHOLDER),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ 'aria-label': EDITOR_LABEL }),
      Prec.high(keymap.of(keysFor(events))),
      EditorView.updateListener.of(({ docChanged }) => {
        if (docChanged) events.changed();
      }),
      keymap.of([...completionKeymap, ...defaultKeymap, ...historyKeymap]),
    ];
    const state = this.#stateOf(text, { anchor, head });
    this.#view = new EditorView({ state, parent, root });
  }

  get script(): EditorScript {
    const { doc, selection } = this.#view.state;
    const { from, to, empty } = selection.main;
    return empty
      ? { text: doc.toString(), base: 0 }
      : { text: doc.sliceString(from, to), base: from };
  }

  get text(): string {
    return this.#view.state.doc.toString();
  }

  get head(): number {
    return this.#view.state.selection.main.head;
  }

  show(document: number, text: string): void {
    if (document !== this.#document) {
      this.#others.set(this.#document, this.#view.state);
      const known = this.#others.get(document);
      this.#others.delete(document);
      this.#document = document;
      this.#view.setState(known ?? this.#stateOf(text, { anchor: text.length }));
      this.setSchema(this.#schema);
    }
    if (this.text !== text) this.replace(text);
  }

  forget(document: number): void {
    this.#others.delete(document);
  }

  holds({ text, base }: EditorScript): boolean {
    return this.#view.state.doc.sliceString(base, base + text.length) === text;
  }

  replace(text: string): void {
    const { length } = this.#view.state.doc;
    this.#view.dispatch({
      changes: { from: 0, to: length, insert: text },
      selection: { anchor: text.length },
      scrollIntoView: true,
    });
  }

  mark(range: { readonly from: number; readonly to: number } | null): void {
    const { length } = this.#view.state.doc;
    const isOutside = range !== null && (range.to > length || range.from >= range.to);
    this.#view.dispatch({ effects: setMark.of(isOutside ? null : range) });
  }

  goTo(index: number): void {
    const anchor = Math.min(index, this.#view.state.doc.length);
    this.#view.dispatch({ selection: { anchor }, scrollIntoView: true });
    this.focus();
  }

  focus(): void {
    this.#view.focus();
  }

  setSchema(schema: Readonly<Record<string, readonly string[]>>): void {
    this.#schema = schema;
    this.#view.dispatch({ effects: this.#completion.reconfigure(sqlCompletion(schema)) });
  }

  destroy(): void {
    this.#view.destroy();
  }

  #stateOf(doc: string, selection: { readonly anchor: number; readonly head?: number }) {
    return EditorState.create({ doc, selection, extensions: this.#extensions });
  }
}

/** Where completion offers something, Enter takes that. */
function enterFor(events: EditorEvents): Command {
  return (view) => {
    const { state } = view;
    const { doc, selection } = state;
    if (completionStatus(state) === 'active') {
      const { from, text } = doc.lineAt(selection.main.head);
      const typed = text.slice(0, selection.main.head - from);
      const label = selectedCompletion(state)?.label;
      if (label !== undefined && !typed.endsWith(label)) return false;
      // What it offers is there already.
      closeCompletion(view);
    }
    const { empty, head } = selection.main;
    return empty && isEntered(doc.toString(), head, isComplete) && events.run(true);
  };
}

function keysFor(events: EditorEvents): { key: string; run: Command }[] {
  const run: Command = (view) => {
    closeCompletion(view);
    events.run(false);
    return true;
  };
  // At the very beginning and end of the text the arrows go on into the history.
  const recall =
    (direction: 1 | -1): Command =>
    (view) => {
      const { doc, selection } = view.state;
      const edge = direction === 1 ? 0 : doc.length;
      if (!selection.main.empty || selection.main.head !== edge) return false;
      const entry = events.recall(direction);
      if (entry === null) return false;
      view.dispatch({
        changes: { from: 0, to: doc.length, insert: entry },
        selection: { anchor: direction === 1 ? 0 : entry.length },
      });
      return true;
    };
  return [
    { key: 'Ctrl-Enter', run },
    { key: 'Cmd-Enter', run },
    { key: 'ArrowUp', run: recall(1) },
    { key: 'ArrowDown', run: recall(-1) },
  ];
}
