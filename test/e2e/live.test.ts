/** A live query in one tab while another writes as fast as it is answered. */

import { expect } from 'vitest';

import { test } from './harness.ts';
import { waitFor } from './wait.ts';

const WRITERS = 4;
const BATCHES_PER_WRITER = 20;
const INSERTS_PER_BATCH = 250;
const ALL = WRITERS * BATCHES_PER_WRITER * INSERTS_PER_BATCH;
const LAST_RESULT_TIMEOUT_MS = 30_000;

/** One call of the live query's callback. */
interface Heard {
  /** The moment of the animation frame: the same for all of a frame. */
  readonly frameMs: number;
  readonly rows: number;
  readonly sum: number | null;
  readonly appliedIndex: number;
}

interface Watched {
  heard: Heard[];
  end: () => void;
}

test('is called once a frame at most, with whole batches, and last with what is there', async ({
  browser,
  server,
}) => {
  const writer = await (await browser.open(server.url)).waitRunning();
  const watcher = await (await browser.open(server.url)).waitRunning();
  await watcher.page.bringToFront();
  // It begins before there is a table.
  await watcher.db((db) => {
    const watched: Watched = { heard: [], end: () => undefined };
    Object.assign(window, { watched });
    watched.end = db.live<{ rows: number; sum: number | null }>(
      'select count(*) as rows, sum(x) as sum from t',
      [],
      ([row], { appliedIndex }) => {
        const frameMs = Number(document.timeline.currentTime);
        if (row !== undefined) watched.heard.push({ frameMs, ...row, appliedIndex });
      },
      () => undefined,
    );
  });

  await writer.db((db) => db.execute('create table t (x)'));
  const insertsPerSecond = await writer.db(
    async (db, { writers, batches, inserts }) => {
      const startMs = performance.now();
      let next = 0;
      const write = async (): Promise<void> => {
        for (let batch = 0; batch < batches; batch += 1) {
          const values = Array.from({ length: inserts }, () => next++);
          await db.execute(values.map((x) => ({ sql: 'insert into t values (?)', params: [x] })));
        }
      };
      await Promise.all(Array.from({ length: writers }, write));
      return Math.round((next * 1_000) / (performance.now() - startMs));
    },
    { writers: WRITERS, batches: BATCHES_PER_WRITER, inserts: INSERTS_PER_BATCH },
  );
  const heard = await waitFor('the last result', LAST_RESULT_TIMEOUT_MS, async () => {
    const all = await watcher.page.evaluate<Heard[]>('window.watched.heard');
    return all.at(-1)?.rows === ALL && all;
  });
  console.log(`${insertsPerSecond} inserts a second, ${heard.length} results`);

  expect(heard.at(-1)?.sum).toBe((ALL * (ALL - 1)) / 2);
  expect(new Set(heard.map(({ frameMs }) => frameMs)).size).toBe(heard.length);
  expect(heard.filter(({ rows }) => rows % INSERTS_PER_BATCH !== 0)).toEqual([]);
  for (const [at, { rows, appliedIndex }] of heard.slice(1).entries()) {
    expect(rows).toBeGreaterThan(heard[at]?.rows ?? 0);
    expect(appliedIndex).toBeGreaterThan(heard[at]?.appliedIndex ?? 0);
  }

  await watcher.db(async (db) => {
    (window as unknown as { watched: Watched }).watched.end();
    await db.execute('delete from t');
  });
  expect(await watcher.page.evaluate('window.watched.heard.length')).toBe(heard.length);
});
