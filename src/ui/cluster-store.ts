/** The clusters of this browser, as a signal, and how this tab goes over to another one. */

import { effect, signal } from '@preact/signals';
import type { ClusterEntry } from '../client/protocol.ts';
import { reloadPage } from './leaving.ts';
import { chooseCluster, database } from './store.ts';

export const knownClusters = signal<readonly ClusterEntry[]>([]);

/** Tabs that open at the same time have more urgent business with the browser's list. */
const LIST_DELAY_MS = 2_000;

let learn: () => Promise<void> = async () => undefined;

/** Looks once the node is open: by then its own cluster is among them. */
export function watchClusters(list: () => Promise<readonly ClusterEntry[]>): void {
  learn = () => take(list);
  effect(() => {
    if (database.value === null) return undefined;
    const timer = setTimeout(learn, LIST_DELAY_MS);
    return () => clearTimeout(timer);
  });
}

async function take(list: () => Promise<readonly ClusterEntry[]>): Promise<void> {
  try {
    knownClusters.value = await list();
  } catch {
    // Without the list there is nothing to pick from, and nothing else is missing.
  }
}

/** Asks for the list where this one is not on it, which may be asked at any time; null: nobody knows. */
export async function isDefaultCluster(clusterId: string): Promise<boolean | null> {
  const find = () => knownClusters.value.find((cluster) => cluster.clusterId === clusterId);
  if (find() === undefined) await learn();
  return find()?.isDefault ?? null;
}

/** The default cluster needs no remembering. */
export function switchCluster({ clusterId, isDefault }: ClusterEntry): void {
  chooseCluster(isDefault ? null : clusterId);
  reloadPage();
}
