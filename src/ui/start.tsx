/** Puts the page up, opens its node, and offers the database to scripts as `window.db`. */

import { effect } from '@preact/signals';
import { render } from 'preact';
import type { Database } from '../client/database.ts';
import type { ClusterEntry } from '../client/protocol.ts';
import { App } from './app.tsx';
import { appLibraries } from './apps/app-libraries.ts';
import { watchClusters } from './cluster-store.ts';
import { followGuide } from './guide/guide-store.ts';
import { followHistory } from './history.ts';
import { offerInvitedServer } from './invited-server.ts';
import { watchLeaving } from './leaving.ts';
import { watchCuts } from './reachability-store.ts';
import { followAutopilot } from './settings/autopilot-store.ts';
import type { SignallingControl } from './settings/signalling-choice.ts';
import { startSettings } from './settings/signalling-store.ts';
import { followShellSettings } from './shell/settings.ts';
import { followTheme } from './theme-store.ts';
import { database, openedWith, restart, start, type OpenDatabase } from './store.ts';
import { followViews, isViewFragment } from './views.ts';

declare global {
  interface Window {
    /** This page's database, from when it is open. */
    db?: Database;
    /** For scripts and the console: opens databases, and fetches the apps' libraries. */
    resqlite?: { readonly open: OpenDatabase } & typeof appLibraries;
  }
}

/** What the page's own dialogs and views need of the rest. */
export interface PageServices {
  readonly signalling: SignallingControl;
  readonly clusters: () => Promise<readonly ClusterEntry[]>;
}

export function startPage(open: OpenDatabase, { signalling, clusters }: PageServices): void {
  window.resqlite = { open, ...appLibraries };
  effect(() => {
    if (database.value !== null) window.db = database.value;
  });
  // An invite link put into the address bar of an open page only changes its fragment.
  window.addEventListener('hashchange', () => {
    if (!isViewFragment(location.hash)) location.reload();
  });
  // A page that comes back from the back-forward cache has closed its node when it went.
  window.addEventListener('pageshow', ({ persisted }) => {
    if (persisted) void restart(open);
  });
  followTheme();
  followViews();
  startSettings(signalling);
  followAutopilot();
  followHistory();
  followShellSettings();
  watchCuts();
  followGuide();
  watchLeaving();
  watchClusters(clusters);
  void offerInvitedServer(openedWith);
  void start(open);
  // In the next task: by then the node's workers are on their way.
  setTimeout(draw, 0);
}

function draw(): void {
  const place = document.querySelector('#app');
  if (place !== null) render(<App />, place);
}
