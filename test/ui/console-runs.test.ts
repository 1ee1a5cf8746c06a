/** What runs the editor's text: in which tab, what it says where it cannot, and requests of the page. */

import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Database } from '../../src/client/database.ts';
import type { Editor } from '../../src/ui/editor.ts';

beforeEach(() => {
  vi.resetModules();
  const storage = { getItem: () => null, setItem: () => undefined };
  vi.stubGlobal('localStorage', storage);
  vi.stubGlobal('sessionStorage', storage);
  // The address that is no invite.
  vi.stubGlobal('location', { hash: '#/database', href: '', pathname: '/', search: '' });
  vi.stubGlobal('requestAnimationFrame', () => 1);
  vi.stubGlobal('cancelAnimationFrame', () => undefined);
});

class FakeEditor implements Pick<Editor, 'script' | 'text' | 'head' | 'show' | 'replace'> {
  document = 1;
  text = '';
  /** Null: nothing is selected. */
  selected: string | null = null;

  get script() {
    return { text: this.selected ?? this.text, base: 0 };
  }

  get head(): number {
    return this.text.length;
  }

  show(document: number, text: string): void {
    if (document === this.document) return;
    this.document = document;
    this.replace(text);
  }

  replace(text: string): void {
    this.text = text;
    this.selected = null;
  }
}

/** Scripts that were begun, which never end. */
function fakeDatabase() {
  const begun: string[] = [];
  const run = (script: string): Promise<never> => {
    begun.push(script);
    return new Promise(() => undefined);
  };
  return { begun, database: { run } as unknown as Database };
}

async function load() {
  const { ConsoleRuns } = await import('../../src/ui/console-runs.ts');
  const tabs = await import('../../src/ui/database/tab-store.ts');
  const { consoleOf, shell } = await import('../../src/ui/console-store.ts');
  const { database } = await import('../../src/ui/store.ts');
  const { takeRequest } = await import('../../src/ui/console-requests.ts');
  await shell.get();
  const editor = new FakeEditor();
  const runs = new ConsoleRuns<FakeEditor>(
    () => editor,
    () => undefined,
  );
  runs.watch();
  const fake = fakeDatabase();
  const open = (): void => {
    database.value = fake.database;
  };
  return { ...tabs, consoleOf, takeRequest, editor, runs, fake, open };
}

describe('where nothing can be run it is said why', () => {
  test('before the database is open', async () => {
    const { runs, open, editor } = await load();
    editor.text = 'select 1;';
    expect([runs.run(false), runs.notice.value]).toEqual([false, 'The database is not open yet.']);
    open();
    expect(runs.notice.value).toBe('');
  });

  test('files that come before the database is open, or while something runs', async () => {
    const { runs, open, editor, fake } = await load();
    const files = [new File(['select 2;'], 'two.sql')];
    runs.runFiles(files);
    expect(runs.notice.value).toBe('The database is not open yet.');
    open();
    editor.text = 'select 1;';
    expect([runs.run(false), runs.notice.value]).toEqual([true, '']);
    runs.runFiles(files);
    expect(runs.notice.value).toBe('A statement is still running. Stop it first.');
    expect(fake.begun).toEqual(['select 1;']);
  });

  test('of the tab that is shown, and not of another one', async () => {
    const { runs, open, editor, openQueryTab, selectTab } = await load();
    open();
    editor.text = 'select 1;';
    runs.run(false);
    runs.run(false);
    expect(runs.notice.value).not.toBe('');
    openQueryTab();
    expect(runs.notice.value).toBe('');
    selectTab(1);
    expect(runs.notice.value).toBe('');
  });
});

test('the plan is that of the text, and in the tab, that were there when it was asked for', async () => {
  const { runs, open, editor, openQueryTab, consoleOf, queryId, fake } = await load();
  open();
  editor.text = 'select 1;';
  const explained = runs.explain();
  openQueryTab();
  editor.show(queryId.value, 'delete from t;');
  // It never ends: it is looked at when it has begun.
  void explained;
  await vi.waitFor(() => expect(fake.begun).toHaveLength(1));
  expect(fake.begun[0]).toMatch(/explain query plan select 1/i);
  expect(consoleOf(1).isRunning).toBe(true);
  expect(consoleOf(queryId.value).run.value).toBeNull();
});

describe('a request of the page', () => {
  const REQUEST = { number: 1, sql: 'select sample;' };

  test('has a tab of its own where something is written, whatever is selected', async () => {
    const { takeRequest, editor, tabList, queryId, textOf, keepText } = await load();
    keepText(1, ' select precious; ');
    editor.text = ' select precious; ';
    editor.selected = ' ';
    const run = vi.fn<() => void>();
    takeRequest(REQUEST, editor, run);
    expect([tabList.value.tabs.length, editor.document, editor.text]).toEqual([
      2,
      queryId.value,
      'select sample;',
    ]);
    expect([textOf(1), run.mock.calls.length]).toEqual([' select precious; ', 1]);
  });

  test('takes the tab where nothing is written', async () => {
    const { takeRequest, editor, tabList } = await load();
    takeRequest(REQUEST, editor, () => undefined);
    takeRequest(REQUEST, editor, () => undefined);
    expect([tabList.value.tabs.length, editor.text]).toEqual([1, 'select sample;']);
  });

  test('writes over nothing where there are too many tabs, and says so', async () => {
    const { takeRequest, editor, openQueryTab, tabNotice, selectTab } = await load();
    while (openQueryTab()) expect(tabNotice.value).toBe('');
    selectTab(1);
    editor.text = 'select precious;';
    const run = vi.fn<() => void>();
    takeRequest(REQUEST, editor, run);
    expect([editor.text, run.mock.calls.length]).toEqual(['select precious;', 0]);
    expect(tabNotice.value).toBe('There are 20 tabs already. Close one first.');
  });
});
