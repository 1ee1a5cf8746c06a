/**
 * Migrations in a program of somebody else, with the packed library: three tabs of two versions of its page
 * open at the same time, the leader dies while they are applied, and a page that is older is told.
 */

import { expect } from 'vitest';

import { modulePage } from './consumer.ts';
import { hashesAtOneIndex, leaderOf, test, waitCluster } from './harness.ts';
import type { Tab } from './tab.ts';
import { waitFor } from './wait.ts';

const BOUND_MS = 20_000;
const OLDER = 4;
const NEWER = 6;
/** Two tabs apply those at the same time, and are in each other's way. */
const NEWEST = 16;
/** One that runs code, which waits for the test. */
const HELD = 12;

/** `?opens=4,6` opens the database so often, with so many migrations each. */
const PROGRAM = `
import { open } from './node_modules/resqlite/lib/resqlite.js';

const signalling = {};

function migrationsOf(count) {
  return Array.from({ length: count }, (_, at) => {
    const version = at + 1;
    const name = 'version ' + version;
    const note = 'INSERT INTO journal (version) VALUES (' + version + ')';
    if (version === 1) {
      return { name, up: 'CREATE TABLE journal (id INTEGER PRIMARY KEY, version); ' + note + ';' };
    }
    if (version % 3 === 0) {
      const up = async (tx) => {
        await tx.execute(note);
        if (version === ${HELD}) await window.held;
      };
      return { name, up };
    }
    if (version % 3 === 1) return { name, up: [{ sql: note, params: [] }] };
    return { name, up: 'CREATE TABLE table_' + version + ' (x); ' + note };
  });
}

window.told = [];

async function openWith(count, options = {}) {
  const onNewerSchema = (error) => window.told.push(error.code);
  const migrations = migrationsOf(count);
  try {
    await open({ signalling, migrations, onNewerSchema, ...options });
    return 'open';
  } catch (error) {
    return error.code + ' ' + error.applied;
  }
}
window.openWith = openWith;

const opens = new URL(location.href).searchParams.get('opens').split(',').map(Number);
window.opened = Promise.all(opens.map((count) => openWith(count)));
window.db = await open({ signalling });
`;

/** What came of the opens that the page began with. */
const openedBy = async (tab: Tab): Promise<unknown> => tab.evaluate('window.opened');

async function openWith(tab: Tab, count: number, options: object = {}): Promise<unknown> {
  return tab.evaluate(`window.openWith(${count}, ${JSON.stringify(options)})`);
}

const versionsIn = (rows: unknown[][]): unknown[] => rows.flat();
const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);

/** Each was applied once and in order, as the journal has it, and recorded. */
async function expectSchema(tab: Tab, version: number): Promise<void> {
  const journal = await tab.rows('SELECT version FROM journal ORDER BY id');
  expect(versionsIn(journal)).toEqual(upTo(version));
  const records = await tab.rows(
    `SELECT version, name FROM resqlite_migrations
     WHERE length(hash) = 64 AND applied_at >= '2024' ORDER BY version`,
  );
  expect(records).toEqual(upTo(version).map((at) => [at, `version ${at}`]));
}

test('each is applied once, whoever opens, and whoever dies', async ({ browser, consumers }) => {
  const consumer = await consumers.create({
    'index.html': modulePage("Somebody's page"),
    'main.js': PROGRAM,
  });
  const { url } = await consumers.serve(consumer.folder);
  const tabs = await Promise.all(
    [[OLDER, NEWER], [NEWER, NEWER], [OLDER]].map(async (opens) => {
      const tab = await browser.open(`${url}?opens=${opens.join(',')}`);
      await waitFor('a database', BOUND_MS, () => tab.hasDatabase());
      return tab;
    }),
  );
  const [first] = tabs as [Tab, Tab, Tab];
  const outcomes = (await Promise.all(tabs.map(openedBy))).flat();
  // An older one is open where it was faster than the newer ones.
  for (const at of [0, 4]) expect(['open', 'NewerSchema no']).toContain(outcomes[at]);
  expect(outcomes.slice(1, 4)).toEqual(['open', 'open', 'open']);
  await waitCluster(tabs, 3);
  await expectSchema(first, NEWER);
  expect(await hashesAtOneIndex(tabs)).toHaveLength(1);

  // Cut off, a tab has what it has, and no more.
  const { leader, followers } = await leaderOf(tabs);
  const [cut] = followers as [Tab, Tab];
  await cut.db((db) => db.faults.isolate(true));
  expect(await openWith(cut, NEWER)).toBe('open');
  expect(await openWith(cut, OLDER, { migrationTimeoutMs: 5_000 })).toBe('NewerSchema no');
  const late = await openWith(cut, NEWER + 1, { migrationTimeoutMs: 200 });
  expect(late).toMatch(/^(?:NoQuorum|Timeout) no$/);
  await cut.db((db) => db.faults.isolate(false));

  // The leader dies in the middle of what a newer version yet has.
  for (const tab of followers) {
    await tab.evaluate('window.held = new Promise((resolve) => (window.goOn = resolve)); null');
  }
  const applying = Promise.all(followers.map((tab) => openWith(tab, NEWEST)));
  await waitFor('those before', BOUND_MS, async () => {
    const rows = await cut.rows('SELECT count(*) FROM resqlite_migrations', 'none');
    return rows[0]?.[0] === HELD - 1;
  });
  await leader.crash();
  for (const tab of followers) await tab.evaluate('window.goOn()');
  expect(await applying).toEqual(['open', 'open']);
  await expectSchema(cut, NEWEST);
  expect(await hashesAtOneIndex(followers)).toHaveLength(1);

  // Whoever was open with fewer has been told, and goes on.
  const told = await waitFor('the word', BOUND_MS, async () => {
    const codes = (await cut.evaluate('window.told')) as unknown[];
    return codes.length > 0 && codes;
  });
  expect(new Set(told)).toEqual(new Set(['NewerSchema']));
});
