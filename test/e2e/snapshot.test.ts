/**
 * The log stays short however much is written, and whoever comes late is brought up to date by a
 * snapshot while the others go on. `RESQLITE_WRITES` and `RESQLITE_MEGABYTES` make both longer.
 */

import { expect } from 'vitest';

import { LOG_HELD_BYTES } from '../../src/node/limits.ts';
import {
  expectSameLeader,
  hashesAtOneIndex,
  leaderOf,
  openCluster,
  statusesOf,
  test,
} from './harness.ts';
import type { Tab } from './tab.ts';
import { waitFor } from './wait.ts';

/** Few long writes, or many short ones: either makes the log be cut. */
const MANY_WRITES = Number(process.env['RESQLITE_WRITES'] ?? 0);
const LONG = 'x'.repeat(16_000);
const WRITES = MANY_WRITES > 0 ? MANY_WRITES : 1_200;
const PADDING = MANY_WRITES > 0 ? '' : LONG;
const MEGABYTES = Number(process.env['RESQLITE_MEGABYTES'] ?? 8);
const WRITE_TIMEOUT_MS = 1_500_000;
const CATCH_UP_MS = 120_000;
/** So many long writes are more than a log keeps: a newcomer cannot be given the log instead. */
const WRITES_BEFORE = 1_000;
/** The ids of those that are made while it comes begin there. */
const FIRST_MEANWHILE = 10_000;

/** Far more than compaction leaves, far less than everything. */
const LOG_BYTES_MAX = LOG_HELD_BYTES / 2;

interface LogBytes {
  readonly journal: number;
  readonly indexedDb: number;
}

/** What both copies of the tab's log take, as the origin's storage tells it. */
async function logBytes(tab: Tab): Promise<LogBytes> {
  const { clusterId, nodeId } = await tab.status();
  return tab.db(
    async (_db, [cluster, node]) => {
      const root = await navigator.storage.getDirectory();
      const resqlite = await root.getDirectoryHandle('resqlite');
      const directory = await (await resqlite.getDirectoryHandle(cluster)).getDirectoryHandle(node);
      let journal = 0;
      for await (const [name, handle] of directory.entries()) {
        if (!name.startsWith('journal') || handle.kind !== 'file') continue;
        journal += (await (handle as FileSystemFileHandle).getFile()).size;
      }
      const database = await new Promise<IDBDatabase>((resolve, reject) => {
        const request = indexedDB.open(`resqlite-log-${cluster}-${node}`);
        request.addEventListener('success', () => resolve(request.result));
        request.addEventListener('error', () => reject(request.error ?? new Error('no database')));
      });
      let indexedDb = 0;
      const [store = ''] = database.objectStoreNames;
      await new Promise<void>((resolve, reject) => {
        const cursor = database.transaction(store).objectStore(store).openCursor();
        cursor.addEventListener('error', () => reject(cursor.error ?? new Error('no cursor')));
        cursor.addEventListener('success', () => {
          const at = cursor.result;
          if (at === null) {
            resolve();
            return;
          }
          indexedDb += (at.value as Uint8Array).byteLength;
          at.continue();
        });
      });
      database.close();
      return { journal, indexedDb };
    },
    [clusterId, nodeId] as const,
  );
}

/** Makes `count` writes, each an entry of its own and longer by `more`, many at a time; rows stay short. */
async function write(tab: Tab, from: number, count: number, more = ''): Promise<void> {
  await tab.db(
    async (db, [first, many, padding]) => {
      let next = first;
      const writer = async (): Promise<void> => {
        while (next < first + many) {
          const id = next;
          next += 1;
          await db.execute(
            {
              sql: 'insert into w values (?, substr(?, 1, 20))',
              params: [id, `row ${id}${padding}`],
            },
            { timeoutMs: 60_000 },
          );
        }
      };
      await Promise.all(Array.from({ length: 64 }, writer));
    },
    [from, count, more] as const,
  );
}

test(
  `${WRITES} writes leave a short log`,
  { timeout: WRITE_TIMEOUT_MS },
  async ({ browser, server }) => {
    const tab = await browser.open(server.url);
    await tab.waitRunning();
    await tab.db((db) => db.execute('create table w (id integer primary key, text)'));
    const told = [await logBytes(tab)];
    for (let part = 0; part < 4; part += 1) {
      await write(tab, (part * WRITES) / 4, WRITES / 4, PADDING);
      told.push(await logBytes(tab));
    }
    const { firstIndex, lastIndex, counters } = await tab.status();
    for (const [part, { journal, indexedDb }] of told.entries()) {
      const line = `after ${(part * WRITES) / 4} writes: journal ${journal} bytes, IndexedDB ${indexedDb}`;
      process.stdout.write(`${line}\n`);
      expect(journal).toBeLessThan(LOG_BYTES_MAX);
      expect(indexedDb).toBeLessThan(LOG_BYTES_MAX);
    }
    expect(counters['compactions']).toBeGreaterThan(0);
    expect(lastIndex - firstIndex).toBeLessThan(WRITES);
    expect(await tab.rows('select count(*), max(id) from w')).toEqual([[WRITES, WRITES - 1]]);
    await tab.page.reload();
    await tab.waitRunning();
    expect(await tab.rows('select count(*), max(id) from w')).toEqual([[WRITES, WRITES - 1]]);
  },
);

test(
  `a fresh tab joins a database of ${MEGABYTES} MB by a snapshot while writes go on`,
  { timeout: WRITE_TIMEOUT_MS },
  async ({ browser, server }) => {
    const tabs = await openCluster(browser, server.url);
    const { leader } = await leaderOf(tabs);
    await leader.db(async (db, megabytes) => {
      await db.execute('create table big (id integer primary key, data blob)');
      await db.execute('create table w (id integer primary key, text)');
      for (let i = 0; i < megabytes; i += 1) {
        await db.execute('insert into big (data) values (randomblob(1000000))');
      }
    }, MEGABYTES);
    await write(leader, 0, WRITES_BEFORE, LONG);
    await waitFor('a short log', CATCH_UP_MS, async () => {
      const statuses = await statusesOf(tabs);
      return statuses.every(({ firstIndex }) => firstIndex > MEGABYTES + 3);
    });
    const before = await statusesOf(tabs);

    const newcomer = await browser.open(server.url);
    let written = FIRST_MEANWHILE;
    const joined = newcomer.waitState('running', CATCH_UP_MS).then(() =>
      waitFor('the newcomer to have caught up', CATCH_UP_MS, async () => {
        const [its, ours] = await Promise.all([newcomer.status(), leader.status()]);
        return its.lastApplied + 500 >= ours.commitIndex && its.lastApplied > WRITES_BEFORE;
      }),
    );
    const wait = { isOver: false };
    const ended = joined.finally(() => {
      wait.isOver = true;
    });
    const started = performance.now();
    for (; !wait.isOver; written += 100) await write(leader, written, 100);
    await ended;
    const status = await newcomer.status();
    const line =
      `caught up in ${Math.round(performance.now() - started)} ms while ${written - FIRST_MEANWHILE} rows ` +
      `were written; ${status.counters['snapshotsInstalled']} snapshots installed`;
    process.stdout.write(`${line}\n`);
    expect(status.counters['snapshotsInstalled']).toBe(1);
    expectSameLeader(before, await statusesOf(tabs));
    const big = 'select count(*), sum(length(data)) from big';
    expect(await newcomer.rows(big)).toEqual([[MEGABYTES, MEGABYTES * 1_000_000]]);
    expect(await hashesAtOneIndex([...tabs, newcomer])).toHaveLength(1);
  },
);
