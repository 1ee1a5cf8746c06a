/** A run of the console: what is shown while it goes on and when it has ended, and the history. */

import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { CursorRunOptions, RunResult } from '../../src/client/script-runs.ts';
import type { LogIndex } from '../../src/raft/types.ts';
import type { ShellDatabase } from '../../src/ui/shell/shell-ports.ts';
import { resultOf } from '../client/fake-workers.ts';

type Frame = () => void;

let stored: Map<string, string>;
let frames: Frame[];
let onStorage: (event: { readonly key: string | null }) => void;

beforeEach(() => {
  stored = new Map();
  frames = [];
  vi.resetModules();
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => stored.set(key, value),
  });
  vi.stubGlobal('sessionStorage', { getItem: () => null, setItem: () => undefined });
  vi.stubGlobal('addEventListener', (_type: 'storage', listener: typeof onStorage) => {
    onStorage = listener;
  });
  vi.stubGlobal('requestAnimationFrame', (frame: Frame) => frames.push(frame));
  vi.stubGlobal('cancelAnimationFrame', (id: number) => {
    if (id > 0) frames[id - 1] = () => undefined;
  });
});

/** The page's modules, as a fresh load has them. */
async function load() {
  const store = await import('../../src/ui/console-store.ts');
  await store.shell.get();
  const history = await import('../../src/ui/history.ts');
  const tab = store.consoleOf(1);
  return { ...store, ...history, tab, run: tab.run };
}

/** Counts are `ShellRun`'s business: this only says that it went well. */
const RESULT: RunResult = {
  statements: 1,
  errors: 0,
  firstErrors: [],
  rowsAffected: 1,
  elapsedMs: 5,
  bookmark: '',
};

type Work = (script: string, options: CursorRunOptions) => Promise<RunResult>;

function databaseOf(work: Work): ShellDatabase {
  return { run: work } as unknown as ShellDatabase;
}

function report(statement: number) {
  const { result } = resultOf();
  const outcome = { type: 'executed', index: 1 as LogIndex, result } as const;
  return { statement, sql: 'x', start: 0, line: 1, elapsedMs: 1, outcome };
}

describe('the console', () => {
  test('runs the editor with the chosen level, and shows each statement', async () => {
    const { tab, run, level } = await load();
    level.value = 'weak';
    let asked: Partial<CursorRunOptions> = {};
    const database = databaseOf(async (_, options) => {
      asked = options;
      options.onResult(report(0));
      return RESULT;
    });
    expect(await tab.runEditor(database, 'insert', 7)).toBe(true);
    expect([asked.level, asked.reads, asked.bail]).toEqual(['weak', 'cursor', false]);
    expect(run.value).toMatchObject({ title: '', number: 1, end: { type: 'done' } });
    expect(run.value?.items).toMatchObject([
      { number: 1, sql: 'x', source: { text: 'insert', base: 7 }, outcome: { type: 'executed' } },
    ]);
  });

  test('shows progress at most once a frame', async () => {
    const { tab, run } = await load();
    const gate = new EventTarget();
    const database = databaseOf(async (_, { onResult, onProgress }) => {
      for (let statement = 0; statement < 150; statement += 1) {
        onResult(report(statement));
        onProgress?.({ statements: statement + 1, errors: 0, rowsAffected: 0, fraction: 0.5 });
      }
      await new Promise((resolve) => {
        gate.addEventListener('open', resolve);
      });
      return RESULT;
    });
    const running = tab.runEditor(database, 'many', 0);
    expect([frames.length, tab.isRunning, run.value?.items]).toEqual([1, true, []]);
    frames[0]?.();
    expect(run.value?.progress).toMatchObject({ statements: 150, errors: 0, fraction: 0.5 });
    expect([run.value?.items.length, run.value?.isCut]).toEqual([100, true]);
    gate.dispatchEvent(new Event('open'));
    await running;
    expect(tab.isRunning).toBe(false);
  });

  test('runs one thing at a time, and nothing for nothing', async () => {
    const { tab, run } = await load();
    const scripts: string[] = [];
    const database = databaseOf(async (script) => {
      scripts.push(script);
      return RESULT;
    });
    await Promise.all([tab.runEditor(database, 'one', 0), tab.runEditor(database, 'two', 0)]);
    await tab.runEditor(database, ' \n', 0);
    expect([scripts, run.value?.number]).toEqual([['one'], 1]);
  });

  test('runs in each tab on its own, and ends with its tab', async () => {
    const { tab, consoleOf } = await load();
    const tabs = await import('../../src/ui/database/tab-store.ts');
    const { aborted } = await import('../../src/client/call-limits.ts');
    const database = databaseOf(
      (_, { signal }) =>
        new Promise((_, reject) => {
          signal?.addEventListener('abort', () => reject(aborted('unknown')));
        }),
    );
    tabs.openQueryTab();
    const other = consoleOf(tabs.queryId.value);
    const [one, two] = [tab.runEditor(database, 'one', 0), other.runEditor(database, 'two', 0)];
    tabs.closeTab(tabs.queryId.value);
    expect([await two, tab.isRunning, other.isRunning]).toEqual([false, true, false]);
    tab.stop();
    expect(await one).toBe(false);
    expect(other.run.value?.end).toMatchObject({ error: { code: 'Aborted' } });
  });

  test('can be stopped, also while it asks', async () => {
    const { tab, run } = await load();
    const { aborted } = await import('../../src/client/call-limits.ts');
    const database = databaseOf(
      (_, { signal }) =>
        new Promise((_, reject) => {
          signal?.addEventListener('abort', () => reject(aborted('unknown')));
        }),
    );
    const running = tab.runEditor(database, 'long', 0);
    tab.stop();
    expect(await running).toBe(false);
    expect(run.value?.end).toMatchObject({ type: 'failed', error: { code: 'Aborted' } });
    const asking = tab.runEditor(database, '.read none.sql', 0);
    tab.stop();
    await asking;
    expect(run.value).toMatchObject({ number: 2, items: [{ outcome: { type: 'declined' } }] });
  });

  test('offers to queue what found no quorum only where all of it would run for the first time', async () => {
    const { tab, run, canBeQueued } = await load();
    const { ResqliteError } = await import('../../src/client/errors.ts');
    const database = databaseOf(async (script, { onResult }) => {
      if (script.includes('before')) {
        onResult(report(0));
        return RESULT;
      }
      const message = 'no quorum';
      throw new ResqliteError({ code: 'NoQuorum', applied: 'no', message, sqlite: null });
    });
    const isOffered = async (text: string, queues = false): Promise<boolean> => {
      await tab.runEditor(database, text, 0, queues);
      expect(run.value?.end).toMatchObject({ type: 'failed', error: { code: 'NoQuorum' } });
      return run.value !== null && canBeQueued(run.value);
    };
    expect(await isOffered('insert;')).toBe(true);
    // It would be committed a second time.
    expect(await isOffered('insert before;\n.print x\ninsert;')).toBe(false);
    // Nothing that reads waits for a quorum.
    expect(await isOffered('select 1;')).toBe(false);
    expect(await isOffered('insert; select 1;', true)).toBe(false);
  });

  test('runs files by what they are, scripts without what has nothing to say', async () => {
    const { tab, run } = await load();
    const { openQuestion } = await import('../../src/ui/shell-host.ts');
    const scripts: string[] = [];
    const database = databaseOf(async (script, options) => {
      scripts.push(script);
      options.onResult(report(0));
      return RESULT;
    });
    const files = ['dump.sql', 'a b.csv', 'x.SQLite'].map((name) => new File(['a;b;'], name));
    const running = tab.runFiles(database, files);
    await vi.waitFor(() => expect(openQuestion.value?.question.title).toBe('Import a b.csv'));
    openQuestion.value?.answer(null);
    await vi.waitFor(() => expect(openQuestion.value?.question.title).toBe('Open x.SQLite'));
    openQuestion.value?.answer(null);
    expect(await running).toBe(false);
    expect(scripts).toEqual(['a;b;']);
    expect(run.value).toMatchObject({
      title: 'dump.sql, a b.csv, x.SQLite',
      counts: { statements: 1, errors: 0 },
      items: [{ text: '.import "a b.csv"' }, { text: '.open "x.SQLite"' }],
    });
  });
});

