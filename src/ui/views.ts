/**
 * Which view the page shows, by the fragment of its address: `#/cluster`, `#/lab?seed=7`. Any other
 * fragment is an invite (tab-memory.ts), and none is the first view.
 */

import { computed, signal } from '@preact/signals';

export const VIEWS = ['database', 'apps', 'cluster', 'metrics', 'lab', 'settings'] as const;
export type ViewName = (typeof VIEWS)[number];

export const VIEW_TITLES: Readonly<Record<ViewName, string>> = {
  database: 'Database',
  apps: 'Apps',
  cluster: 'Cluster',
  metrics: 'Metrics',
  lab: 'Lab',
  settings: 'Settings',
};

const FRAGMENT = /^#\/([a-z]*)(?:\?(.*))?$/;

const fragment = signal('');

/** What stands behind the question mark, as the view understands it; '' where nothing does. */
export const viewQuery = computed(() => FRAGMENT.exec(fragment.value)?.[2] ?? '');

/** An unknown name is the first view. */
export const view = computed((): ViewName => {
  const name = FRAGMENT.exec(fragment.value)?.[1];
  return VIEWS.find((known) => known === name) ?? 'database';
});

/** Whether the fragment names a view, and is no invite. */
export function isViewFragment(hash: string): boolean {
  return hash.length <= 1 || hash.startsWith('#/');
}

export function addressOfView(name: ViewName, query = ''): string {
  return `#/${name}${query === '' ? '' : `?${query}`}`;
}

/** As a link to it would. */
export function showView(name: ViewName, query = ''): void {
  location.hash = addressOfView(name, query);
}

/** The same without a step in the browser's history, for a view that changes what stands behind it. */
export function replaceView(name: ViewName, query: string): void {
  history.replaceState(history.state, '', addressOfView(name, query));
  take();
}

/** Follows the address; one that is opened with an invite is none of a view's. */
export function followViews(): void {
  take();
  addEventListener('hashchange', take);
}

function take(): void {
  if (isViewFragment(location.hash)) fragment.value = location.hash;
}
