/**
 * `npm run sqllogictest -- FILE…`: runs files in the format of SQLite's logic tests (parser.ts) through
 * a simulated cluster of three servers.
 *
 *   --bare       on SQLite's WebAssembly build alone
 *   --tabs       through a cluster of real tabs
 *   --complete   writes the results of SQLite alone into the files as what is expected
 *
 * Exit code 1: a record failed, or a file is malformed or cannot be read. Exit code 2: the arguments
 * make no sense.
 */

import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Runtime } from '../../sqlite/runtime.ts';
import { loadNodeRuntime } from '../sql/runtime.ts';
import { BareTarget } from './bare-target.ts';
import { ClusterTarget } from './cluster-target.ts';
import { completeLogicTest } from './completion.ts';
import { parseLogicTest } from './parser.ts';
import { runLogicTest, type LogicTarget } from './runner.ts';
import { Tally } from './tally.ts';

const USAGE = 'usage: npm run sqllogictest -- [--bare | --tabs | --complete] FILE…';
const TABS = ['vitest', 'run', '--project', 'soak', 'test/soak/sqllogictest.test.ts'];
const SEED = 1;

async function main(): Promise<number> {
  let parsed;
  try {
    parsed = parseArgs({
      allowPositionals: true,
      options: {
        bare: { type: 'boolean', default: false },
        tabs: { type: 'boolean', default: false },
        complete: { type: 'boolean', default: false },
      },
    });
    const { bare, tabs, complete } = parsed.values;
    if ([bare, tabs, complete].filter(Boolean).length > 1) throw new Error('one of them');
    if (parsed.positionals.length === 0) throw new Error('no files');
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    console.error(USAGE);
    return 2;
  }
  const { values, positionals } = parsed;
  if (values.tabs) return runInTabs(positionals);
  if (values.complete) return completeAll(positionals);
  return runAll(positionals, values.bare);
}

async function runAll(files: readonly string[], bare: boolean): Promise<number> {
  const runtime = bare ? null : await loadNodeRuntime();
  const tally = new Tally();
  for (const file of files) {
    await tally.add(file, async () => {
      const records = parseLogicTest(file, await readFile(file, 'utf8'));
      return withTarget(runtime, (target) => runLogicTest(target, records));
    });
  }
  for (const line of tally.lines()) console.log(line);
  return tally.hasFailed ? 1 : 0;
}

async function completeAll(files: readonly string[]): Promise<number> {
  let failed = false;
  for (const file of files) {
    try {
      const text = await readFile(file, 'utf8');
      const records = parseLogicTest(file, text);
      const done = await withTarget(null, (target) => completeLogicTest(target, records, text));
      await writeFile(file, done);
    } catch (error) {
      console.error(`${file}: ${error instanceof Error ? error.message : String(error)}`);
      failed = true;
    }
  }
  return failed ? 1 : 0;
}

/** Every file has a database of its own: without a runtime, SQLite alone. */
async function withTarget<Result>(
  runtime: Runtime | null,
  work: (target: LogicTarget) => Promise<Result>,
): Promise<Result> {
  const target = runtime === null ? await BareTarget.open() : new ClusterTarget(runtime, SEED);
  try {
    return await work(target);
  } finally {
    target.close();
  }
}

/** Tabs are driven by what drives them in the tests. */
function runInTabs(files: readonly string[]): number {
  const paths = files.map((file) => resolve(file));
  const env = { ...process.env, RESQLITE_FILES: JSON.stringify(paths) };
  return spawnSync('npx', TABS, { stdio: 'inherit', env }).status ?? 1;
}

process.exitCode = await main();
