/**
 * The console's editor as the console sees it: a plain one at first, which the full one replaces when
 * its code is there. Text, selection and focus go over, in one turn, so that no key is lost; what an
 * input method has begun is waited for. It shows one document of several, and has the text of that one
 * kept soon after it has changed.
 */

import type { Editor, EditorEvents, EditorScript } from './editor.ts';
import { PlainEditor } from './plain-editor.ts';
import type * as SqlEditorModule from './sql-editor.ts';

/** Keeps a document's text. */
export type KeepText = (document: number, text: string) => void;

type Range = { readonly from: number; readonly to: number } | null;

const KEEP_DELAY_MS = 300;

export class ConsoleEditor implements Editor {
  readonly #host: HTMLElement;
  readonly #events: EditorEvents;
  readonly #keep: KeepText;
  #current: Editor;
  #plain: PlainEditor | null;
  #document: number;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    host: HTMLElement,
    document: number,
    text: string,
    events: Omit<EditorEvents, 'changed'>,
    keep: KeepText,
  ) {
    this.#host = host;
    this.#document = document;
    this.#events = { ...events, changed: () => this.#changed() };
    this.#keep = keep;
    this.#plain = new PlainEditor(host, document, text, this.#events);
    this.#current = this.#plain;
  }

  get document(): number {
    return this.#document;
  }

  get text(): string {
    return this.#current.text;
  }

  get head(): number {
    return this.#current.head;
  }

  show(document: number, text: string): void {
    if (document === this.#document) return;
    this.keepNow();
    this.#document = document;
    this.#current.show(document, text);
  }

  forget(document: number): void {
    this.#current.forget(document);
  }

  /** Has what was written kept at once: the page may go. */
  keepNow(): void {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#keep(this.#document, this.text);
  }

  #changed(): void {
    this.#timer ??= setTimeout(() => this.keepNow(), KEEP_DELAY_MS);
  }

  /** `onReplaced`: it is there, and knows neither the schema nor where an error is. */
  improve(module: typeof SqlEditorModule, onReplaced: () => void): void {
    const plain = this.#plain;
    if (plain === null) return;
    if (plain.isComposing) {
      plain.onComposed(() => this.improve(module, onReplaced));
      return;
    }
    const { content, hasFocus } = plain;
    this.#plain = null;
    this.#current = new module.SqlEditor(this.#host, content, this.#events);
    if (hasFocus) this.#current.focus();
    plain.destroy();
    onReplaced();
  }

  get script(): EditorScript {
    return this.#current.script;
  }

  holds(script: EditorScript): boolean {
    return this.#current.holds(script);
  }

  replace(text: string): void {
    this.#current.replace(text);
  }

  mark(range: Range): void {
    this.#current.mark(range);
  }

  goTo(index: number): void {
    this.#current.goTo(index);
  }

  focus(): void {
    this.#current.focus();
  }

  setSchema(schema: Readonly<Record<string, readonly string[]>>): void {
    this.#current.setSchema(schema);
  }

  destroy(): void {
    this.keepNow();
    this.#plain = null;
    this.#current.destroy();
  }
}