describe('the settings', () => {
  test('survive a reload', async () => {
    await load();
    const before = await import('../../src/ui/shell/settings.ts');
    before.changeSettings({ mode: 'box', nullText: '∅', widths: [3] });
    vi.resetModules();
    const { settings } = await import('../../src/ui/shell/settings.ts');
    expect(settings.value).toEqual({
      ...before.DEFAULT_SETTINGS,
      mode: 'box',
      nullText: '∅',
      widths: [3],
    });
  });

  test('are shared with other tabs of the browser, whichever changes them', async () => {
    const { settings, changeSettings, followShellSettings } =
      await import('../../src/ui/shell/settings.ts');
    // What another one has set, before this one is told of it.
    stored.set('resqlite:shell', '{"mode":"box","timer":true}');
    changeSettings({ bail: true });
    expect(settings.value).toMatchObject({ mode: 'box', timer: true, bail: true });
    followShellSettings();
    stored.set('resqlite:shell', '{"mode":"csv"}');
    onStorage({ key: 'resqlite:shell' });
    expect(settings.value).toMatchObject({ mode: 'csv', timer: false });
  });

  test.each(['nonsense', 'null', '{"mode":"no","headers":3,"widths":["x"],"bail":1}'])(
    'survive %s in their place',
    async (text) => {
      stored.set('resqlite:shell', text);
      const { settings, DEFAULT_SETTINGS } = await import('../../src/ui/shell/settings.ts');
      expect(settings.value).toEqual(DEFAULT_SETTINGS);
    },
  );
});

describe('the history', () => {
  test('keeps what was run, the newest first and nothing twice, over reloads', async () => {
    const { tab } = await load();
    const database = databaseOf(async () => RESULT);
    for (const sql of ['one', 'two', 'one']) await tab.runEditor(database, sql, 0);
    vi.resetModules();
    const { history, clearHistory } = await load();
    expect(history.value).toEqual(['one', 'two']);
    clearHistory();
    vi.resetModules();
    expect((await load()).history.value).toEqual([]);
  });

  test('has what is run in other tabs of the browser, too', async () => {
    const { remember, history, followHistory } = await load();
    remember('mine');
    // What another one has run, before this one is told of it.
    stored.set('resqlite:history', '["theirs", "mine"]');
    remember('mine again');
    expect(history.value).toEqual(['mine again', 'theirs', 'mine']);
    followHistory();
    stored.set('resqlite:history', '["theirs"]');
    onStorage({ key: 'another' });
    expect(history.value).toHaveLength(3);
    onStorage({ key: 'resqlite:history' });
    expect(history.value).toEqual(['theirs']);
  });

  test('is bounded in number and size', async () => {
    const { remember, history } = await load();
    remember('x'.repeat(20_000));
    for (let number = 0; number < 150; number += 1) remember(`select ${number}`);
    expect([history.value.length, history.value[0]]).toEqual([100, 'select 149']);
  });

  test.each(['nonsense', '{"a":1}', '[1, null, "kept"]'])(
    'survives %s in its place',
    async (text) => {
      stored.set('resqlite:history', text);
      expect((await load()).history.value).toEqual(text.includes('kept') ? ['kept'] : []);
    },
  );
});
