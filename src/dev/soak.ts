/**
 * `npm run soak -- NAME [--seed N]`: the runs that take too long for every change, by name. Each is
 * what the tests run as well, only longer; the exit code is that of the run.
 */

import { spawnSync } from 'node:child_process';

interface Soak {
  readonly does: string;
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

const E2E = ['npx', 'vitest', 'run', '--project', 'e2e'];
const IN_TABS = ['npx', 'vitest', 'run', '--project', 'soak'];

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
  statements: {
    does: '1,000,000 generated statements come to the same on three state machines',
    command: ['npm', 'run', 'statements', '--'],
  },
  firefox: {
    does: '20,000 generated statements come to the same in tabs of Chromium and Firefox',
    command: [...IN_TABS, 'test/soak/statements.test.ts'],
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
  const [program = '', ...args] = [...soak.command, ...rest];
  const env = { ...process.env, ...soak.environment };
  return spawnSync(program, args, { stdio: 'inherit', env }).status ?? 1;
}

process.exitCode = main();
