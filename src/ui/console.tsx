/** The SQL console: editor, what to run it with, and the results. */

import { effect, untracked, useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { ConsoleEditor } from './console-editor.ts';
import { consoleOf, type ConsoleRun, type QueryConsole } from './console-store.ts';
import { Toolbar } from './console-toolbar.tsx';
import { consoleRequest, takeRequest } from './console-requests.ts';
import { ConsoleRuns } from './console-runs.ts';
import { followEditor, keepText, queryId, textOf } from './database/tab-store.ts';
import type { Editor, EditorScript } from './editor.ts';
import { Examples } from './examples.tsx';
import { watchDrops } from './file-drop.ts';
import { HistoryList } from './history-list.tsx';
import { history } from './history.ts';
import { Late } from './late.tsx';
import { outboxList, results, sqlEditor } from './late-parts.ts';
import { followSchema, schema } from './schema.ts';
import { database, outbox } from './store.ts';
import { indexOfByte, wordEnd } from './text-position.ts';

const HISTORY_ID = 'history';

export function Console() {
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<ConsoleEditor | null>(null);
  const isHistoryShown = useSignal(false);
  const isDropTarget = useSignal(false);
  const id = queryId.value;
  const runs = useMemo(() => new ConsoleRuns(() => editor.current, markLast), []);

  useLayoutEffect(() => {
    if (host.current === null) return undefined;
    const first = queryId.peek();
    const events = { run: (isEntered: boolean) => runs.run(isEntered), recall: recaller() };
    editor.current = new ConsoleEditor(host.current, first, textOf(first), events, keepText);
    return serve(editor.current);
  }, []);
  useSignalEffect(() => editor.current?.setSchema(schema.value));
  useSignalEffect(() => {
    const { value: request } = consoleRequest;
    const { current } = editor;
    if (request === null || current === null) return;
    // Once for each request, whatever running it looks at.
    untracked(() => takeRequest(request, current, () => runs.run(false)));
  });
  useSignalEffect(() => markError(editor.current, consoleOf(queryId.value).run.value));
  useSignalEffect(() => (database.value === null ? undefined : followSchema(database.value)));

  useEffect(() => watchDrops(isDropTarget, (files) => runs.runFiles(files)), []);
  useEffect(() => runs.watch(), []);

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
          notice={runs.notice.value}
          onRun={() => runs.run(false)}
          onExplain={() => void runs.explain()}
          onFiles={(files) => runs.runFiles(files)}
          isHistoryShown={isHistoryShown.value}
          onHistory={() => {
            isHistoryShown.value = !isHistoryShown.value;
          }}
        />
        {isHistoryShown.value && <HistoryList id={HISTORY_ID} onPick={pick} />}
      </section>
      {outbox.value.length > 0 && (
        <Late part={outboxList}>{({ OutboxList }) => <OutboxList />}</Late>
      )}
      <Output
        key={id}
        console={consoleOf(id)}
        onGoTo={(index) => editor.current?.goTo(index)}
        onExample={pick}
        onQueue={(source) => runs.queue(source)}
      />
    </div>
  );
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

/** The answer ends it, and the editor. */
function serve(editor: ConsoleEditor): () => void {
  const keepNow = (): void => editor.keepNow();
  followEditor(editor);
  addEventListener('pagehide', keepNow);
  // On a touch screen focus would bring the keyboard up over the page.
  if (matchMedia('(hover: hover)').matches) editor.focus();
  // In the same turn: a key that comes before the next frame belongs to the tab that is shown.
  const unfollow = effect(() => {
    const { value: id } = queryId;
    untracked(() => editor.show(id, textOf(id)));
  });
  const unwatch = effect(() => improve(editor, sqlEditor.module.value));
  return () => {
    unfollow();
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

function markLast(editor: ConsoleEditor): void {
  markError(editor, consoleOf(editor.document).run.peek());
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
