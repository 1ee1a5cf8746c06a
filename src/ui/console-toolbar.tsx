/** What the console is run with: the button, the level of reads, what an error does, files, history. */

import { useRef } from 'preact/hooks';
import type { ReadLevel } from '../node/sql.ts';
import { level, type QueryConsole } from './console-store.ts';
import { LEVEL_MEANINGS, LEVELS } from './read-levels.ts';
import { changeSettings, settings } from './shell/settings.ts';
import { database } from './store.ts';

interface ToolbarProps {
  readonly console: QueryConsole;
  readonly historyId: string;
  /** Why nothing was run; '': it was. */
  readonly notice: string;
  readonly onRun: () => void;
  readonly onExplain: () => void;
  readonly onFiles: (files: readonly File[]) => void;
  readonly onHistory: () => void;
  readonly isHistoryShown: boolean;
}

export function Toolbar({ console, notice, onRun, onExplain, onFiles, ...history }: ToolbarProps) {
  const busy = console.isRunning;
  const isClosed = database.value === null;
  return (
    <div class="toolbar">
      {busy ? (
        <button type="button" class="button button-main" onClick={() => console.stop()}>
          Stop
        </button>
      ) : (
        <button
          type="button"
          class="button button-main"
          onClick={onRun}
          disabled={isClosed}
          title="Ctrl+Enter or ⌘+Enter in the editor; Enter behind a semicolon or a command"
        >
          Run <kbd>{isApple() ? '⌘' : 'Ctrl'} ↵</kbd>
        </button>
      )}
      <button
        type="button"
        class="button"
        onClick={onExplain}
        disabled={isClosed || busy}
        title="How SQLite would run the statement at the cursor, without running it"
      >
        Explain
      </button>
      <LevelSelect />
      <BailBox />
      <span class="toolbar-space" />
      <FileButton isDisabled={isClosed || busy} onFiles={onFiles} />
      <button
        type="button"
        class="button"
        aria-expanded={history.isHistoryShown}
        aria-controls={history.historyId}
        onClick={history.onHistory}
      >
        History
      </button>
      <p class="toolbar-notice" role="status">
        {notice}
      </p>
    </div>
  );
}

function LevelSelect() {
  return (
    <label class="field">
      <span>Reads</span>
      <select
        aria-label="Reads"
        value={level.value}
        onChange={({ currentTarget }) => {
          level.value = currentTarget.value as ReadLevel;
        }}
      >
        {LEVELS.map((name) => (
          <option key={name} value={name}>
            {name}: {LEVEL_MEANINGS[name]}
          </option>
        ))}
      </select>
    </label>
  );
}

function BailBox() {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={settings.value.bail}
        onChange={({ currentTarget }) => changeSettings({ bail: currentTarget.checked })}
      />
      <span>Stop at errors</span>
    </label>
  );
}

interface FileButtonProps {
  readonly isDisabled: boolean;
  readonly onFiles: (files: readonly File[]) => void;
}

function FileButton({ isDisabled, onFiles }: FileButtonProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button
        type="button"
        class="button"
        disabled={isDisabled}
        title="SQL is run; CSV and SQLite files are imported. Files may be dropped on the editor, too."
        onClick={() => input.current?.click()}
      >
        Load a file…
      </button>
      <input
        ref={input}
        type="file"
        accept=".sql,.txt,.csv,.tsv,.sqlite,.sqlite3,.db,.db3"
        hidden
        multiple
        aria-label="Files to run or import"
        onChange={({ currentTarget }) => {
          onFiles(Array.from(currentTarget.files ?? []));
          // So that the same file can be picked again.
          currentTarget.value = '';
        }}
      />
    </>
  );
}

function isApple(): boolean {
  return /Mac|iPhone|iPad/.test(navigator.userAgent);
}
