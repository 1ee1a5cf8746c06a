/** The SQL console: editor, what to run it with, and the results. */

import { effect, untracked, useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { Database } from '../client/database.ts';
import { ConsoleEditor } from './console-editor.ts';
import { consoleOf, type ConsoleRun, type QueryConsole } from './console-store.ts';
import { Toolbar } from './console-toolbar.tsx';
import { consoleRequest, type ConsoleRequest } from './console-requests.ts';
import {
  followEditor,
  keepText,
  openQueryTab,
  queryId,
  selectTab,
  textOf,
} from './database/tab-store.ts';
import type { Editor, EditorScript } from './editor.ts';
import { Examples } from './examples.tsx';
import { watchDrops } from './file-drop.ts';
import { HistoryList } from './history-list.tsx';
import { history } from './history.ts';
import { Late } from './late.tsx';
import { explanation, results, sqlEditor } from './late-parts.ts';
import { OutboxList } from './outbox-list.tsx';
import { followSchema, schema } from './schema.ts';
import { database } from './store.ts';
import { indexOfByte, wordEnd } from './text-position.ts';

const HISTORY_ID = 'history';

const STILL_RUNNING = 'A statement is still running. Stop it first.';
const NOT_OPEN = 'The database is not open yet.';

export function Console() {
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<ConsoleEditor | null>(null);
  const isHistoryShown = useSignal(false);
  const isDropTarget = useSignal(false);
  const id = queryId.value;
  const { notice, runIt, explainIt, queue } = useRuns(editor);

  useLayoutEffect(() => {
    if (host.current === null) return undefined;
    const first = queryId.peek();
    const events = { run: runIt, recall: recaller() };
    editor.current = new ConsoleEditor(host.current, first, textOf(first), events, keepText);
    return serve(editor.current);
  }, []);
  useSignalEffect(() => editor.current?.setSchema(schema.value));
  useSignalEffect(() => take(consoleRequest.value, editor.current, runIt));
  useSignalEffect(() => {
    editor.current?.show(queryId.value, textOf(queryId.value));
    markError(editor.current, consoleOf(queryId.value).run.value);
  });
  useSignalEffect(() => (database.value === null ? undefined : followSchema(database.value)));

  useEffect(() => watchDrops(isDropTarget, runThem), []);

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
          console={consoleOf(id)}
          historyId={HISTORY_ID}
          notice={notice.value}
          onRun={() => runIt(false)}
          onExplain={explainIt}
          onFiles={runThem}
          isHistoryShown={isHistoryShown.value}
          onHistory={() => {
            isHistoryShown.value = !isHistoryShown.value;
          }}
        />
        {isHistoryShown.value && <HistoryList id={HISTORY_ID} onPick={pick} />}
      </section>
      <OutboxList />
      <Output
        key={id}
        console={consoleOf(id)}
        onGoTo={(index) => editor.current?.goTo(index)}
        onExample={pick}
        onQueue={queue}
      />
    </div>
  );
}

/** What runs the text of the editor, in its tab's console, and says where it cannot. */
function useRuns(editor: { readonly current: ConsoleEditor | null }) {
  const notice = useSignal('');
  useSignalEffect(() => {
    const isIdle = !consoleOf(queryId.value).isRunning;
    if (isIdle && notice.peek() === STILL_RUNNING) notice.value = '';
  });

  /** Whether something can be run now; else it is said why not. */
  function ready(): { db: Database; current: ConsoleEditor; console: QueryConsole } | null {
    const { value: db } = database;
    const { current } = editor;
    const console = consoleOf(queryId.peek());
    notice.value = db === null ? NOT_OPEN : console.isRunning ? STILL_RUNNING : '';
    return db === null || current === null || console.isRunning ? null : { db, current, console };
  }

  return {
    notice,
    /**
     * A shell's line is gone once it has been entered, so that what is typed meanwhile is a line of its
     * own; the history has it. Where it failed it comes back to be mended, unless something else is there.
     */
    runIt: (isEntered: boolean): boolean => {
      const now = ready();
      if (now === null) return false;
      const { text, base } = now.current.script;
      if (isEntered) now.current.replace('');
      void runScript(now, { text, base }, isEntered);
      return true;
    },
    explainIt: async (): Promise<void> => {
      const now = ready();
      if (now === null) return;
      // Where it cannot be had the person is told.
      const module = await explanation.need().catch(() => null);
      const { script, text, head } = now.current;
      const sql = module?.explained(script.text, script.text === text ? head : 0) ?? null;
      if (sql !== null) await now.console.runMade(now.db, sql);
      else if (module !== null) notice.value = 'There is no SQL statement at the cursor.';
    },
    /** What has found no quorum, once more, to wait for one. */
    queue: ({ text, base }: ConsoleRun['source']): void => {
      const now = base === null ? null : ready();
      if (now === null || base === null) return;
      if (now.current.script.text === text) now.current.replace('');
      void runScript(now, { text, base }, true, true);
    },
  };
}

interface OutputProps {
  readonly console: QueryConsole;
  readonly onGoTo: (index: number) => void;
  readonly onExample: (sql: string) => void;
  readonly onQueue: (source: ConsoleRun['source']) => void;
}

/** What came of the last run. */
function Output({ console, onGoTo, onExample, onQueue }: OutputProps) {
  if (console.run.value === null) return <Examples onExample={onExample} />;
  return (
    <Late part={results}>
      {({ Results }) => <Results console={console} onGoTo={onGoTo} onQueue={onQueue} />}
    </Late>
  );
}

/** What another part of the page wants to be run: in a tab of its own, unless it is there already. */
function take(
  request: ConsoleRequest | null,
  editor: ConsoleEditor | null,
  runIt: (isEntered: boolean) => boolean,
): void {
  if (request === null || editor === null) return;
  // Once for each request, whatever running it looks at.
  untracked(() => {
    const { text } = editor.script;
    const isItsOwn = text.trim() === '' || text === request.sql;
    if (isItsOwn) selectTab(queryId.value);
    else openQueryTab();
    editor.show(queryId.value, textOf(queryId.value));
    editor.replace(request.sql);
    runIt(false);
  });
}

/** The answer ends it, and the editor. */
function serve(editor: ConsoleEditor): () => void {
  const keepNow = (): void => editor.keepNow();
  followEditor(editor);
  addEventListener('pagehide', keepNow);
  // On a touch screen focus would bring the keyboard up over the page.
  if (matchMedia('(hover: hover)').matches) editor.focus();
  const unwatch = effect(() => improve(editor, sqlEditor.module.value));
  return () => {
    unwatch();
    removeEventListener('pagehide', keepNow);
    editor.destroy();
  };
}

function improve(editor: ConsoleEditor, module: typeof sqlEditor.module.value): void {
  if (module === null) return;
  editor.improve(module, () => {
    editor.setSchema(schema.peek());
    markError(editor, consoleOf(queryId.peek()).run.peek());
  });
}

function runThem(files: readonly File[]): void {
  const { value: db } = database;
  if (db === null) return;
  // What comes of them is shown there.
  selectTab(queryId.peek());
  void consoleOf(queryId.peek()).runFiles(db, files);
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
  { db, current, console }: { db: Database; current: ConsoleEditor; console: QueryConsole },
  { text, base }: EditorScript,
  isEntered: boolean,
  queues = false,
): Promise<void> {
  const { document } = current;
  const isGood = await console.runEditor(db, text, base, queues);
  if (!isEntered || isGood) return;
  if (current.document !== document) {
    if (textOf(document) === '') keepText(document, text);
  } else if (current.text === '') {
    current.replace(text);
    markError(current, console.run.peek());
  }
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
