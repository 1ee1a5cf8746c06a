/**
 * `npm run bench -- [--only NAME]... [--rounds N] [--quick] [--trials N] [--writes N] [--json FILE]`: the
 * benchmark, in a real Chromium on a profile of its own, with the production page in three tabs, and
 * whatever it is compared with in the same run. Prints one table; see `bench/` in the sources for what is
 * measured in the page, and `dev/bench/` for what only can be from outside.
 */

import { writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { Gathering } from '../bench/gathering.ts';
import type { Figure, Report } from '../bench/report.ts';
import { tableOf } from '../bench/table.ts';
import { ETCD, judge } from '../bench/targets.ts';
import { Browser } from './bench/browser.ts';
import { measureColdStart } from './bench/cold-start.ts';
import { measureEndurance } from './bench/endurance.ts';
import { ETCD_SETTINGS, findEtcd, measureEtcd } from './bench/etcd.ts';
import { measureFailover } from './bench/failover.ts';
import { describeMachine, type Machine } from './bench/machine.ts';
import { benchOptionsOf, USAGE } from './bench/options.ts';
import type { Session } from './bench/session.ts';
import { measureSnapshotJoin } from './bench/snapshot-join.ts';
import { runInTabs } from './bench/suite-run.ts';
import { measureVoters } from './bench/voters.ts';
import { servePage } from './served-page.ts';

const FOLDER = 'node_modules/.cache/resqlite/bench/page';

const PARTS = [
  runInTabs,
  measureVoters,
  measureSnapshotJoin,
  measureColdStart,
  measureFailover,
  measureEndurance,
];

async function main(args: readonly string[]): Promise<void> {
  const options = benchOptionsOf(args);
  if (options === null) {
    console.error(USAGE);
    process.exitCode = 2;
    return;
  }
  process.env['PORT'] = '0';
  const folder = join(process.cwd(), FOLDER);
  const server = (await servePage({ host: '127.0.0.1' }, folder)).httpServer;
  const { port } = server.address() as AddressInfo;
  const notes: string[] = [];
  const note = (text: string): void => void notes.push(text);
  const machine = describeMachine(await Browser.during(async ({ version }) => version));
  const figures = await measureAll({ port, server, folder, options, note });
  await tell(judge(figures, notes), machine, options.json);
}

/** One after the other: nothing of one part runs while another is measured. */
async function measureAll(session: Session): Promise<Figure[]> {
  const path = findEtcd();
  if (path === null) session.note('there is no etcd on the PATH to compare with');
  const { options } = session;
  const etcd = new Gathering();
  const before = Math.ceil(options.rounds / 2);
  if (path !== null) await measureEtcd(path, options, before, etcd);
  const figures: Figure[] = [];
  for (const part of PARTS) {
    try {
      figures.push(...(await part(session)));
    } catch (error) {
      // What the other parts have to tell is not lost with it.
      console.error(error);
      session.note(`failed: ${error instanceof Error ? error.message : String(error)}`);
      process.exitCode = 1;
    }
  }
  if (path !== null) await measureEtcd(path, options, options.rounds - before, etcd);
  return [...figures, ...etcd.figures(ETCD, ETCD_SETTINGS)];
}

async function tell(report: Report, machine: Machine, json: string | null): Promise<void> {
  console.log(`\n${Object.values(machine).join(', ')}\n\n${tableOf(report)}`);
  if (json !== null) await writeFile(json, `${JSON.stringify({ machine, ...report }, null, 2)}\n`);
}

main(process.argv.slice(2)).then(
  // The signalling server cannot be stopped in any other way.
  () => process.exit(),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
