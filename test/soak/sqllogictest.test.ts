/**
 * Logic tests through a cluster of three tabs, what `npm run sqllogictest -- --tabs FILE…` runs: every
 * file in a cluster of its own. RESQLITE_FILES names the files, as JSON; without it they are our own.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'vitest';

import type { Database } from '../../src/client/database.ts';
import type { SqlValue } from '../../src/node/sql.ts';
import { parseLogicTest } from '../../src/simulation/sqllogictest/parser.ts';
import {
  runLogicTest,
  type LogicTarget,
  type TargetOutcome,
} from '../../src/simulation/sqllogictest/runner.ts';
import { Tally } from '../../src/simulation/sqllogictest/tally.ts';
import { hashesAtOneIndex, openCluster, test } from '../e2e/harness.ts';
import type { Tab } from '../e2e/tab.ts';

const OWN = join(import.meta.dirname, '../sqllogictest');
const FILES: readonly string[] =
  process.env['RESQLITE_FILES'] === undefined
    ? readdirSync(OWN).map((name) => join(OWN, name))
    : (JSON.parse(process.env['RESQLITE_FILES']) as string[]);

/** A value on its way out of a page: what JSON lacks is written out. */
type Written = null | number | string | { readonly bigint: string } | { readonly bytes: number[] };

type Answer =
  | { readonly type: 'rows'; readonly columns: number; readonly rows: readonly Written[][] }
  | { readonly type: 'error'; readonly message: string };

class TabsTarget implements LogicTarget {
  readonly engines = ['sqlite', 'resqlite', 'tabs'];
  readonly #tabs: readonly Tab[];
  #turn = 0;

  constructor(tabs: readonly Tab[]) {
    this.#tabs = tabs;
  }

  async execute(sql: string): Promise<TargetOutcome> {
    return outcomeOf(await this.#next().db(executeInTab, sql));
  }

  async query(sql: string): Promise<TargetOutcome> {
    return outcomeOf(await this.#next().db(queryInTab, sql));
  }

  async verdict(): Promise<string | null> {
    const hashes = await hashesAtOneIndex(this.#tabs);
    return hashes.length === 1 ? null : `the tabs differ: ${hashes.join(', ')}`;
  }

  #next(): Tab {
    this.#turn += 1;
    const tab = this.#tabs[this.#turn % this.#tabs.length];
    if (tab === undefined) throw new Error('There are no tabs.');
    return tab;
  }
}

/** Both run in the page. */
async function executeInTab(db: Database, sql: string): Promise<Answer> {
  const { firstErrors } = await db.run(sql, { bail: true });
  const [first] = firstErrors;
  if (first !== undefined) return { type: 'error', message: first.error.message };
  return { type: 'rows', columns: 0, rows: [] };
}

async function queryInTab(db: Database, sql: string): Promise<Answer> {
  const write = (value: SqlValue): Written => {
    if (typeof value === 'bigint') return { bigint: String(value) };
    if (value instanceof Uint8Array) return { bytes: [...value] };
    if (value === Infinity || value === -Infinity) return { bigint: String(value) };
    return value;
  };
  let columns: readonly string[] = [];
  let rows: readonly (readonly SqlValue[])[] = [];
  const { firstErrors } = await db.run(sql, {
    onResult: ({ outcome }) => {
      if (outcome.type === 'rows') ({ columns, rows } = outcome.answer);
      if (outcome.type === 'executed') ({ columns, rows } = outcome.result);
    },
  });
  const [first] = firstErrors;
  if (first !== undefined) return { type: 'error', message: first.error.message };
  return { type: 'rows', columns: columns.length, rows: rows.map((row) => row.map(write)) };
}

function outcomeOf(answer: Answer): TargetOutcome {
  if (answer.type === 'error') return answer;
  return { ...answer, rows: answer.rows.map((row) => row.map(read)) };
}

function read(written: Written): SqlValue {
  if (written === null || typeof written !== 'object') return written;
  if ('bytes' in written) return Uint8Array.from(written.bytes);
  return written.bigint.endsWith('Infinity') ? Number(written.bigint) : BigInt(written.bigint);
}

test('logic tests hold in a cluster of tabs', async ({ launch, server }) => {
  const tally = new Tally();
  for (const file of FILES) {
    await tally.add(file, async () => {
      const records = parseLogicTest(file, readFileSync(file, 'utf8'));
      const browser = await launch();
      const report = await runLogicTest(
        new TabsTarget(await openCluster(browser, server.url)),
        records,
      );
      await browser.quit();
      return report;
    });
  }
  console.log(tally.lines().join('\n'));
  expect(tally.hasFailed).toBe(false);
});
