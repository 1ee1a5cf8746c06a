/**
 * `npm run soak -- NAME [--seed N]`: the runs that take too long for every change, by name. Each is
 * what the tests run as well, only longer; the exit code is that of the run.
 */

import { spawnSync } from 'node:child_process';

interface Soak {
  readonly does: string;
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Options of the run, a number each, that its tests are told by environment variables. */
  readonly options?: Readonly<Record<string, string>>;
}

const E2E = ['npx', 'vitest', 'run', '--project', 'e2e'];
const IN_TABS = ['npx', 'vitest', 'run', '--project', 'soak'];

const NUMBER = /^\d+(?:\.\d+)?$/;

const SOAKS: Readonly<Record<string, Soak>> = {
  seeds: {
    does: '5,000 simulated clusters',
    command: ['npm', 'run', 'simulate', '--', '--seeds', '5000'],
  },
  mutants: {
    does: 'every deliberate fault has to be found',
    command: ['npm', 'run', 'simulate', '--', '--mutant', 'all'],
  },
  clients: {
    does: '5 servers with 20 clients under all faults, 500 seeds',
    command: [
      'npm',
      'run',
      'simulate',
      '--',
      '--servers',
      '5',
      '--clients',
      '20',
      '--seeds',
      '500',
    ],
  },
  writes: {
    does: '1,000,000 simulated writes leave a short log',
    command: ['npm', 'run', 'simulate', '--', '--writes', '1000000'],
  },
  compaction: {
    does: '100,000 writes in a real tab leave a short log',
    command: [...E2E, 'test/e2e/snapshot.test.ts', '-t', 'short log'],
    environment: { RESQLITE_WRITES: '100000' },
  },
  join: {
    does: 'a tab joins a database of 50 MB by a snapshot while writes go on',
    command: [...E2E, 'test/e2e/snapshot.test.ts', '-t', 'joins'],
    environment: { RESQLITE_MEGABYTES: '50' },
  },
  import: {
    does: 'a SQLite file of 200 MB is imported, also by a tab that dies half-way, and exported',
    command: [...E2E, 'test/e2e/import.test.ts'],
    environment: { RESQLITE_MEGABYTES: '200' },
  },
  examples: {
    does: 'the to-do lists, with invites, without a majority, and after all tabs were closed',
    command: [...E2E, 'test/e2e/to-do.test.ts'],
    environment: { RESQLITE_EXAMPLES: 'whole' },
  },
  headless: {
    does: 'a headless node, with its next start, its end by force, and its leave',
    command: [...E2E, 'test/e2e/headless-node.test.ts'],
    environment: { RESQLITE_HEADLESS: 'whole' },
  },
  library: {
    does: 'two builds of the package are the same, byte for byte',
    command: [...IN_TABS, 'test/soak/library.test.ts'],
  },
  statements: {
    does: '1,000,000 generated statements come to the same on three state machines',
    command: ['npm', 'run', 'statements', '--'],
  },
  firefox: {
    does: '20,000 generated statements come to the same in tabs of Chromium and Firefox [--seed N]',
    command: [...IN_TABS, 'test/soak/statements.test.ts'],
    options: { '--seed': 'RESQLITE_SEED' },
  },
  nemesis: {
    does: '3 Chromiums and a Firefox under faults of every kind for 30 minutes [--minutes N --seed N]',
    command: [...E2E, 'test/e2e/nemesis.test.ts'],
    environment: { RESQLITE_MINUTES: '30' },
    options: { '--minutes': 'RESQLITE_MINUTES', '--seed': 'RESQLITE_SEED' },
  },
  kills: {
    does: '100 kills of a browser under load, and 20 torn IndexedDBs [--kills N --rounds N]',
    command: [...IN_TABS, 'test/soak/kills.test.ts'],
    options: { '--kills': 'RESQLITE_KILLS', '--rounds': 'RESQLITE_ROUNDS' },
  },
  hidden: {
    does: 'a leader in a hidden tab leads on for 10 minutes of writes [--minutes N]',
    command: [...E2E, 'test/e2e/busy-page.test.ts', '-t', 'hidden'],
    environment: { RESQLITE_MINUTES: '10' },
    options: { '--minutes': 'RESQLITE_MINUTES' },
  },
  blocked: {
    does: 'a leader whose page is blocked for 5 s at a time leads on for 2 minutes [--minutes N]',
    command: [...E2E, 'test/e2e/busy-page.test.ts', '-t', 'blocked'],
    environment: { RESQLITE_MINUTES: '2' },
    options: { '--minutes': 'RESQLITE_MINUTES' },
  },
  apps: {
    does: 'the apps: all appends, restarts, kills and dying workers [--appends N --seed N]',
    command: [
      ...E2E,
      '--project',
      'unit',
      '--no-file-parallelism',
      'test/apps/mapreduce/mapreduce.test.ts',
      'test/e2e/kv.test.ts',
      'test/e2e/chat.test.ts',
      'test/e2e/mapreduce.test.ts',
      'test/e2e/sandbox.test.ts',
    ],
    environment: { RESQLITE_APPS: 'whole', RESQLITE_APPENDS: '200' },
    options: { '--appends': 'RESQLITE_APPENDS', '--seed': 'RESQLITE_SEED' },
  },
  lively: {
    does: 'the cluster view is drawn for a minute under 200 writes a second [--minutes N]',
    command: [...E2E, 'test/e2e/lively-view.test.ts'],
    environment: { RESQLITE_MINUTES: '1' },
    options: { '--minutes': 'RESQLITE_MINUTES' },
  },
};

function main(): number {
  const [name = '', ...rest] = process.argv.slice(2);
  const soak = SOAKS[name];
  if (soak === undefined) {
    console.error('usage: npm run soak -- NAME [further arguments of the run]');
    for (const [known, { does }] of Object.entries(SOAKS)) console.error(`  ${known}: ${does}`);
    return 2;
  }
  const told = split(rest, soak.options ?? {});
  if (told === null) {
    console.error(`${name}: ${soak.does}`);
    return 2;
  }
  const { further, environment } = told;
  const [program = '', ...args] = [...soak.command, ...further];
  const env = { ...process.env, ...soak.environment, ...environment };
  return spawnSync(program, args, { stdio: 'inherit', env }).status ?? 1;
}

/**
 * Options that become environment variables, and what is left for the command itself; null where an
 * option comes without its number, which would be a run of nothing.
 */
function split(
  given: readonly string[],
  options: Readonly<Record<string, string>>,
): { further: string[]; environment: Record<string, string> } | null {
  const further: string[] = [];
  const environment: Record<string, string> = {};
  for (let at = 0; at < given.length; at += 1) {
    const argument = given[at] ?? '';
    const variable = options[argument];
    if (variable === undefined) {
      further.push(argument);
      continue;
    }
    at += 1;
    const value = given[at] ?? '';
    if (!NUMBER.test(value)) return null;
    environment[variable] = value;
  }
  return { further, environment };
}

process.exitCode = main();
