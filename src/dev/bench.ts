/**
 * `npm run bench -- [--only NAME]... [--rounds N] [--quick] [--trials N] [--writes N] [--json FILE]
 * [--record]`: the benchmark, in a real Chromium on a profile of its own, with the production page in three tabs, and
 * whatever it is compared with in the same run. Prints one table; see `bench/` in the sources for what is
 * measured in the page, and `dev/bench/` for what only can be from outside.
 */

import { writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import type { Figure, Report } from '../bench/report.ts';
import { plotOf } from '../bench/plot.ts';
import { tableOf } from '../bench/table.ts';
import { judge } from '../bench/targets.ts';
import { Browser } from './bench/browser.ts';
import { measureColdStart } from './bench/cold-start.ts';
import { measureEndurance } from './bench/endurance.ts';
import { EtcdRounds } from './bench/etcd-rounds.ts';
import { measureFailover } from './bench/failover.ts';
import { describeMachine, type Machine } from './bench/machine.ts';
import { benchOptionsOf, USAGE, type BenchOptions } from './bench/options.ts';
import { tellProgress, type Session } from './bench/session.ts';
import { measureSimulatedVoters } from './bench/simulated-voters.ts';
import { measureSnapshotJoin } from './bench/snapshot-join.ts';
import { runInTabs } from './bench/suite-run.ts';
import { measureVoters } from './bench/voters.ts';
import { servePage } from './served-page.ts';

/** What the README shows. */
const RECORD = 'src/bench/figures';
const FOLDER = 'node_modules/.cache/resqlite/bench/page';

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
  const fail = (error: unknown): void => {
    console.error(error);
    note(`failed: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  };
  if (options.scale !== 'full') note('not at full scale: for trying, and not to be quoted');
  const machine = describeMachine(await Browser.during(async ({ version }) => version));
  const figures = await measureAll({ port, server, folder, options, note, fail });
  await tell({ ...judge(figures, notes), machine, options });
}

/** One after the other: nothing of one part runs while another is measured. */
async function measureAll(session: Session): Promise<Figure[]> {
  const etcd = new EtcdRounds(session);
  const parts = [
    () => etcd.firstHalf(),
    () => runInTabs(session),
    () => measureVoters(session),
    async () => measureSimulatedVoters({ ...session.options, onProgress: tellProgress }),
    () => measureSnapshotJoin(session),
    () => measureColdStart(session),
    () => measureFailover(session),
    () => measureEndurance(session),
    () => etcd.secondHalf(),
  ];
  const figures: Figure[] = [];
  for (const part of parts) {
    try {
      figures.push(...(await part()));
    } catch (error) {
      session.fail(error);
    }
  }
  return figures;
}

interface Told extends Report {
  readonly machine: Machine;
  readonly options: BenchOptions;
}

async function tell(told: Told): Promise<void> {
  const { machine, options } = told;
  console.log(`\n${Object.values(machine).join(', ')}\n\n${tableOf(told)}`);
  if (options.json !== null) await writeFile(options.json, textOf(told));
  if (options.record) await record(told);
}

/** Both or neither, so that they are of one run. */
async function record(told: Told): Promise<void> {
  const plot = plotOf(told.figures);
  if (plot === null) throw new Error('nothing is recorded: there are no figures to plot');
  // Where else the report went is the business of who asked for it.
  await writeFile(`${RECORD}.json`, textOf({ ...told, options: { ...told.options, json: null } }));
  await writeFile(`${RECORD}.svg`, plot);
}

function textOf(told: Told): string {
  return `${JSON.stringify(told, null, 2)}\n`;
}

main(process.argv.slice(2)).then(
  // The signalling server cannot be stopped in any other way.
  () => process.exit(),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
