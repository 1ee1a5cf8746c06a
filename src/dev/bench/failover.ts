/**
 * How long a cluster of three tabs does not acknowledge writes when its leader goes: a client in another
 * tab writes one row after the other, and the longest time between two answers counts. The tab is
 * closed, as people close tabs; or its renderer dies, and nobody is told.
 */

import { ROW_BYTES } from '../../bench/context.ts';
import { figureOf, type Figure } from '../../bench/report.ts';
import { createTable } from '../../bench/rows.ts';
import { FOLLOWER, isAskedFor } from '../../bench/targets.ts';
import { Browser, type Cluster } from './browser.ts';
import { clusterUrl, tellProgress, type Session } from './session.ts';
import { waitFor, type Tab } from './tab.ts';

const TABLE = 'benchmark_failover';
const VOTERS = 3;
/** Before the leader goes, and again under the next one. */
const WRITES = 20;
const TRIAL_TIMEOUT_MS = 60_000;

const KINDS = {
  'failover-closed': (leader: Tab) => leader.close(),
  'failover-crashed': (leader: Tab) => leader.crash(),
} as const;

export async function measureFailover(session: Session): Promise<Figure[]> {
  const { only } = session.options;
  const figures: Figure[] = [];
  for (const [name, end] of Object.entries(KINDS)) {
    if (!isAskedFor(name, only)) continue;
    const gapsMs = await Browser.during((browser) => gapsOf(browser, session, name, end));
    const settings = `${VOTERS} tabs; time without an acknowledged write, seen by a follower`;
    figures.push(figureOf(name, { subject: FOLLOWER, settings, unit: 'ms' }, gapsMs));
  }
  return figures;
}

async function gapsOf(
  browser: Browser,
  session: Session,
  measurement: string,
  end: (leader: Tab) => Promise<void>,
): Promise<number[]> {
  const { trials: rounds } = session.options;
  const cluster = await browser.openCluster(clusterUrl(session), VOTERS);
  await (await cluster.roles()).leader.call('script', createTable(TABLE));
  const gapsMs: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    tellProgress({ measurement, subject: FOLLOWER, round, rounds });
    gapsMs.push(await gapOf(cluster, session, end));
    await cluster.add();
    await cluster.waitVoters();
  }
  return gapsMs;
}

async function gapOf(
  cluster: Cluster,
  { note }: Session,
  end: (leader: Tab) => Promise<void>,
): Promise<number> {
  const { leader, followers } = await cluster.roles();
  const [writer] = followers;
  if (writer === undefined) throw new Error('there is no follower');
  const { leaderId } = await writer.status();
  await writer.call('startWatch', TABLE, ROW_BYTES);
  await waitWrites(writer, WRITES);
  await end(leader);
  await waitFor('another leader', TRIAL_TIMEOUT_MS, async () => {
    const { leaderId: now } = await writer.status();
    return now !== null && now !== leaderId;
  });
  await waitWrites(writer, (await writer.call('watched')) + WRITES);
  const { longestGapMs, errors, lastError } = await writer.call('endWatch');
  if (errors > 0) note(`failover: ${errors} writes failed: ${lastError}`);
  await cluster.remove(leader);
  return longestGapMs;
}

function waitWrites(writer: Tab, count: number): Promise<void> {
  return waitFor(`${count} writes`, TRIAL_TIMEOUT_MS, async () => {
    return (await writer.call('watched')) >= count;
  });
}
