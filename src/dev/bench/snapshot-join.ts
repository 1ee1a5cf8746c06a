/**
 * A tab without any state joins a database of 100 MB by a snapshot, while a client in a follower's tab
 * writes: how fast the snapshot comes in, beside what a raw, warm data channel carries between two tabs; how
 * long it takes from navigation until the tab has applied what the others had by then; how long the
 * client's writes take meanwhile; and whether anybody misses the leader.
 */

import { connectTabs } from '../../bench/channel-setup.ts';
import { ROW_BYTES, scaled } from '../../bench/context.ts';
import { figureOf, type Figure } from '../../bench/report.ts';
import { createTable } from '../../bench/rows.ts';
import { FOLLOWER, isAskedFor, NEWCOMER, RAW_CHANNEL } from '../../bench/targets.ts';
import { Browser, type Cluster } from './browser.ts';
import { clusterUrl, tellProgress, type Session } from './session.ts';
import { waitFor, type Tab } from './tab.ts';

const NAME = 'snapshot-join';
const TABLE = 'benchmark_join';
const BIG_TABLE = 'benchmark_join_data';
const VOTERS = 3;
const MEGABYTE = 1_000_000;
const MEGABYTES = 100;
/** More entries than a log keeps, so that a newcomer cannot be given the log instead. */
const FILLING = { clients: 64, calls: 17_000, batch: 1 };
/** What a channel carries at first says nothing about what it carries later. */
const WARM_UP_BYTES = 32 * MEGABYTE;
const TIMEOUT_MS = 600_000;

export async function measureSnapshotJoin(session: Session): Promise<Figure[]> {
  if (!isAskedFor(NAME, session.options.only)) return [];
  return Browser.during(async (browser) => {
    const cluster = await browser.openCluster(clusterUrl(session), VOTERS);
    const megabytes = scaled(session.options, MEGABYTES);
    await fill(cluster, megabytes);
    tellProgress({ measurement: NAME, subject: RAW_CHANNEL, round: 1, rounds: 1 });
    const raw = await channelRate(cluster, megabytes * MEGABYTE);
    tellProgress({ measurement: NAME, subject: NEWCOMER, round: 1, rounds: 1 });
    return [raw, ...(await join(cluster, megabytes, session))];
  });
}

/** Until no node has the beginning of the log any more. */
async function fill(cluster: Cluster, megabytes: number): Promise<void> {
  const { leader } = await cluster.roles();
  await leader.call('script', `create table ${BIG_TABLE} (data blob);\n${createTable(TABLE)}`);
  for (let megabyte = 0; megabyte < megabytes; megabyte += 1) {
    await leader.call('script', `insert into ${BIG_TABLE} values (randomblob(${MEGABYTE}))`);
  }
  const { lastIndex } = await positionOf(leader);
  await leader.call('insertRows', { table: TABLE, ...FILLING, bytes: ROW_BYTES });
  await waitFor('short logs', TIMEOUT_MS, async () => {
    const positions = await Promise.all(cluster.tabs.map((tab) => positionOf(tab)));
    return positions.every(({ firstIndex }) => firstIndex > lastIndex);
  });
}

async function channelRate(cluster: Cluster, bytes: number): Promise<Figure> {
  const { leader, followers } = await cluster.roles();
  const [follower] = followers;
  if (follower === undefined) throw new Error('there is no follower');
  await connectTabs(leader.call, follower.call);
  await leader.call('send', WARM_UP_BYTES);
  const { elapsedMs } = await leader.call('send', bytes);
  await Promise.all([leader, follower].map((tab) => tab.call('closeChannel')));
  const settings = 'warm, between two tabs, bytes in workers at both ends, frames of 64 KiB';
  const about = { subject: RAW_CHANNEL, settings, unit: 'MB/s' } as const;
  return figureOf(NAME, about, [rate(bytes, elapsedMs)]);
}

async function join(cluster: Cluster, megabytes: number, { note }: Session): Promise<Figure[]> {
  const { leader, followers } = await cluster.roles();
  const [writer] = followers;
  if (writer === undefined) throw new Error('there is no follower');
  const before = await leader.status();
  await writer.call('startWatch', TABLE, ROW_BYTES);
  const beganMs = performance.now();
  const newcomer = await cluster.begin();
  const stream = await streamOf(newcomer);
  await newcomer.waitRunning();
  await waitFor('the newcomer to have caught up', TIMEOUT_MS, async () => {
    const [its, ours] = await Promise.all([positionOf(newcomer), positionOf(leader)]);
    return its.lastApplied + FILLING.clients >= ours.lastApplied;
  });
  const elapsedMs = performance.now() - beganMs;
  const { latenciesMs, errors, lastError } = await writer.call('endWatch');
  if (errors > 0) note(`${NAME}: ${errors} writes failed: ${lastError}`);
  const after = await leader.status();
  const rows = await newcomer.call('rows', `select count(*), sum(length(data)) from ${BIG_TABLE}`);
  if (String(rows) !== `${megabytes},${megabytes * MEGABYTE}`) {
    throw new Error(`the newcomer has ${String(rows)}`);
  }
  const settings = `${megabytes} MB, while one client writes`;
  const joined = { subject: NEWCOMER, settings };
  return [
    figureOf(NAME, { ...joined, unit: 'MB/s' }, [rate(stream.bytes, stream.elapsedMs)]),
    figureOf(`${NAME}-time`, { ...joined, unit: 'ms' }, [elapsedMs]),
    figureOf(`${NAME}-elections`, { ...joined, unit: 'count' }, [after.term - before.term]),
    figureOf(`${NAME}-commit`, { subject: FOLLOWER, settings, unit: 'ms' }, latenciesMs),
  ];
}

/** What comes over the channel for snapshots, from its first bytes until the snapshot is in place. */
async function streamOf(newcomer: Tab): Promise<{ bytes: number; elapsedMs: number }> {
  let beganMs = 0;
  let bytes = 0;
  await waitFor('the snapshot', TIMEOUT_MS, async () => {
    const { bulkBytes, snapshots } = await positionOf(newcomer);
    bytes = bulkBytes;
    if (bulkBytes > 0 && beganMs === 0) beganMs = performance.now();
    return snapshots > 0;
  });
  return { bytes, elapsedMs: performance.now() - beganMs };
}

interface Position {
  readonly firstIndex: number;
  readonly lastIndex: number;
  readonly lastApplied: number;
  /** Snapshots of others that it has taken over. */
  readonly snapshots: number;
  /** Of snapshots, so far. */
  readonly bulkBytes: number;
}

/** All zero while there is no node yet. */
function positionOf(tab: Tab): Promise<Position> {
  return tab.db(
    `const status = await db?.status();
     const { firstIndex = 0, lastIndex = 0, lastApplied = 0, counters = {} } = status ?? {};
     const { snapshotsInstalled: snapshots = 0, bulkBytesIn: bulkBytes = 0 } = counters;
     return { firstIndex, lastIndex, lastApplied, snapshots, bulkBytes };`,
  );
}

function rate(bytes: number, elapsedMs: number): number {
  return bytes / MEGABYTE / (elapsedMs / 1_000);
}
