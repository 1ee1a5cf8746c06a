/**
 * What runs the editor's text, or files, in the console of the tab for queries that is shown, and says
 * where it cannot. Components call methods and read signals.
 */

import { computed, effect, signal } from '@preact/signals';
import type { Database } from '../client/database.ts';
import { consoleOf, type ConsoleRun, type QueryConsole } from './console-store.ts';
import { keepText, queryId, selectTab, textOf } from './database/tab-store.ts';
import type { Editor, EditorScript } from './editor.ts';
import { explanation } from './late-parts.ts';
import { database } from './store.ts';

const STILL_RUNNING = 'A statement is still running. Stop it first.';
const NOT_OPEN = 'The database is not open yet.';

/** The editor, as far as runs need it. */
export interface RunEditor extends Pick<Editor, 'script' | 'text' | 'head' | 'replace'> {
  /** Which one is shown. */
  readonly document: number;
}

interface Ready<E> {
  /** The tab's. */
  readonly id: number;
  readonly db: Database;
  readonly editor: E;
  readonly console: QueryConsole;
}

export class ConsoleRuns<E extends RunEditor> {
  readonly #said = signal({ id: 0, text: '' });
  /** Why nothing is run in the tab that is shown, as long as it is so; '': nothing is against it. */
  readonly notice = computed(() => {
    const { id, text } = this.#said.value;
    if (id !== queryId.value) return '';
    if (text === STILL_RUNNING) return consoleOf(id).isRunning ? text : '';
    return text === NOT_OPEN && database.value !== null ? '' : text;
  });
  readonly #editor: () => E | null;
  readonly #onRestored: (editor: E) => void;

  /** `onRestored`: what has failed is in the editor again. */
  constructor(editor: () => E | null, onRestored: (editor: E) => void) {
    this.#editor = editor;
    this.#onRestored = onRestored;
  }

  /** Takes a notice back when another tab is shown. The answer ends it. */
  watch(): () => void {
    return effect(() => {
      const { value: id } = queryId;
      if (this.#said.peek().id !== id) this.#said.value = { id, text: '' };
    });
  }

  /**
   * Answers whether it is run. `isEntered`: a shell's line is gone once it has been entered, so that
   * what is typed meanwhile is a line of its own; the history has it. Where it failed it comes back to
   * be mended, unless something else is there.
   */
  run(isEntered: boolean): boolean {
    const now = this.#ready();
    if (now === null) return false;
    const { text, base } = now.editor.script;
    if (isEntered) now.editor.replace('');
    void this.#runScript(now, { text, base }, isEntered);
    return true;
  }

  /** The plan of the statement at the cursor, as it is now, where it stands now. */
  async explain(): Promise<void> {
    const now = this.#ready();
    if (now === null) return;
    const { script, text, head } = now.editor;
    // Where it cannot be had the person is told.
    const module = await explanation.need().catch(() => null);
    if (module === null) return;
    const sql = module.explained(script.text, script.text === text ? head : 0);
    const { id, console } = now;
    if (sql === null) this.#said.value = { id, text: 'There is no SQL statement at the cursor.' };
    else if (isBusy(console)) this.#said.value = { id, text: STILL_RUNNING };
    else await console.runMade(now.db, sql);
  }

  /** What has found no quorum, once more, to wait for one. */
  queue({ text, base }: ConsoleRun['source']): void {
    const now = base === null ? null : this.#ready();
    if (now === null || base === null) return;
    if (now.editor.script.text === text) now.editor.replace('');
    void this.#runScript(now, { text, base }, true, true);
  }

  /** Files that were dropped or picked. */
  runFiles(files: readonly File[]): void {
    // What comes of them is shown there.
    selectTab(queryId.peek());
    const now = this.#ready();
    if (now !== null) void now.console.runFiles(now.db, files);
  }

  /** Null: nothing can be run now, and it is said why. */
  #ready(): Ready<E> | null {
    const db = database.peek();
    const editor = this.#editor();
    const id = queryId.peek();
    const console = consoleOf(id);
    const text = db === null ? NOT_OPEN : isBusy(console) ? STILL_RUNNING : '';
    this.#said.value = { id, text };
    return db === null || editor === null || text !== '' ? null : { id, db, editor, console };
  }

  async #runScript(
    { db, editor, console }: Ready<E>,
    { text, base }: EditorScript,
    isEntered: boolean,
    queues = false,
  ): Promise<void> {
    const { document } = editor;
    const isGood = await console.runEditor(db, text, base, queues);
    if (!isEntered || isGood) return;
    if (editor.document !== document) {
      if (textOf(document) === '') keepText(document, text);
    } else if (editor.text === '') {
      editor.replace(text);
      this.#onRestored(editor);
    }
  }
}

function isBusy(console: QueryConsole): boolean {
  return console.run.peek()?.end === null;
}
