/**
 * The cluster view under load: while another tab writes 200 times a second, and every message, entry
 * and commit is drawn, the page is never stuck. `npm run soak -- lively` is the same for a minute.
 */

import { expect } from 'vitest';

import { test, waitCluster } from './harness.ts';
import type { Tab } from './tab.ts';
import { TaskTimes } from './task-times.ts';
import { goTo } from './views.ts';

const MINUTES = process.env['RESQLITE_MINUTES'];
const WATCHED_MS = MINUTES === undefined ? 5_000 : Number(MINUTES) * 60_000;
/** Then the clock counts; beside other tests the processor time does. */
const IS_ALONE = MINUTES !== undefined;
const WRITES_PER_S = 200;
/** A browser tells of tasks from half of it on. */
const LONGEST_TASK_MS = 100;
/** Drawn at least that often, also by a machine that has other things to do. */
const LEAST_FRAMES_PER_S = 5;
/** Told of. */
const TASKS_SHOWN = 5;
const SETUP_MS = 120_000;

test(
  'the view is drawn under 200 writes a second, and the page is never stuck',
  { timeout: 2 * WATCHED_MS + SETUP_MS },
  async ({ cluster }) => {
    const [viewer, writer] = cluster.tabs;
    if (viewer === undefined || writer === undefined) throw new Error('three tabs are open');
    await waitCluster(cluster.tabs, 3);
    await writer.db((db) => db.execute('create table t (n integer primary key, at text)'));
    await goTo(viewer, 'Cluster');
    await viewer.page.bringToFront();
    await viewer.page.getByRole('heading', { name: 'Logs' }).waitFor();
    const trace = IS_ALONE ? null : await TaskTimes.start(viewer);
    const [look, writes] = await Promise.all([watch(viewer), write(writer)]);
    const cpuMs = (await trace?.end(TASKS_SHOWN)) ?? [];
    const s = WATCHED_MS / 1_000;
    console.log(
      `${Math.round(writes / s)} writes/s, ${Math.round(look.frames / s)} frames/s, ` +
        `${look.places} places of messages\n` +
        `tasks above 50 ms by the clock: ${list(look.longTasksMs)}; longest of processor time: ${list(cpuMs)}`,
    );
    // One that stood still would be at one place in all frames.
    expect(look.places).toBeGreaterThan(look.frames);
    expect(look.frames).toBeGreaterThan(LEAST_FRAMES_PER_S * s);
    if (!IS_ALONE) expect(cpuMs).toHaveLength(TASKS_SHOWN);
    const tasksMs = IS_ALONE ? look.longTasksMs : cpuMs;
    expect(tasksMs.filter((ms) => ms > LONGEST_TASK_MS)).toEqual([]);
  },
);

function list(tasksMs: readonly number[]): string {
  return tasksMs.length === 0 ? 'none' : tasksMs.map((ms) => Math.round(ms)).join(', ');
}

interface Look {
  readonly frames: number;
  /** Different places where messages were drawn. */
  readonly places: number;
  readonly longTasksMs: readonly number[];
}

async function watch(tab: Tab): Promise<Look> {
  return tab.db(async (_db, watchedMs) => {
    const longTasksMs: number[] = [];
    const observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) longTasksMs.push(Math.round(entry.duration));
    });
    observer.observe({ type: 'longtask' });
    const places = new Set<string>();
    const untilMs = performance.now() + watchedMs;
    let frames = 0;
    while (performance.now() < untilMs) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      frames += 1;
      for (const message of document.querySelectorAll('.ring .message')) {
        const { x, y } = message.getBoundingClientRect();
        places.add(`${x} ${y}`);
      }
    }
    observer.disconnect();
    return { frames, places: places.size, longTasksMs };
  }, WATCHED_MS);
}

/** So many a second, as far as they are answered; answers how many were. */
async function write(tab: Tab): Promise<number> {
  return tab.db(
    async (db, [watchedMs, perS]) => {
      const beginMs = performance.now();
      let sent = 0;
      let answered = 0;
      const pending = new Set<Promise<unknown>>();
      while (performance.now() < beginMs + watchedMs) {
        const due = Math.floor(((performance.now() - beginMs) * perS) / 1_000);
        for (; sent < due && pending.size < perS; sent += 1) {
          const written = db
            .execute("insert into t(at) values (datetime('now'))")
            .then(() => (answered += 1));
          pending.add(written);
          void written.finally(() => pending.delete(written));
        }
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      await Promise.all(pending);
      return answered;
    },
    [WATCHED_MS, WRITES_PER_S] as const,
  );
}
