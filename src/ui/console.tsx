/** The SQL console: editor, what to run it with, and the results. */

import { effect, untracked, useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { Database } from '../client/database.ts';
import { ConsoleEditor } from './console-editor.ts';
import { isRunning, run, runEditor, runFiles, type ConsoleRun } from './console-store.ts';
import { Toolbar } from './console-toolbar.tsx';
import { consoleRequest, type ConsoleRequest } from './console-requests.ts';
import type { Editor, EditorScript } from './editor.ts';
import { Examples } from './examples.tsx';
import { watchDrops } from './file-drop.ts';
import { HistoryList } from './history-list.tsx';
import { history } from './history.ts';
import { Late } from './late.tsx';
import { results, sqlEditor } from './late-parts.ts';
import { OutboxList } from './outbox-list.tsx';
import { followSchema, schema } from './schema.ts';
import { database } from './store.ts';
import { indexOfByte, wordEnd } from './text-position.ts';

const HISTORY_ID = 'history';

export function Console() {
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<ConsoleEditor | null>(null);
  const isHistoryShown = useSignal(false);
  const isDropTarget = useSignal(false);

  useLayoutEffect(() => {
    if (host.current === null) return undefined;
    const created = new ConsoleEditor(host.current, { run: runIt, recall: recaller() });
    editor.current = created;
    // On a touch screen focus would bring the keyboard up over the page.
    if (matchMedia('(hover: hover)').matches) created.focus();
    const unwatch = effect(() => improve(created, sqlEditor.module.value));
    return () => {
      unwatch();
      created.destroy();
    };
  }, []);
  useSignalEffect(() => editor.current?.setSchema(schema.value));
  useSignalEffect(() => markError(editor.current, run.value));
  useSignalEffect(() => take(consoleRequest.value, editor.current, runIt));
  useSignalEffect(() => (database.value === null ? undefined : followSchema(database.value)));

  useEffect(() => watchDrops(isDropTarget, runThem), []);

  /**
   * A shell's line is gone once it has been entered, so that what is typed meanwhile is a line of its
   * own; the history has it. Where it failed it comes back to be mended, unless something else is there.
   */
  function runIt(isEntered: boolean): boolean {
    const { value: db } = database;
    const { current } = editor;
    if (db === null || current === null || isRunning()) return false;
    const { text, base } = current.script;
    if (isEntered) current.replace('');
    void runScript(db, current, { text, base }, isEntered);
    return true;
  }

  /** What has found no quorum, once more, to wait for one. */
  function queue({ text, base }: ConsoleRun['source']): void {
    const { value: db } = database;
    const { current } = editor;
    if (db === null || current === null || base === null || isRunning()) return;
    if (current.script.text === text) current.replace('');
    void runScript(db, current, { text, base }, true, true);
  }

  function pick(sql: string): void {
    isHistoryShown.value = false;
    editor.current?.replace(sql);
    editor.current?.focus();
  }

  return (
    <div class="console">
      <section
        class={`card console-card${isDropTarget.value ? ' console-drop' : ''}`}
        aria-labelledby="console-title"
      >
        <h2 id="console-title" class="sr-only">
          SQL console
        </h2>
        <div class="editor" ref={host} />
        <Toolbar
          historyId={HISTORY_ID}
          onRun={() => runIt(false)}
          onFiles={runThem}
          isHistoryShown={isHistoryShown.value}
          onHistory={() => {
            isHistoryShown.value = !isHistoryShown.value;
          }}
        />
        {isHistoryShown.value && <HistoryList id={HISTORY_ID} onPick={pick} />}
      </section>
      <OutboxList />
      <Output onGoTo={(index) => editor.current?.goTo(index)} onExample={pick} onQueue={queue} />
    </div>
  );
}

interface OutputProps {
  readonly onGoTo: (index: number) => void;
  readonly onExample: (sql: string) => void;
  readonly onQueue: (source: ConsoleRun['source']) => void;
}

/** What came of the last run. */
function Output({ onGoTo, onExample, onQueue }: OutputProps) {
  if (run.value === null) return <Examples onExample={onExample} />;
  return (
    <Late part={results}>{({ Results }) => <Results onGoTo={onGoTo} onQueue={onQueue} />}</Late>
  );
}

/** What another part of the page wants to be run. */
function take(
  request: ConsoleRequest | null,
  editor: ConsoleEditor | null,
  runIt: (isEntered: boolean) => boolean,
): void {
  if (request === null || editor === null) return;
  // Once for each request, whatever running it looks at.
  untracked(() => {
    editor.replace(request.sql);
    runIt(false);
  });
}

function improve(editor: ConsoleEditor, module: typeof sqlEditor.module.value): void {
  if (module === null) return;
  editor.improve(module, () => {
    editor.setSchema(schema.peek());
    markError(editor, run.peek());
  });
}

function runThem(files: readonly File[]): void {
  if (database.value !== null) void runFiles(database.value, files);
}

/** Walks through the history as it is at each step; back beyond its newest entry is empty text. */
function recaller(): (direction: 1 | -1) => string | null {
  let at = -1;
  let seen = history.peek();
  return (direction) => {
    if (history.peek() !== seen) {
      at = -1;
      seen = history.peek();
    }
    const next = at + direction;
    if (next < -1 || next >= seen.length) return null;
    at = next;
    return next === -1 ? '' : (seen[next] ?? '');
  };
}

async function runScript(
  db: Database,
  editor: Editor,
  { text, base }: EditorScript,
  isEntered: boolean,
  queues = false,
): Promise<void> {
  const isGood = await runEditor(db, text, base, queues);
  if (!isEntered || isGood || editor.script.text !== '') return;
  editor.replace(text);
  markError(editor, run.peek());
}

function markError(editor: Editor | null, last: ConsoleRun | null): void {
  const error = last === null ? null : firstError(last);
  const isThere = error !== null && editor?.holds(error.script) === true;
  editor?.mark(isThere ? error : null);
}

interface ScriptError {
  readonly from: number;
  readonly to: number;
  /** What was run, and where in the editor it stood. */
  readonly script: EditorScript;
}

/** Where in the editor the last run failed first, if SQLite said where. */
function firstError({ items }: ConsoleRun): ScriptError | null {
  for (const item of items) {
    if (item.type !== 'statement' || item.outcome.type !== 'error') continue;
    const { text, base } = item.source;
    if (base === null) continue;
    const { offset } = item.outcome.error;
    if (offset === null) return null;
    const from = indexOfByte(text, item.start, offset);
    return { from: base + from, to: base + wordEnd(text, from), script: { text, base } };
  }
  return null;
}
