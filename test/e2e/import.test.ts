/**
 * A SQLite file goes in through one tab and is the data of all; what comes out again is the same. Also
 * where the tab that sends it dies half-way. `RESQLITE_MEGABYTES` makes the file larger;
 * `RESQLITE_FILES` names a folder to keep both files in, for other programs to look at.
 */

import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';

import type { ImportProgress } from '../../src/client/import.ts';
import { contentsOfFile, makeFile } from '../sqlite/files.ts';
import { loadTestRuntime } from '../sqlite/support.ts';
import { hashesAtOneIndex, leaderOf, openCluster, test as clusterTest } from './harness.ts';
import type { Tab } from './tab.ts';
import { waitFor } from './wait.ts';

const MEGABYTES = Number(process.env['RESQLITE_MEGABYTES'] ?? 5);
const KEPT_FILES = process.env['RESQLITE_FILES'];
const TEST_TIMEOUT_MS = 1_200_000;
const BOUND_MS = 600_000;
const ROW_BYTES = 4_000;
const ROWS = Math.ceil((MEGABYTES * 1_000_000) / ROW_BYTES);
const PIECE_BYTES = 6_000_000;
const HALF = 0.5;

/** What a test leaves in the window of a page. */
interface Left {
  told: ImportProgress[];
  exported: Blob;
}

/** A file of that size, as another program would have made it. */
const test = clusterTest.extend('file', { scope: 'file' }, async ({}, { onCleanup }) => {
  const runtime = await loadTestRuntime();
  const numbers = (count: number): string =>
    `WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < ${count})`;
  const bytes = makeFile(runtime, [
    'PRAGMA page_size = 4096',
    'CREATE TABLE big(id INTEGER PRIMARY KEY, data BLOB)',
    'CREATE TABLE word(word TEXT COLLATE NOCASE, length INTEGER AS (length(word)))',
    'CREATE VIRTUAL TABLE text USING fts5(body)',
    `INSERT INTO big(data) ${numbers(ROWS)} SELECT randomblob(${ROW_BYTES}) FROM n`,
    `INSERT INTO word(rowid, word) ${numbers(500)} SELECT i * 3, 'word ' || i FROM n`,
    'INSERT INTO text SELECT word FROM word',
    'CREATE INDEX by_word ON word(word)',
    'PRAGMA user_version = 4711',
  ]);
  const folder = await mkdtemp(join(tmpdir(), 'resqlite-import-'));
  const path = join(folder, 'file.sqlite');
  await writeFile(path, bytes);
  onCleanup(() => rm(folder, { recursive: true }));
  const contentsOf = (other: Uint8Array): unknown => contentsOfFile(runtime, other);
  return { path, contents: contentsOf(bytes), contentsOf };
});

/** Chooses the file in the page as a person does; nothing of it goes through the remote control. */
async function choose(tab: Tab, path: string): Promise<void> {
  const session = await tab.page.context().newCDPSession(tab.page);
  const { result } = await session.send('Runtime.evaluate', {
    expression: `document.body.appendChild(
      Object.assign(document.createElement('input'), { type: 'file', id: 'chosen' }))`,
  });
  const { objectId = '' } = result;
  await session.send('DOM.setFileInputFiles', { files: [path], objectId });
}

/** Where that much of it is sent the tab is cut off from the others, and never gets to the end. */
async function importChosen(
  tab: Tab,
  cutAt: number | null = null,
): Promise<{ index: number; ms: number }> {
  return tab.db(async (db, cutFrom) => {
    const left = window as unknown as { told: unknown[] };
    left.told = [];
    const [file] = document.querySelector<HTMLInputElement>('#chosen')?.files ?? [];
    if (file === undefined) throw new Error('no file was chosen');
    const startedMs = performance.now();
    const onProgress = (progress: ImportProgress): void => {
      left.told.push(progress);
      const isSent = cutFrom !== null && progress.phase === 'send' && progress.fraction >= cutFrom;
      if (isSent) void db.faults.isolate(true);
    };
    const { index } = await db.import(file, { onProgress });
    return { index, ms: performance.now() - startedMs };
  }, cutAt);
}

async function toldBy(tab: Tab): Promise<ImportProgress[]> {
  return tab.db(() => (window as unknown as Left).told ?? []);
}

