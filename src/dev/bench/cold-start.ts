/**
 * From navigation to the first answered query: of a tab that is opened again on a database of 10 MB, and
 * in bytes of a page that was never there before. Bytes are those of what the server was asked for until
 * then, by the page and its workers, compressed as web hosts do; what a service worker fetches ahead for
 * later is not among them.
 */

import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';

import { figureOf, type Figure } from '../../bench/report.ts';
import { createTable, fillStatement } from '../../bench/rows.ts';
import { FIRST_LOAD, FIRST_LOAD_WASM, isAskedFor, ONE_TAB } from '../../bench/targets.ts';
import { Browser } from './browser.ts';
import { clusterUrl, tellProgress, type Session } from './session.ts';
import { waitFor, type Tab } from './tab.ts';

const TABLE = 'benchmark_cold';
const ROWS = 10_000;
const BYTES = 1_000;
const ANSWER_TIMEOUT_MS = 60_000;

/** Asks as soon as there is somebody to ask, and notes when it was answered. */
const askAtOnce = (sql: string, level: 'none' | 'linearizable'): string => `
  let db;
  Object.defineProperty(window, 'db', {
    configurable: true,
    get: () => db,
    set: (value) => {
      db = value;
      value.query(${JSON.stringify(sql)}, [], { level: '${level}' }).then(
        ({ rows }) => { window.answered = { atMs: performance.now(), value: rows[0][0] }; },
        (error) => { window.answered = { atMs: 0, value: String(error) }; },
      );
    },
  });`;

export async function measureColdStart(session: Session): Promise<Figure[]> {
  const { only } = session.options;
  return [
    ...(isAskedFor('cold-start', only) ? [await measureReopening(session)] : []),
    ...(isAskedFor('first-load', only) ? await measureFirstLoad(session) : []),
  ];
}

async function measureReopening(session: Session): Promise<Figure> {
  const { trials: rounds } = session.options;
  const url = clusterUrl(session);
  const timesMs = await Browser.during(async (browser) => {
    const [first] = (await browser.openCluster(url, 1)).tabs;
    await first?.call('script', createTable(TABLE) + fillStatement(TABLE, ROWS, BYTES));
    await first?.close();
    const times: number[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      tellProgress({ measurement: 'cold-start', subject: ONE_TAB, round, rounds });
      const tab = await browser.open(
        url,
        askAtOnce(`select count(*) from ${TABLE}`, 'linearizable'),
      );
      times.push(await answerOf(tab, ROWS));
      await tab.close();
    }
    return times;
  });
  const settings = `navigation to the first answered linearizable query, ${ROWS * BYTES} bytes of rows`;
  return figureOf('cold-start', { subject: ONE_TAB, settings, unit: 'ms' }, timesMs);
}

/** What the page itself asked for, and has: whether that was later than the answer, so that nothing needed it. */
const FETCHED = `performance.getEntriesByType('resource').map(({ name, startTime }) => (
  { path: new URL(name).pathname, isLater: startTime > window.answered.atMs }))`;

/** Milliseconds since the navigation. */
async function answerOf(tab: Tab, expected: unknown): Promise<number> {
  await waitFor('the first answer', ANSWER_TIMEOUT_MS, async () => {
    return (await tab.page.evaluate('window.answered !== undefined')) === true;
  });
  const { atMs, value } = (await tab.page.evaluate('window.answered')) as {
    atMs: number;
    value: unknown;
  };
  if (value !== expected) throw new Error(`the first query answered ${String(value)}`);
  return atMs;
}

async function measureFirstLoad(session: Session): Promise<Figure[]> {
  const needed = await fetchedFirst(session);
  const wasm = needed.filter((path) => path.endsWith('.wasm'));
  const others = needed.filter((path) => !wasm.includes(path));
  const settings = 'brotli, page and workers, until the first answered query';
  const about = { settings, unit: 'bytes' } as const;
  return [
    figureOf('first-load', { subject: FIRST_LOAD, ...about }, [await total(session, others)]),
    figureOf('first-load', { subject: FIRST_LOAD_WASM, ...about }, [await total(session, wasm)]),
  ];
}

/** Paths that the page and its workers ask the server for until their first answer. */
async function fetchedFirst(session: Session): Promise<string[]> {
  const asked = new Set<string>();
  const note = ({ url = '/' }: IncomingMessage): void => {
    asked.add(new URL(url, clusterUrl(session)).pathname);
  };
  session.server.on('request', note);
  try {
    return await Browser.during(
      async (browser) => {
        const tab = await browser.open(clusterUrl(session), askAtOnce('select 1', 'none'));
        await answerOf(tab, 1);
        return neededOf(tab, asked);
      },
      { keepsPages: false },
    );
  } finally {
    session.server.off('request', note);
  }
}

/** Of what was asked for; waits until what was under way with the answer is there, and is told of. */
async function neededOf(tab: Tab, asked: ReadonlySet<string>): Promise<string[]> {
  let needed: string[] = [];
  await waitFor('what was asked for', ANSWER_TIMEOUT_MS, async () => {
    const fetched = (await tab.page.evaluate(FETCHED)) as { path: string; isLater: boolean }[];
    const isLater = new Map(fetched.map((one) => [one.path, one.isLater]));
    needed = [...asked].filter((path) => isLater.get(path) !== true);
    return needed.every((path) => !path.startsWith('/assets/') || isLater.has(path));
  });
  return needed;
}

async function total(session: Session, paths: readonly string[]): Promise<number> {
  const sizes = await Promise.all(paths.map((path) => compressedBytes(session, path)));
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}

/** None of what the server makes up itself, such as a peer id. */
async function compressedBytes({ folder }: Session, path: string): Promise<number> {
  const name = path === '/' ? 'index.html' : path;
  try {
    return brotliCompressSync(await readFile(join(folder, name))).length;
  } catch {
    return 0;
  }
}
