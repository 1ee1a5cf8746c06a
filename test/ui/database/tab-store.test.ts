/** The tabs of this page: what is kept of them, where, and what closing one leaves. */

import { beforeEach, expect, test, vi } from 'vitest';

let local: Map<string, string>;
let session: Map<string, string>;

function storageOf(stored: Map<string, string>) {
  return {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => stored.set(key, value),
  };
}

beforeEach(() => {
  local = new Map();
  session = new Map();
  vi.stubGlobal('localStorage', storageOf(local));
  vi.stubGlobal('sessionStorage', storageOf(session));
});

/** As a load of the page has it. */
async function load() {
  vi.resetModules();
  const store = await import('../../../src/ui/database/tab-store.ts');
  return { ...store, ...(await import('../../../src/ui/history.ts')) };
}

test('names and texts survive a reload; a new tab of the browser begins with the last ones', async () => {
  const first = await load();
  first.keepText(1, 'select 1');
  expect(first.openQueryTab('select 2')).toBe(true);
  first.renameTab(2, '  People  ');
  first.renameTab(2, '   ');
  expect(first.openTableTab('t')).toBe(true);

  const again = await load();
  expect(again.tabList.value.tabs.map(({ name }) => name)).toEqual(['Query 1', 'People', 't']);
  expect([again.activeTab.value?.table, again.queryId.value]).toEqual(['t', 1]);
  expect([again.textOf(1), again.textOf(2)]).toEqual(['select 1', 'select 2']);
  again.selectTab(1);

  // Another tab of the browser changes nothing of this one's.
  const mine = new Map(session);
  session.clear();
  const other = await load();
  expect(other.activeTab.value?.id).toBe(1);
  other.keepText(1, 'another');
  session.clear();
  for (const [key, value] of mine) session.set(key, value);
  expect((await load()).textOf(1)).toBe('select 1');
});

test('a table has one tab, and there are not too many', async () => {
  const { openTableTab, openQueryTab, tabList, tabNotice, selectTab, activeTab } = await load();
  openTableTab('t');
  selectTab(1);
  expect(openTableTab('t')).toBe(true);
  expect([tabList.value.tabs.length, activeTab.value?.table]).toEqual([2, 't']);
  while (tabList.value.tabs.length < 20) openQueryTab();
  expect([openQueryTab(), openTableTab('other')]).toEqual([false, false]);
  expect(tabNotice.value).toBe('There are 20 tabs already. Close one first.');
  expect([openTableTab('t'), tabNotice.value]).toEqual([true, '']);
  expect(tabList.value.tabs).toHaveLength(20);
});

test('what was written in a tab that is closed is in the history', async () => {
  const { closeTab, followEditor, keepText, textOf, history, tabList } = await load();
  // The editor had not told it yet.
  const forget = vi.fn<(id: number) => void>();
  const keepNow = (): void => keepText(1, 'select precious');
  followEditor({ keepNow, forget, focus: () => undefined });
  closeTab(1);
  expect(history.value).toEqual(['select precious']);
  expect(forget).toHaveBeenCalledWith(1);
  expect(tabList.value.tabs).toMatchObject([{ id: 2, table: null }]);
  keepText(1, 'late');
  expect(textOf(1)).toBe('');
});
