/**
 * The editor that is there at once: a plain text field, until the one with colours and completion has
 * been loaded, or for good where that cannot be had. It runs and recalls by the same keys.
 */

import {
  EDITOR_LABEL,
  EDITOR_PLACEHOLDER,
  isEntered,
  type Editor,
  type EditorContent,
  type EditorEvents,
  type EditorScript,
} from './editor.ts';
import { isComplete } from './shell/shell-script.ts';

export class PlainEditor implements Editor {
  readonly #field = document.createElement('textarea');
  readonly #events: EditorEvents;
  #document: number;
  #isComposing = false;

  constructor(host: HTMLElement, document: number, text: string, events: EditorEvents) {
    this.#events = events;
    this.#document = document;
    const field = this.#field;
    field.value = text;
    field.className = 'plain-editor';
    field.setAttribute('aria-label', EDITOR_LABEL);
    field.placeholder = EDITOR_PLACEHOLDER;
    field.spellcheck = false;
    field.autocapitalize = 'off';
    field.setAttribute('autocorrect', 'off');
    field.addEventListener('keydown', (event) => this.#onKey(event));
    field.addEventListener('input', () => events.changed());
    field.addEventListener('compositionstart', () => {
      this.#isComposing = true;
    });
    field.addEventListener('compositionend', () => {
      this.#isComposing = false;
    });
    host.append(field);
  }

  get script(): EditorScript {
    const { value, selectionStart, selectionEnd } = this.#field;
    if (selectionStart === selectionEnd) return { text: value, base: 0 };
    return { text: value.slice(selectionStart, selectionEnd), base: selectionStart };
  }

  get content(): EditorContent {
    const { value, selectionStart, selectionEnd, selectionDirection } = this.#field;
    const known = { document: this.#document, text: value };
    if (selectionDirection !== 'backward') {
      return { ...known, anchor: selectionStart, head: selectionEnd };
    }
    return { ...known, anchor: selectionEnd, head: selectionStart };
  }

  get text(): string {
    return this.#field.value;
  }

  get head(): number {
    return this.content.head;
  }

  show(document: number, text: string): void {
    if (document === this.#document && text === this.text) return;
    this.#document = document;
    this.#put(text);
  }

  get hasFocus(): boolean {
    return document.activeElement === this.#field;
  }

  /** Something is being put together by an input method, which another field would cut off. */
  get isComposing(): boolean {
    return this.#isComposing;
  }

  /** Calls back once, when what is being put together is there. */
  onComposed(listener: () => void): void {
    // Engines put the text in around this event, some behind it.
    const listen = (): void => void setTimeout(listener, 0);
    this.#field.addEventListener('compositionend', listen, { once: true });
  }

  holds({ text, base }: EditorScript): boolean {
    return this.#field.value.slice(base, base + text.length) === text;
  }

  replace(text: string): void {
    this.#put(text);
    this.#events.changed();
  }

  /** The error's own account says where it is. */
  mark(): void {}

  goTo(index: number): void {
    this.#field.setSelectionRange(index, index);
    this.focus();
  }

  focus(): void {
    this.#field.focus();
  }

  setSchema(): void {}

  /** It knows only the one that it shows. */
  forget(): void {}

  destroy(): void {
    this.#field.remove();
  }

  #onKey(event: KeyboardEvent): void {
    if (event.isComposing) return;
    const { key, ctrlKey, metaKey, shiftKey, altKey } = event;
    const isPlain = !ctrlKey && !metaKey && !shiftKey && !altKey;
    if (key === 'Enter' && (ctrlKey || metaKey)) {
      this.#events.run(false);
    } else if (key === 'Enter' && isPlain) {
      if (!this.#isAtEnd() || !this.#events.run(true)) return;
    } else if ((key === 'ArrowUp' || key === 'ArrowDown') && isPlain) {
      if (!this.#recall(key === 'ArrowUp' ? 1 : -1)) return;
    } else {
      return;
    }
    event.preventDefault();
  }

  #put(text: string): void {
    this.#field.value = text;
    this.#field.setSelectionRange(text.length, text.length);
  }

  #isAtEnd(): boolean {
    const { value, selectionStart, selectionEnd } = this.#field;
    return selectionStart === selectionEnd && isEntered(value, selectionEnd, isComplete);
  }

  /** At the very beginning and end of the text the arrows go on into the history. */
  #recall(direction: 1 | -1): boolean {
    const { value, selectionStart, selectionEnd } = this.#field;
    const edge = direction === 1 ? 0 : value.length;
    if (selectionStart !== selectionEnd || selectionEnd !== edge) return false;
    const entry = this.#events.recall(direction);
    if (entry === null) return false;
    this.replace(entry);
    if (direction === 1) this.#field.setSelectionRange(0, 0);
    return true;
  }
}
