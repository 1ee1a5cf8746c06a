/** Tabs that the person closes: asked first where something would be lost. */

import { beforeEach, expect, test, vi } from 'vitest';
import type { ShellDatabase } from '../../../src/ui/shell/shell-ports.ts';

beforeEach(() => {
  vi.resetModules();
  const storage = { getItem: () => null, setItem: () => undefined };
  vi.stubGlobal('localStorage', storage);
  vi.stubGlobal('sessionStorage', storage);
  vi.stubGlobal('requestAnimationFrame', () => 1);
  vi.stubGlobal('cancelAnimationFrame', () => undefined);
});

async function load() {
  const tabs = await import('../../../src/ui/database/tab-store.ts');
  const { closeByPerson } = await import('../../../src/ui/database/tab-closing.ts');
  const { consoleOf, shell } = await import('../../../src/ui/console-store.ts');
  const { openQuestion } = await import('../../../src/ui/shell-host.ts');
  const { history } = await import('../../../src/ui/history.ts');
  await shell.get();
  tabs.openQueryTab();
  const ids = () => tabs.tabList.value.tabs.map(({ id }) => id);
  return { ...tabs, closeByPerson, consoleOf, openQuestion, history, ids };
}

test('what fits the history is closed at once', async () => {
  const { closeByPerson, keepText, ids, openQuestion, history } = await load();
  keepText(2, 'x'.repeat(10_000));
  const closed = closeByPerson(2);
  expect([ids(), openQuestion.value]).toEqual([[1], null]);
  await closed;
  expect(history.value).toHaveLength(1);
});

test('a text that the history does not take is asked about, also where it was typed just now', async () => {
  const { closeByPerson, keepText, followEditor, ids, openQuestion, textOf } = await load();
  const keepNow = (): void => keepText(2, 'x'.repeat(10_001));
  followEditor({ keepNow, forget: () => undefined, focus: () => undefined });
  const declined = closeByPerson(2);
  expect(openQuestion.value?.question).toMatchObject({
    title: 'Close Query 2',
    text: expect.stringContaining('10,000 characters'),
  });
  openQuestion.value?.answer(null);
  await declined;
  expect([ids(), textOf(2).length]).toEqual([[1, 2], 10_001]);
  const agreed = closeByPerson(2);
  openQuestion.value?.answer({ file: null, text: '' });
  await agreed;
  expect(ids()).toEqual([1]);
});

test('a tab in which something runs is asked about', async () => {
  const { closeByPerson, consoleOf, ids, openQuestion } = await load();
  const { aborted } = await import('../../../src/client/call-limits.ts');
  const run: ShellDatabase['run'] = (_, options) =>
    new Promise((_resolve, reject) => {
      options?.signal?.addEventListener('abort', () => reject(aborted('unknown')));
    });
  const ran = consoleOf(2).runEditor({ run } as unknown as ShellDatabase, 'select 1', 0);
  const closed = closeByPerson(2);
  expect(openQuestion.value?.question.text).toContain('What runs in it is stopped.');
  expect([ids(), consoleOf(2).isRunning]).toEqual([[1, 2], true]);
  openQuestion.value?.answer({ file: null, text: '' });
  await closed;
  expect([ids(), await ran]).toEqual([[1], false]);
});
