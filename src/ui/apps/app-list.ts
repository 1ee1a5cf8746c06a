/** The apps of the page, and which of them is shown: what stands behind the question mark of `#/apps?chat`. */

import { computed } from '@preact/signals';
import { LatePart } from '../late-part.ts';
import { viewQuery } from '../views.ts';

export const APPS = ['kv', 'chat', 'mapreduce'] as const;
export type AppName = (typeof APPS)[number];

export const APP_TITLES: Readonly<Record<AppName, string>> = {
  kv: 'Key-value store',
  chat: 'Chat',
  mapreduce: 'MapReduce',
};

/** An unknown name is the first app. */
export const shownApp = computed(
  (): AppName => APPS.find((name) => name === viewQuery.value) ?? 'kv',
);

export const kvView = new LatePart(() => import('./kv/kv-view.tsx'));
export const chatView = new LatePart(() => import('./chat/chat-view.tsx'));
export const mapReduceView = new LatePart(() => import('./mapreduce/mapreduce-view.tsx'));