async function exportFrom(tab: Tab): Promise<{ bytes: Uint8Array; ms: number }> {
  const { size, ms } = await tab.db(async (db) => {
    const startedMs = performance.now();
    const exported = await db.export();
    Object.assign(window, { exported });
    return { size: exported.size, ms: performance.now() - startedMs };
  });
  const pieces: Buffer[] = [];
  for (let at = 0; at < size; at += PIECE_BYTES) {
    const piece = await tab.db(
      async (_db, [from, to]) => {
        const reader = new FileReader();
        const read = new Promise((resolve) => {
          reader.addEventListener('load', resolve);
        });
        reader.readAsDataURL((window as unknown as Left).exported.slice(from, to));
        await read;
        return String(reader.result).split(',')[1] ?? '';
      },
      [at, at + PIECE_BYTES] as const,
    );
    pieces.push(Buffer.from(piece, 'base64'));
  }
  return { bytes: new Uint8Array(Buffer.concat(pieces)), ms };
}

async function expectImported(tabs: readonly Tab[]): Promise<void> {
  const sums = `select count(*), sum(length(data)), (select count(*) from text('word')),
    (select max(length) from word) from big`;
  for (const tab of tabs) {
    expect(await tab.rows(sums)).toEqual([[ROWS, ROWS * ROW_BYTES, 500, 8]]);
  }
  expect(await hashesAtOneIndex(tabs, BOUND_MS)).toHaveLength(1);
}

function tell(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** The tab dies when half of the file is sent; the answer is how much was. */
async function dieHalfway(tab: Tab): Promise<number> {
  const cut = importChosen(tab, HALF).catch((error: unknown) => error);
  const sent = await waitFor('half of it to be sent', BOUND_MS, async () => {
    const { phase, fraction } = (await toldBy(tab)).at(-1) ?? { phase: 'check', fraction: 0 };
    return phase === 'send' && fraction >= HALF && fraction;
  });
  await tab.crash();
  await cut;
  return sent;
}

test(
  `a file of ${MEGABYTES} MB is the data of all tabs, comes out again as it was, and goes in again ` +
    'by another tab when the one that sent it died half-way',
  { timeout: TEST_TIMEOUT_MS },
  async ({ browser, server, file }) => {
    const tabs = await openCluster(browser, server.url);
    const { leader, followers } = await leaderOf(tabs);
    const [source, other] = followers;
    if (source === undefined || other === undefined) throw new Error('there are no tabs');
    await other.db((db) => db.execute('create table former (a)'));
    for (const tab of [source, other]) await choose(tab, file.path);
    const { ms } = await importChosen(source);
    tell(`${MEGABYTES} MB imported in ${Math.round(ms)} ms`);
    const told = await toldBy(source);
    for (const phase of ['check', 'send', 'apply'] as const) {
      const fractions = told.filter((one) => one.phase === phase).map(({ fraction }) => fraction);
      expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
      expect([fractions[0], fractions.at(-1)]).toEqual([0, 1]);
    }
    expect(told.filter(({ phase }) => phase === 'send').length).toBeGreaterThan(20);
    await expectImported(tabs);
    const error = await other.dbError((db) => db.query('select * from former'));
    expect(error.code).toBe('Sql');

    const exported = await exportFrom(other);
    tell(`${exported.bytes.length} bytes exported in ${Math.round(exported.ms)} ms`);
    expect(file.contentsOf(exported.bytes)).toEqual(file.contents);
    if (KEPT_FILES !== undefined) {
      await copyFile(file.path, join(KEPT_FILES, 'imported.sqlite'));
      await writeFile(join(KEPT_FILES, 'exported.sqlite'), exported.bytes);
    }

    // It is an ordinary database; what is written to it goes with the next import.
    await source.db((db) => db.execute("insert into word(word) values ('another')"));
    expect(await other.rows('select count(*) from word')).toEqual([[501]]);
    const sent = await dieHalfway(source);
    expect(await other.rows('select count(*) from word')).toEqual([[501]]);
    const again = await importChosen(other);
    const [first] = (await toldBy(other)).filter(({ phase }) => phase === 'send');
    const at = first?.fraction ?? 0;
    tell(
      `killed at ${sent.toFixed(2)}, went on at ${at.toFixed(2)} for ${Math.round(again.ms)} ms`,
    );
    expect(at).toBeGreaterThanOrEqual(sent);
    await expectImported([leader, other]);
    expect(await other.rows('select count(*) from word')).toEqual([[500]]);
  },
);
