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
const ASK_AT_ONCE = (sql: string): string => `
  let db;
  Object.defineProperty(window, 'db', {
    configurable: true,
    get: () => db,
    set: (value) => {
      db = value;
      value.query(${JSON.stringify(sql)}).then(
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
      const tab = await browser.open(url, ASK_AT_ONCE(`select count(*) from ${TABLE}`));
      times.push(await answerOf(tab, ROWS));
      await tab.close();
    }
    return times;
  });
  const settings = `navigation to the first answered linearizable query, ${ROWS * BYTES} bytes of rows`;
  return figureOf('cold-start', { subject: ONE_TAB, settings, unit: 'ms' }, timesMs);
}

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
  const asked = new Set<string>();
  const note = ({ url = '/' }: IncomingMessage): void => {
    asked.add(new URL(url, clusterUrl(session)).pathname);
  };
  session.server.on('request', note);
  try {
    await Browser.during(
      async (browser) => {
        const tab = await browser.open(clusterUrl(session), ASK_AT_ONCE('select 1'));
        await answerOf(tab, 1);
      },
      { keepsPages: false },
    );
  } finally {
    session.server.off('request', note);
  }
  const wasm = [...asked].filter((path) => path.endsWith('.wasm'));
  const others = [...asked].filter((path) => !wasm.includes(path));
  const settings = 'brotli, page and workers, until the first answered query';
  const about = { settings, unit: 'bytes' } as const;
  return [
    figureOf('first-load', { subject: FIRST_LOAD, ...about }, [await total(session, others)]),
    figureOf('first-load', { subject: FIRST_LOAD_WASM, ...about }, [await total(session, wasm)]),
  ];
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
