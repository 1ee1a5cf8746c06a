/** A run of the console: what is shown while it goes on and when it has ended, and the history. */

import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Database, RunOptions } from '../../src/client/database.ts';
import type { RunResult } from '../../src/client/script.ts';
import type { LogIndex } from '../../src/raft/types.ts';
import { resultOf } from '../client/fake-workers.ts';

type Frame = () => void;

let stored: Map<string, string>;
let frames: Frame[];

beforeEach(() => {
  stored = new Map();
  frames = [];
  vi.resetModules();
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => stored.set(key, value),
  });
  vi.stubGlobal('requestAnimationFrame', (frame: Frame) => frames.push(frame));
  vi.stubGlobal('cancelAnimationFrame', (id: number) => {
    if (id > 0) frames[id - 1] = () => undefined;
  });
});

/** The page's modules, as a fresh load has them. */
async function load() {
  const store = await import('../../src/ui/console-store.ts');
  const history = await import('../../src/ui/history.ts');
  return { ...store, ...history };
}

const RESULT: RunResult = {
  statements: 1,
  errors: 0,
  firstErrors: [],
  rowsAffected: 1,
  elapsedMs: 5,
};

function databaseOf(work: (script: string, options: RunOptions) => Promise<RunResult>): Database {
  return { run: work } as unknown as Database;
}

function report(statement: number) {
  const { result } = resultOf();
  const outcome = { type: 'executed', index: 1 as LogIndex, result } as const;
  return { statement, sql: 'x', start: 0, line: 1, elapsedMs: 1, outcome };
}

describe('the console', () => {
  test('runs the editor with the chosen level, and shows each statement', async () => {
    const { runEditor, run, level } = await load();
    level.value = 'weak';
    let asked: RunOptions = {};
    const database = databaseOf(async (_, options) => {
      asked = options;
      options.onResult?.(report(0));
      return RESULT;
    });
    await runEditor(database, 'insert', 7);
    expect([asked.level, asked.bail]).toEqual(['weak', true]);
    expect(run.value).toMatchObject({ source: 'editor', script: 'insert', base: 7 });
    expect(run.value?.reports).toEqual([report(0)]);
    expect(run.value?.end).toEqual({ type: 'done', result: RESULT });
  });

  test('shows progress at most once a frame, and keeps a bounded number of results', async () => {
    const { runEditor, run, isRunning, MAX_REPORTS } = await load();
    const gate = new EventTarget();
    const database = databaseOf(async (_, { onResult, onProgress }) => {
      for (let statement = 0; statement < MAX_REPORTS + 50; statement += 1) {
        onResult?.(report(statement));
        onProgress?.({ statements: statement + 1, errors: 0, rowsAffected: 0, fraction: 0.5 });
      }
      await new Promise((resolve) => {
        gate.addEventListener('open', resolve);
      });
      return RESULT;
    });
    const running = runEditor(database, 'many', 0);
    expect([frames.length, isRunning(), run.value?.progress]).toEqual([1, true, null]);
    frames[0]?.();
    expect(run.value?.progress?.statements).toBe(MAX_REPORTS + 50);
    expect(run.value?.reports).toHaveLength(MAX_REPORTS);
    gate.dispatchEvent(new Event('open'));
    await running;
    expect(isRunning()).toBe(false);
  });

  test('runs one thing at a time, and nothing for nothing', async () => {
    const { runEditor, run } = await load();
    const scripts: string[] = [];
    const database = databaseOf(async (script) => {
      scripts.push(script);
      return RESULT;
    });
    await Promise.all([runEditor(database, 'one', 0), runEditor(database, 'two', 0)]);
    await runEditor(database, ' \n', 0);
    expect([scripts, run.value?.script]).toEqual([['one'], 'one']);
  });

  test('can be stopped', async () => {
    const { runEditor, run, stop } = await load();
    const { aborted } = await import('../../src/client/call-limits.ts');
    const database = databaseOf(
      (_, { signal }) =>
        new Promise((_, reject) => {
          signal?.addEventListener('abort', () => reject(aborted('unknown')));
        }),
    );
    const running = runEditor(database, 'long', 0);
    stop();
    await running;
    expect(run.value?.end).toMatchObject({ type: 'failed', error: { code: 'Aborted' } });
  });

  test('runs a file on to its end, without keeping rows', async () => {
    const { runFile, run } = await load();
    let asked: RunOptions = {};
    const database = databaseOf(async (script, options) => {
      asked = options;
      expect(script).toBe('a;b;');
      return RESULT;
    });
    await runFile(database, new File(['a;b;'], 'dump.sql'));
    expect([asked.bail, asked.onResult]).toEqual([undefined, undefined]);
    expect(run.value).toMatchObject({ source: 'file', name: 'dump.sql' });
  });
});

describe('the history', () => {
  test('keeps what was run, the newest first and nothing twice, over reloads', async () => {
    const { runEditor } = await load();
    const database = databaseOf(async () => RESULT);
    for (const sql of ['one', 'two', 'one']) await runEditor(database, sql, 0);
    vi.resetModules();
    const { history, clearHistory } = await load();
    expect(history.value).toEqual(['one', 'two']);
    clearHistory();
    vi.resetModules();
    expect((await load()).history.value).toEqual([]);
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
