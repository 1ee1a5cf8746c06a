/**
 * What a person does to the cluster from its view. Faults are carried out by the tab whose node they
 * are for, where it is one of this browser; leadership and membership by the cluster.
 */

import { computed, effect, signal } from '@preact/signals';
import { toReadError } from '../../client/errors.ts';
import type { Database } from '../../client/database.ts';
import { shellHost } from '../shell-host.ts';
import { database } from '../store.ts';
import { shortId } from '../wording.ts';
import type { RingSelection } from '../raft/drawn.ts';
import { picture, reports } from './cluster-live.ts';
import { pageShare } from './page-share.ts';
import type { NodeId, TabCommand } from './share-messages.ts';

/** What is picked in the ring or among the members. */
export const selection = signal<RingSelection | null>(null);

/** Why the last thing that was asked of a member did not come to pass. */
export const problem = signal<{ readonly nodeId: string; readonly message: string } | null>(null);

const running = computed(() => {
  return [...reports.value.values()].flatMap(({ inspection, presence }) =>
    inspection !== null && presence.isRunning ? [inspection] : [],
  );
});

const toldDelayMs = computed(() => Math.max(0, ...running.value.map(({ delayMs }) => delayMs)));

/** What was asked for last, until the tabs say so. */
const wantedDelayMs = signal<number | null>(null);

effect(() => {
  if (toldDelayMs.value === wantedDelayMs.peek()) wantedDelayMs.value = null;
});

/** Milliseconds that messages of the tabs here are late on purpose. */
export const delayMs = computed(() => wantedDelayMs.value ?? toldDelayMs.value);

/** Something is cut or delayed on purpose. */
export const isFaulty = computed(() =>
  running.value.some((node) => node.isolated || node.delayMs > 0 || node.cutLinks.length > 0),
);

/** There is a tab to do something to. */
export const canAct = computed(() => running.value.length > 0);

/** A member whose tab is one of this browser's. */
export function isHere(nodeId: string): boolean {
  return reports.value.has(nodeId);
}

export function select(picked: RingSelection | null): void {
  selection.value = picked;
  problem.value = null;
}

export function isolate(nodeId: string, on: boolean): void {
  command(nodeId, { type: 'isolate', on });
}

/** At whichever ends are here; one is enough to cut it. */
export function cutLink(one: string, other: string, on: boolean): void {
  command(one, { type: 'cut-link', peer: other as NodeId, on });
  command(other, { type: 'cut-link', peer: one as NodeId, on });
}

export function delayMessages(ms: number): void {
  wantedDelayMs.value = ms === toldDelayMs.value ? null : ms;
  for (const nodeId of reports.value.keys()) command(nodeId, { type: 'delay', delayMs: ms });
}

export function crash(nodeId: string): void {
  command(nodeId, { type: 'crash' });
}

/** Its page is loaded anew, and its node comes back with its own storage. */
export function reloadTab(nodeId: string): void {
  command(nodeId, { type: 'reload' });
}

export function healEverything(): void {
  delayMessages(0);
  for (const [nodeId, { inspection }] of reports.value) {
    command(nodeId, { type: 'isolate', on: false });
    for (const peer of inspection?.cutLinks ?? []) {
      command(nodeId, { type: 'cut-link', peer, on: false });
    }
  }
}

export async function killLeader(): Promise<void> {
  const leaderId = picture.value?.leaderId ?? null;
  if (leaderId === null) return;
  const answer = await shellHost.ask({
    title: `Kill the leader, ${shortId(leaderId)}?`,
    text:
      'Its node stops at once, in the middle of whatever it does, and its links with it. The others notice ' +
      'that, do not wait for their election timeouts, and a majority elects one of them in a newer term. ' +
      'What was acknowledged is on a majority’s disks: nothing of it is lost. The killed node comes back ' +
      'when its tab is reloaded, with its own log, and follows the new leader.',
    file: null,
    field: null,
    action: 'Kill it',
    isDangerous: true,
  });
  if (answer !== null) crash(leaderId);
}

export async function giveLeadership(nodeId: string): Promise<void> {
  await attempt(nodeId, (open) => open.transferLeadership(nodeId as NodeId));
}

export async function removeMember(nodeId: string): Promise<void> {
  const answer = await shellHost.ask({
    title: `Remove ${shortId(nodeId)}?`,
    text:
      'The member leaves the cluster and is locked out: its copy is of no more use, and it comes in again ' +
      'only as a new member. A majority of those that are left has to agree from then on.',
    file: null,
    field: null,
    action: 'Remove it',
    isDangerous: true,
  });
  if (answer !== null) await attempt(nodeId, (open) => open.removeNode(nodeId as NodeId));
}

function command(nodeId: string, what: TabCommand): void {
  if (isHere(nodeId)) pageShare.value?.command(nodeId as NodeId, what);
}

async function attempt(nodeId: string, run: (open: Database) => Promise<unknown>): Promise<void> {
  problem.value = null;
  const { value: open } = database;
  if (open === null) return;
  try {
    await run(open);
  } catch (error) {
    problem.value = { nodeId, message: toReadError(error).message };
  }
}
