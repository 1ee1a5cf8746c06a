/** The story's items by the minute. Pure. */

import type { StoryItem } from './story.ts';

export interface StoryGroup {
  /** Hour and minute, as a clock shows them. */
  readonly title: string;
  readonly items: readonly StoryItem[];
}

/** Items and groups stay in the order of the items. */
export function groupByMinute(items: readonly StoryItem[]): StoryGroup[] {
  const groups: { title: string; items: StoryItem[] }[] = [];
  for (const item of items) {
    const title = minuteOf(item.atMs);
    const last = groups.at(-1);
    if (last?.title === title) last.items.push(item);
    else groups.push({ title, items: [item] });
  }
  return groups;
}

function minuteOf(atMs: number): string {
  const date = new Date(atMs);
  return `${twoDigits(date.getHours())}:${twoDigits(date.getMinutes())}`;
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0');
}
