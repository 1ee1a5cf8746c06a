/** The SQL console: editor, what to run it with, and the results. */

import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { ReadLevel } from '../node/sql.ts';
import {
  isRunning,
  level,
  run,
  runEditor,
  runFile,
  stop,
  type ConsoleRun,
} from './console-store.ts';
import { HistoryList } from './history-list.tsx';
import { history } from './history.ts';
import { Results } from './results.tsx';
import { refreshSchema, schema } from './schema.ts';
import { SqlEditor } from './sql-editor.ts';
import { database } from './store.ts';
import { indexOfByte, wordEnd } from './text-position.ts';

const LEVELS: readonly { readonly level: ReadLevel; readonly meaning: string }[] = [
  { level: 'none', meaning: 'this tab’s copy, may be stale' },
  { level: 'weak', meaning: 'as the leader believes' },
  { level: 'linearizable', meaning: 'never stale' },
  { level: 'strong', meaning: 'through the log' },
];
const HISTORY_ID = 'history';

export function Console() {
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<SqlEditor | null>(null);
  const isHistoryShown = useSignal(false);

  useLayoutEffect(() => {
    if (host.current === null) return undefined;
    const created = new SqlEditor(host.current, 'SQL', { run: runIt, recall: recaller() });
    editor.current = created;
    // On a touch screen focus would bring the keyboard up over the page.
    if (matchMedia('(hover: hover)').matches) created.focus();
    return () => created.destroy();
  }, []);
  useSignalEffect(() => editor.current?.setSchema(schema.value));
  useSignalEffect(() => editor.current?.mark(run.value === null ? null : errorRange(run.value)));
  useSignalEffect(() => {
    if (database.value !== null) void refreshSchema(database.value);
  });

  function runIt(): void {
    const { value: db } = database;
    if (db === null || editor.current === null) return;
    const { text, base } = editor.current.script;
    void runEditor(db, text, base).then(() => refreshSchema(db));
  }

  function pick(sql: string): void {
    isHistoryShown.value = false;
    editor.current?.replace(sql);
    editor.current?.focus();
  }

  return (
    <main class="console">
      <section class="card console-card" aria-labelledby="console-title">
        <h2 id="console-title" class="sr-only">
          SQL console
        </h2>
        <div class="editor" ref={host} />
        <Toolbar
          onRun={runIt}
          isHistoryShown={isHistoryShown.value}
          onHistory={() => {
            isHistoryShown.value = !isHistoryShown.value;
          }}
        />
        {isHistoryShown.value && <HistoryList id={HISTORY_ID} onPick={pick} />}
      </section>
      <Results onGoTo={(index) => editor.current?.goTo(index)} onExample={pick} />
    </main>
  );
}

interface ToolbarProps {
  readonly onRun: () => void;
  readonly onHistory: () => void;
  readonly isHistoryShown: boolean;
}

function Toolbar({ onRun, onHistory, isHistoryShown }: ToolbarProps) {
  const busy = useComputed(isRunning).value;
  const isClosed = database.value === null;
  return (
    <div class="toolbar">
      {busy ? (
        <button type="button" class="button button-main" onClick={stop}>
          Stop
        </button>
      ) : (
        <button
          type="button"
          class="button button-main"
          onClick={onRun}
          disabled={isClosed}
          title="Ctrl+Enter or ⌘+Enter in the editor"
        >
          Run <kbd>{isApple() ? '⌘' : 'Ctrl'} ↵</kbd>
        </button>
      )}
      <LevelSelect />
      <span class="toolbar-space" />
      <FileButton isDisabled={isClosed || busy} />
      <button
        type="button"
        class="button"
        aria-expanded={isHistoryShown}
        aria-controls={HISTORY_ID}
        onClick={onHistory}
      >
        History
      </button>
    </div>
  );
}

function LevelSelect() {
  return (
    <label class="field">
      <span>Reads</span>
      <select
        value={level.value}
        onChange={({ currentTarget }) => {
          level.value = currentTarget.value as ReadLevel;
        }}
      >
        {LEVELS.map(({ level: name, meaning }) => (
          <option key={name} value={name}>
            {name}: {meaning}
          </option>
        ))}
      </select>
    </label>
  );
}

function FileButton({ isDisabled }: { readonly isDisabled: boolean }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button
        type="button"
        class="button"
        disabled={isDisabled}
        onClick={() => input.current?.click()}
      >
        Run a file…
      </button>
      <input
        ref={input}
        type="file"
        accept=".sql,.txt,application/sql,text/plain"
        hidden
        aria-label="SQL file to run"
        onChange={({ currentTarget }) => {
          const [file] = currentTarget.files ?? [];
          const { value: db } = database;
          if (file !== undefined && db !== null) {
            void runFile(db, file).then(() => refreshSchema(db));
          }
          // So that the same file can be picked again.
          currentTarget.value = '';
        }}
      />
    </>
  );
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

/** Where in the editor the last run failed, if SQLite said where. */
function errorRange({ reports, script, base, source }: ConsoleRun) {
  const failed = reports.find(({ outcome }) => outcome.type === 'error');
  if (source === 'file' || failed?.outcome.type !== 'error') return null;
  const { offset } = failed.outcome.error;
  if (offset === null) return null;
  const from = indexOfByte(script, failed.start, offset);
  return { from: base + from, to: base + wordEnd(script, from) };
}

function isApple(): boolean {
  return /Mac|iPhone|iPad/.test(navigator.userAgent);
}
