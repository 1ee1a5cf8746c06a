/**
 * How much is fetched until the first query is answered, in a browser that was never here: what a web
 * host sends that packs its files by brotli, WebAssembly apart. The bounds are those of the budget,
 * which the benchmark goes by, too.
 */

import { brotliCompressSync } from 'node:zlib';

import { expect } from 'vitest';

import { BYTES } from '../../src/bench/budget.ts';
import { test as plainTest, waitKept } from './harness.ts';
import { RecordingProxy, type Sent } from './recording-proxy.ts';
import type { Tab } from './tab.ts';
import { waitFor } from './wait.ts';

const PARTS = ['page', 'nodeWorker', 'sqlWorker', 'wasm'] as const;
type Part = (typeof PARTS)[number];
type Sizes = Record<Part | 'firstLoad', number>;

interface Packed extends Sent {
  readonly bytes: number;
}

const ANSWER_TIMEOUT_MS = 30_000;
/** Behind a file's name: the first answer was there. */
const MARK = '?answered';
/** The page puts its database there; it is asked in that very turn, and notes when it has answered. */
const ASK_AT_ONCE = `{
  let database;
  Object.defineProperty(window, 'db', {
    configurable: true,
    get: () => database,
    set: (opened) => {
      database = opened;
      opened.query('select 1', [], { level: 'none' }).then(
        ({ rows }) => {
          window.answered = { rows, atMs: performance.now() };
          void fetch('icon.svg${MARK}');
        },
        (error) => { window.answered = { error: String(error) }; },
      );
    },
  });
}`;
const ANSWER = 'window.answered ?? null';
/** What the page itself asked for later than that: nothing of it was needed. */
const ASKED_LATER = `performance.getEntriesByType('resource')
  .filter(({ startTime }) => startTime > window.answered.atMs)
  .map(({ name }) => new URL(name).pathname + new URL(name).search)`;

/** Of the file: one that ends before the tab does would be an error that the tab tells of. */
const test = plainTest.extend(
  'proxy',
  { scope: 'file' },
  async ({ sharedServer }, { onCleanup }) => {
    await sharedServer.revive();
    const proxy = await RecordingProxy.start(sharedServer.port);
    onCleanup(() => proxy.stop());
    return proxy;
  },
);

test('the first query is answered before more is fetched than the budget allows', async ({
  browser,
  proxy,
}) => {
  const tab = await browser.open('about:blank');
  await tab.page.addInitScript(ASK_AT_ONCE);
  await tab.page.goto(proxy.url);
  const answer = await waitFor('the first answer', ANSWER_TIMEOUT_MS, async () => {
    return (await tab.evaluate(ANSWER)) ?? false;
  });
  expect(answer).toMatchObject({ rows: [[1]] });
  // By then all else has come, too, and what was on its way at that moment counts as a whole.
  await waitKept(tab);
  const sent = await neededOf(tab, proxy.sent);
  expect(sent.every(({ isWhole }) => isWhole)).toBe(true);

  const weighed = sent.map(packed);
  const sizes = sizesOf(weighed);
  console.log(tableOf(weighed, sizes));
  expect(PARTS.filter((part) => sizes[part] === 0)).toEqual([]);
  // What is loaded late is not among it, and comes all the same.
  const isLate = ({ path }: Sent): boolean => path.includes('sql-editor') || path.endsWith('sw.js');
  expect(sent.filter(isLate)).toEqual([]);
  expect(proxy.sent.filter(isLate).length).toBeGreaterThan(0);
  const exceeded = ([...PARTS, 'firstLoad'] as const).filter((part) => sizes[part] > BYTES[part]);
  expect(exceeded).toEqual([]);
});

/** What came before the mark, but for what the page asked for behind it and what overtook that. */
async function neededOf(tab: Tab, sent: readonly Sent[]): Promise<Sent[]> {
  const later = new Set((await tab.evaluate(ASKED_LATER)) as string[]);
  const end = sent.findIndex(({ path }) => path.endsWith(MARK));
  return sent.slice(0, end).filter(({ path }) => !later.has(path));
}

function partOf({ path }: Sent): Part {
  if (path.endsWith('.wasm')) return 'wasm';
  if (path.includes('/node-worker')) return 'nodeWorker';
  return path.includes('/sql-worker') ? 'sqlWorker' : 'page';
}

/** What a host sends of it. Packing takes seconds, so it is done once. */
function packed({ path, body, ...rest }: Sent): Packed {
  const bytes = body.length === 0 ? 0 : brotliCompressSync(body).length;
  return { path, body, ...rest, bytes };
}

function sizesOf(sent: readonly Packed[]): Sizes {
  const sizes: Sizes = { page: 0, nodeWorker: 0, sqlWorker: 0, wasm: 0, firstLoad: 0 };
  for (const one of sent) {
    const part = partOf(one);
    sizes[part] += one.bytes;
    if (part !== 'wasm') sizes.firstLoad += one.bytes;
  }
  return sizes;
}

function tableOf(sent: readonly Packed[], sizes: Sizes): string {
  const line = (bytes: number, text: string): string => `${String(bytes).padStart(9)}  ${text}`;
  const files = sent.map((one) => line(one.bytes, one.path.split('?')[0] ?? ''));
  const parts = [...PARTS, 'firstLoad'] as const;
  const sums = parts.map((part) => line(sizes[part], `${part}, of at most ${BYTES[part]}`));
  return ['Bytes until the first answer:', ...files, ...sums].join('\n');
}
