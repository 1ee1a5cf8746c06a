/** What a commit costs with one, three and five voters, each a tab of one browser that grows. */

import {
  COMMITS,
  INSERTS,
  readingsOf,
  ROW_BYTES,
  scaled,
  WARM_UP_SHARE,
} from '../../bench/context.ts';
import { Gathering } from '../../bench/gathering.ts';
import type { Figure } from '../../bench/report.ts';
import { createTable } from '../../bench/rows.ts';
import { concurrentName, isAskedFor, votersText } from '../../bench/targets.ts';
import { Browser, Cluster } from './browser.ts';
import { clusterUrl, tellProgress, type Session } from './session.ts';

const TABLE = 'benchmark_voters';
const VOTERS = [1, 3, 5] as const;
const CLIENTS = 64;

export async function measureVoters(session: Session): Promise<Figure[]> {
  if (!VOTERS.some((voters) => isAskedFor(`voters-${voters}`, session.options.only))) return [];
  return Browser.during(async (browser) => {
    const cluster = new Cluster(browser, clusterUrl(session));
    const figures: Figure[] = [];
    for (const voters of VOTERS) {
      while (cluster.tabs.length < voters) await cluster.add();
      await cluster.waitVoters();
      if (voters === 1) await cluster.tabs[0]?.call('script', createTable(TABLE));
      if (!isAskedFor(`voters-${voters}`, session.options.only)) continue;
      figures.push(...(await measureWith(cluster, session, voters)));
    }
    return figures;
  });
}

async function measureWith(
  cluster: Cluster,
  { options }: Session,
  voters: number,
): Promise<Figure[]> {
  const measurement = `voters-${voters}`;
  const subject = `${votersText(voters)}, leader`;
  const { rounds } = options;
  const { leader } = await cluster.roles();
  const gathered = new Gathering();
  const insert = (clients: number, calls: number) =>
    leader.call('insertRows', { table: TABLE, clients, calls, batch: 1, bytes: ROW_BYTES });
  const commits = scaled(options, COMMITS);
  const inserts = scaled(options, INSERTS);
  await insert(CLIENTS, inserts * WARM_UP_SHARE);
  for (let round = 1; round <= rounds; round += 1) {
    tellProgress({ measurement, subject, round, rounds });
    const { latenciesMs } = await insert(1, commits);
    gathered.add([{ figure: measurement, unit: 'ms', values: latenciesMs }]);
    gathered.add(
      readingsOf(`${measurement}-${concurrentName(CLIENTS)}`, await insert(CLIENTS, inserts)),
    );
  }
  return gathered.figures(subject, 'tabs of one browser, from the leader');
}
