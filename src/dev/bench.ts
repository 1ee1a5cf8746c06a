/**
 * `npm run bench -- [--only NAME]... [--rounds N] [--quick] [--trials N] [--writes N] [--json FILE]`: the
 * benchmark, in a real Chromium on a profile of its own, with the production page in three tabs, and
 * whatever it is compared with in the same run. Prints one table; see `bench/` in the sources for what is
 * measured in the page, and `dev/bench/` for what only can be from outside.
 */

import { writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { boundsOf, ratiosOf, type Figure, type Report } from '../bench/report.ts';
import { tableOf } from '../bench/table.ts';
import { BOUNDS, COMPARISONS } from '../bench/targets.ts';
import { Browser } from './bench/browser.ts';
import { describeMachine, type Machine } from './bench/machine.ts';
import { benchOptionsOf, USAGE, type BenchOptions } from './bench/options.ts';
import { runInTabs } from './bench/suite-run.ts';
import { servePage } from './served-page.ts';

const FOLDER = 'node_modules/.cache/resqlite/bench/page';

async function main(args: readonly string[]): Promise<void> {
  const options = benchOptionsOf(args);
  if (options === null) {
    console.error(USAGE);
    process.exitCode = 2;
    return;
  }
  process.env['PORT'] = '0';
  const server = await servePage({ host: '127.0.0.1' }, join(process.cwd(), FOLDER));
  const { port } = server.httpServer.address() as AddressInfo;
  await runAll(port, options);
}

async function runAll(port: number, options: BenchOptions): Promise<void> {
  const notes: string[] = [];
  const figures: Figure[] = [];
  const browser = await Browser.launch();
  const machine = describeMachine(browser.version);
  try {
    figures.push(...(await runInTabs(browser, port, options, notes)));
  } finally {
    await browser.close();
  }
  const report: Report = {
    figures,
    ratios: ratiosOf(figures, COMPARISONS),
    bounds: boundsOf(figures, BOUNDS),
    notes,
  };
  await tell(report, machine, options);
}

async function tell(report: Report, machine: Machine, { json }: BenchOptions): Promise<void> {
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
