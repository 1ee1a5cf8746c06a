/** The story's items by the minute. Pure. */

import type { StoryItem } from './story.ts';

export interface StoryGroup {
  /** Of its minute alone, on whatever day. */
  readonly key: string;
  /** Hour and minute, as a clock shows them; with the date where it is not the newest item's. */
  readonly title: string;
  readonly items: readonly StoryItem[];
}

/** Items and groups stay in the order of the items, the newest first. */
export function groupByMinute(items: readonly StoryItem[]): StoryGroup[] {
  const groups: { key: string; title: string; items: StoryItem[] }[] = [];
  const today = items[0] === undefined ? '' : dayOf(new Date(items[0].atMs));
  for (const item of items) {
    const date = new Date(item.atMs);
    const [day, minute] = [dayOf(date), minuteOf(date)];
    const key = `${day} ${minute}`;
    const last = groups.at(-1);
    if (last?.key === key) last.items.push(item);
    else groups.push({ key, title: day === today ? minute : key, items: [item] });
  }
  return groups;
}

function dayOf(date: Date): string {
  return `${date.getFullYear()}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())}`;
}

function minuteOf(date: Date): string {
  return `${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())}`;
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0');
}
