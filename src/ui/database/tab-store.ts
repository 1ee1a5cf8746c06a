/**
 * The tabs of the Database view: which there are, which one is shown, and what is written in those for
 * queries. Kept in this browser: this tab of it finds its own again, a new one what was there last.
 */

import { computed, signal } from '@preact/signals';
import { keep, kept } from '../browser-memory.ts';
import { remember } from '../history.ts';
import {
  fromStored,
  MAX_NAME_CHARACTERS,
  MAX_TABS,
  toStored,
  withActive,
  withoutTab,
  withTab,
  type TabList,
} from './tab-list.ts';

const KEY = 'resqlite:tabs';

const { list: restored, texts } = fromStored(kept(KEY, 'sessionStorage') ?? kept(KEY));

export const tabList = signal<TabList>(restored);

export const activeTab = computed(() => {
  const { tabs, activeId } = tabList.value;
  return tabs.find((tab) => tab.id === activeId);
});

/** The tab for queries that is shown, or was last. */
export const queryId = computed(() => tabList.value.queryId);

/** Why no tab was opened; '': one was, or none was asked for. */
export const tabNotice = signal('');

export function selectTab(id: number): void {
  change(withActive(tabList.value, id));
}

/** False: there are too many, and it is said so. */
export function openQueryTab(text = ''): boolean {
  if (isFull()) return false;
  const list = withTab(tabList.value, null);
  texts.set(list.activeId, text);
  change(list);
  return true;
}

/**
 * Shows the table's tab, which is opened where there is none. False: there are too many, and it is
 * said so.
 */
export function openTableTab(table: string): boolean {
  const open = tabList.value.tabs.find((tab) => tab.table === table);
  if (open !== undefined) selectTab(open.id);
  else if (isFull()) return false;
  else change(withTab(tabList.value, table));
  return true;
}

function isFull(): boolean {
  const isSo = tabList.value.tabs.length >= MAX_TABS;
  if (isSo) tabNotice.value = `There are ${MAX_TABS} tabs already. Close one first.`;
  return isSo;
}

/** The editor, as far as tabs need it. */
interface TabEditor {
  /** Has the store know, by `keepText`, what was written just now. */
  keepNow(): void;
  focus(): void;
  /** The tab of that number is closed. */
  forget(id: number): void;
}

let editor: TabEditor | null = null;

export function followEditor(followed: TabEditor): void {
  editor = followed;
}

/** Where what is typed next belongs. */
export function focusEditor(): void {
  // A tab that was just opened is shown first.
  requestAnimationFrame(() => editor?.focus());
}

/** What is written in it, to the last key. */
export function writtenIn(id: number): string {
  editor?.keepNow();
  return textOf(id);
}

/** What was written in it goes into the history, where it fits. */
export function closeTab(id: number): void {
  remember(writtenIn(id));
  texts.delete(id);
  change(withoutTab(tabList.value, id));
  editor?.forget(id);
}

export function renameTab(id: number, name: string): void {
  const short = name.trim().slice(0, MAX_NAME_CHARACTERS);
  if (short === '') return;
  const { tabs } = tabList.value;
  const renamed = tabs.map((tab) => (tab.id === id ? { ...tab, name: short } : tab));
  change({ ...tabList.value, tabs: renamed });
}

export function textOf(id: number): string {
  return texts.get(id) ?? '';
}

/** A tab that is closed by now keeps nothing. */
export function keepText(id: number, text: string): void {
  if (textOf(id) === text || tabList.peek().tabs.every((tab) => tab.id !== id)) return;
  texts.set(id, text);
  save();
}

function change(list: TabList): void {
  tabNotice.value = '';
  tabList.value = list;
  save();
}

function save(): void {
  const stored = toStored(tabList.peek(), texts);
  keep(KEY, stored, 'sessionStorage');
  keep(KEY, stored);
}
