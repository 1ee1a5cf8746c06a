/**
 * The tabs of one browser profile as parts of one benchmark, over BroadcastChannels: on one they find
 * each other, and each tab answers calls on one of its own. A tab loads the benchmark when somebody
 * asks who is there (`offer.ts`), so the question is repeated until as many have answered as there are
 * members here, or nobody new comes.
 */

import type { Database } from '../client/database.ts';
import { ROLL_CALL } from './roll-call.ts';
import type { CallTab, TabDescription } from './tab-api.ts';
import { answerCalls, tabCaller } from './tab-calls.ts';
import { TabServer } from './tab-server.ts';

const ASK_INTERVAL_MS = 200;
const ASK_TIMEOUT_MS = 5_000;
const ANSWER_TIMEOUT_MS = 30_000;

type RollCall =
  | { readonly type: 'who'; readonly clusterId: string }
  | { readonly type: 'here'; readonly clusterId: string; readonly nodeId: string };

interface Serving {
  readonly db: Database;
  readonly server: TabServer;
  readonly channels: readonly BroadcastChannel[];
}

let serving: Serving | null = null;

/** This tab answers from now on, with this database and no other. */
export function serveTab(db: Database): TabServer {
  if (serving?.db === db) return serving.server;
  for (const channel of serving?.channels ?? []) channel.close();
  const { clusterId, nodeId } = db;
  const server = new TabServer(db);
  const calls = answerCalls(channelOf(nodeId), server.api);
  const rollCall = new BroadcastChannel(ROLL_CALL);
  const here: RollCall = { type: 'here', clusterId, nodeId };
  rollCall.addEventListener('message', ({ data }: MessageEvent<RollCall>) => {
    if (data.type === 'who' && data.clusterId === clusterId) rollCall.postMessage(here);
  });
  serving = { db, server, channels: [calls, rollCall] };
  return server;
}

/** Finds this cluster's tabs in this profile, this one among them. */
export async function findTabs(db: Database, members: number): Promise<Tabs> {
  serveTab(db);
  const { clusterId } = db;
  const found = new Set<string>();
  const rollCall = new BroadcastChannel(ROLL_CALL);
  rollCall.addEventListener('message', ({ data }: MessageEvent<RollCall>) => {
    if (data.type === 'here' && data.clusterId === clusterId) found.add(data.nodeId);
  });
  const deadlineMs = performance.now() + ASK_TIMEOUT_MS;
  while (found.size < members && performance.now() < deadlineMs) {
    const who: RollCall = { type: 'who', clusterId };
    rollCall.postMessage(who);
    await new Promise((resolve) => setTimeout(resolve, ASK_INTERVAL_MS));
  }
  rollCall.close();
  return new Tabs([...found].map((nodeId) => new Tab(nodeId)));
}

export class Tab {
  readonly nodeId: string;
  readonly call: CallTab;
  readonly #channel: BroadcastChannel;

  constructor(nodeId: string) {
    this.nodeId = nodeId;
    this.#channel = new BroadcastChannel(channelOf(nodeId));
    this.call = tabCaller(this.#channel);
  }

  close(): void {
    this.#channel.close();
  }
}

export class Tabs {
  readonly all: readonly Tab[];

  constructor(all: readonly Tab[]) {
    this.all = all;
  }

  /** Nobody is called any more. */
  close(): void {
    for (const tab of this.all) tab.close();
  }

  /** The tab that leads, and the others. Rejects where no tab here does, and where one has gone. */
  async roles(): Promise<{ leader: Tab; followers: readonly Tab[] }> {
    const told = await inTime(Promise.all(this.all.map((tab) => tab.call('describe'))));
    const leader = this.all[leaderAmong(told)];
    if (leader === undefined) throw new Error('no tab of this profile leads the cluster');
    return { leader, followers: this.all.filter((tab) => tab !== leader) };
  }
}

async function inTime<T>(answers: Promise<T>): Promise<T> {
  let timer = 0;
  const late = new Promise<never>((_resolve, reject) => {
    timer = window.setTimeout(() => reject(new Error('a tab does not answer')), ANSWER_TIMEOUT_MS);
  });
  try {
    return await Promise.race([answers, late]);
  } finally {
    clearTimeout(timer);
  }
}

function leaderAmong(told: readonly TabDescription[]): number {
  const terms = told.map(({ role, term }) => (role === 'leader' ? term : 0));
  const highest = Math.max(...terms);
  return highest === 0 ? -1 : terms.indexOf(highest);
}

function channelOf(nodeId: string): string {
  return `${ROLL_CALL}:${nodeId}`;
}
