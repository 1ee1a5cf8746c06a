/**
 * The console's editor as the console sees it: a plain one at first, which the full one replaces when
 * its code is there. Text, selection and focus go over, in one turn, so that no key is lost; what an
 * input method has begun is waited for.
 */

import type { Editor, EditorEvents, EditorScript } from './editor.ts';
import { PlainEditor } from './plain-editor.ts';
import type * as SqlEditorModule from './sql-editor.ts';

type Range = { readonly from: number; readonly to: number } | null;

export class ConsoleEditor implements Editor {
  readonly #host: HTMLElement;
  readonly #events: EditorEvents;
  #current: Editor;
  #plain: PlainEditor | null;

  constructor(host: HTMLElement, events: EditorEvents) {
    this.#host = host;
    this.#events = events;
    this.#plain = new PlainEditor(host, events);
    this.#current = this.#plain;
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
    this.#plain = null;
    this.#current.destroy();
  }
}
