/**
 * The tabs of the Database view as a list, and as what is kept of it over a reload. Pure. There is
 * always a tab for queries; what was kept is not trusted.
 */

export interface Tab {
  /** Another one for each tab of this page, also for those that were closed. */
  readonly id: number;
  /** What the person calls it; of a table its name. */
  readonly name: string;
  /** It shows the rows of this table or view; null: it is for queries. */
  readonly table: string | null;
}

export interface TabList {
  readonly tabs: readonly Tab[];
  readonly activeId: number;
  /** The tab for queries that is active, or was last. */
  readonly queryId: number;
  readonly nextId: number;
}

export type Texts = ReadonlyMap<number, string>;

export const MAX_TABS = 20;
export const MAX_NAME_CHARACTERS = 60;
/** A longer text lasts as long as the page; a part of one could do harm when it is run. */
const MAX_KEPT_CHARACTERS = 200_000;

export function withActive(list: TabList, activeId: number): TabList {
  const queries = list.tabs.filter((tab) => tab.table === null).map(({ id }) => id);
  const shown = [activeId, list.queryId].find((id) => queries.includes(id)) ?? queries[0] ?? 0;
  return { ...list, activeId, queryId: shown };
}

/** Puts a tab behind the active one, and makes it the active one. */
export function withTab(list: TabList, table: string | null): TabList {
  const id = list.nextId;
  const opened = { id, name: table ?? freeName(list.tabs), table };
  const at = list.tabs.findIndex((tab) => tab.id === list.activeId) + 1;
  const tabs = list.tabs.toSpliced(at, 0, opened);
  return withActive({ ...list, tabs, nextId: id + 1 }, id);
}

/** Its neighbour takes its place; the last one for queries gives way to an empty one. */
export function withoutTab(list: TabList, id: number): TabList {
  const at = list.tabs.findIndex((tab) => tab.id === id);
  if (at === -1) return list;
  const isNeeded = list.tabs.every((tab) => tab.table !== null || tab.id === id);
  const whole = isNeeded ? withTab({ ...list, activeId: id }, null) : list;
  const left = whole.tabs.toSpliced(at, 1);
  const neighbour = left[Math.min(at, left.length - 1)]?.id ?? 0;
  return withActive({ ...whole, tabs: left }, list.activeId === id ? neighbour : list.activeId);
}

export function toStored({ tabs, activeId }: TabList, texts: Texts): unknown {
  let left = MAX_KEPT_CHARACTERS;
  const stored = tabs.map((tab) => {
    const text = texts.get(tab.id) ?? '';
    const isKept = text.length <= left;
    if (isKept) left -= text.length;
    return { ...tab, text: isKept ? text : '' };
  });
  return { tabs: stored, activeId };
}

/** Whatever was stored: a list that holds. */
export function fromStored(stored: unknown): { list: TabList; texts: Map<number, string> } {
  const texts = new Map<number, string>();
  const tabs: Tab[] = [];
  const { tabs: all, activeId } = fieldsOf(stored);
  for (const one of Array.isArray(all) ? all.slice(0, MAX_TABS) : []) {
    const { id, name, table, text } = fieldsOf(one);
    if (typeof id !== 'number' || id > MAX_ID || texts.has(id)) continue;
    if (typeof name !== 'string' || !(id > 0)) continue;
    const ofTable = typeof table === 'string' ? table : null;
    tabs.push({ id, name: name.slice(0, MAX_NAME_CHARACTERS), table: ofTable });
    texts.set(id, typeof text === 'string' ? text : '');
  }
  const first = tabs.find((tab) => tab.id === activeId) ?? tabs[0];
  const nextId = Math.max(0, ...texts.keys()) + 1;
  const found = { tabs, activeId: first?.id ?? 0, queryId: 0, nextId };
  const isWhole = tabs.some((tab) => tab.table === null);
  const whole = isWhole ? found : withTab(found, null);
  return { list: withActive(whole, first?.id ?? whole.activeId), texts };
}

const MAX_ID = 1e9;

function freeName(tabs: readonly Tab[]): string {
  const names = new Set(tabs.map(({ name }) => name));
  let number = 1;
  while (names.has(`Query ${number}`)) number += 1;
  return `Query ${number}`;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
