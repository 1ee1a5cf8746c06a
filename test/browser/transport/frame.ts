/** A page of its own, in a frame: one tab, as its settings say. */

import type { NodeId } from '../../../src/raft/types.ts';
import { Tab, type TabOptions } from './tab.ts';

interface Settings {
  readonly options: TabOptions;
  readonly peers: readonly NodeId[];
}

// Vitest passes every dynamic import through its runner, which only the test's own page has.
Object.assign(globalThis, {
  __vitest_browser_runner__: { wrapDynamicImport: (load: () => unknown) => load() },
});

const settings = JSON.parse(document.body.dataset['settings'] ?? '') as Settings;
const tab = new Tab(settings.options);
tab.setPeers(...settings.peers.map((nodeId) => ({ nodeId })));
