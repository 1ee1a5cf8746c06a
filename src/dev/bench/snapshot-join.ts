/**
 * A tab without any state joins a database of 100 MB by a snapshot, while a client in a follower's tab
 * writes: how fast the snapshot comes in, beside what a raw, warm data channel carries between two tabs; how
 * long it takes from navigation until the tab has applied what the others had by then; how long the
 * client's writes take meanwhile; and whether anybody misses the leader. Then it leaves, and another one
 * joins in its place.
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
const TIMEOUT_MS = 120_000;
const LOOK_INTERVAL_MS = 20;

export async function measureSnapshotJoin(session: Session): Promise<Figure[]> {
  const { options } = session;
  if (!isAskedFor(NAME, options.only)) return [];
  return Browser.during(async (browser) => {
    const cluster = await browser.openCluster(clusterUrl(session), VOTERS);
    const megabytes = scaled(options, MEGABYTES);
    await fill(cluster, megabytes);
    const raw: number[] = [];
    const joins: Join[] = [];
    for (let round = 1; round <= options.rounds; round += 1) {
      const progress = { measurement: NAME, round, rounds: options.rounds };
      tellProgress({ ...progress, subject: RAW_CHANNEL });
      raw.push(await channelRate(cluster, megabytes * MEGABYTE));
      tellProgress({ ...progress, subject: NEWCOMER });
      joins.push(await join(cluster, megabytes, session));
    }
    return figuresOf(megabytes, raw, joins);
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

/** In MB/s. */
async function channelRate(cluster: Cluster, bytes: number): Promise<number> {
  const { leader, followers } = await cluster.roles();
  const [follower] = followers;
  if (follower === undefined) throw new Error('there is no follower');
  await connectTabs(leader.call, follower.call);
  await leader.call('send', WARM_UP_BYTES);
  const { elapsedMs } = await leader.call('send', bytes);
  await Promise.all([leader, follower].map((tab) => tab.call('closeChannel')));
  return rate(bytes, elapsedMs);
}

interface Join {
  /** Of the snapshot's bytes, in MB/s. */
  readonly rate: number;
  /** From navigation until it had applied what the leader had. */
  readonly elapsedMs: number;
  readonly elections: number;
  /** Of the writes from navigation until then. */
  readonly latenciesMs: readonly number[];
}

/** The newcomer is gone again when it returns. */
async function join(cluster: Cluster, megabytes: number, { note }: Session): Promise<Join> {
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
  await leave(cluster, newcomer);
  const elections = after.term - before.term;
  return { rate: rate(stream.bytes, stream.elapsedMs), elapsedMs, elections, latenciesMs };
}

/** Until nothing is left of its node that the next tab could go on with. */
async function leave(cluster: Cluster, newcomer: Tab): Promise<void> {
  const { nodeId } = await newcomer.status();
  await newcomer.db('await db.leave();');
  await waitFor('the newcomer to be out', TIMEOUT_MS, async () => {
    return newcomer.db(
      `const { held } = await navigator.locks.query();
       return held.every(({ name }) => !name.endsWith(argument));`,
      `:${nodeId}`,
    );
  });
  await cluster.remove(newcomer);
  await cluster.waitVoters();
}

function figuresOf(megabytes: number, raw: readonly number[], joins: readonly Join[]): Figure[] {
  const settings = `${megabytes} MB, while one client writes`;
  const joined = { subject: NEWCOMER, settings };
  const channel = 'warm, between two tabs, bytes in workers at both ends, frames of 64 KiB';
  return [
    figureOf(NAME, { subject: RAW_CHANNEL, settings: channel, unit: 'MB/s' }, raw),
    figureOf(
      NAME,
      { ...joined, unit: 'MB/s' },
      joins.map((one) => one.rate),
    ),
    figureOf(
      `${NAME}-time`,
      { ...joined, unit: 'ms' },
      joins.map((one) => one.elapsedMs),
    ),
    figureOf(
      `${NAME}-elections`,
      { ...joined, unit: 'count' },
      joins.map((one) => one.elections),
    ),
    figureOf(
      `${NAME}-commit`,
      { subject: FOLLOWER, settings, unit: 'ms' },
      joins.flatMap((one) => one.latenciesMs),
    ),
  ];
}

/**
 * What comes over the channel for snapshots, from its first bytes until the snapshot is in place: looked
 * for in the newcomer's page, since to ask from outside a tab costs the browser more than to look.
 */
function streamOf(newcomer: Tab): Promise<{ bytes: number; elapsedMs: number }> {
  return newcomer.db(
    `const deadlineMs = performance.now() + argument.boundMs;
     let beganMs = null;
     for (;;) {
       const counters = (await window.db?.status())?.counters;
       const nowMs = performance.now();
       const bytes = counters?.bulkBytesIn ?? 0;
       if (bytes > 0) beganMs ??= nowMs;
       if (beganMs !== null && counters.snapshotsInstalled > 0) {
         return { bytes, elapsedMs: nowMs - beganMs };
       }
       if (nowMs > deadlineMs) throw new Error('waited in vain for the snapshot');
       await new Promise((resolve) => setTimeout(resolve, argument.intervalMs));
     }`,
    { boundMs: TIMEOUT_MS, intervalMs: LOOK_INTERVAL_MS },
  );
}

interface Position {
  readonly firstIndex: number;
  readonly lastIndex: number;
  readonly lastApplied: number;
}

/** All zero while there is no node yet. */
function positionOf(tab: Tab): Promise<Position> {
  return tab.db(
    `const status = await db?.status();
     const { firstIndex = 0, lastIndex = 0, lastApplied = 0 } = status ?? {};
     return { firstIndex, lastIndex, lastApplied };`,
  );
}

function rate(bytes: number, elapsedMs: number): number {
  return bytes / MEGABYTE / (elapsedMs / 1_000);
}
