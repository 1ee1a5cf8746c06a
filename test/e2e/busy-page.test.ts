/**
 * The page only signals: a leader whose tab is hidden, and one whose page is blocked for seconds at a
 * time, goes on leading. `npm run soak -- hidden` and `npm run soak -- blocked` are the same for longer.
 */

import { expect } from 'vitest';

import { lead, test as plainTest, waitCluster } from './harness.ts';
import { PlainChromium } from './plain-chromium.ts';
import type { PuppetTab } from './puppet-tab.ts';
import { Shared } from './shared.ts';
import { writeSteadily, type SteadyRun } from './steady-leader.ts';

const MINUTES = process.env['RESQLITE_MINUTES'];
const HIDDEN_MS = MINUTES === undefined ? 10_000 : Number(MINUTES) * 60_000;
const BLOCKED_MS = MINUTES === undefined ? 20_000 : Number(MINUTES) * 60_000;
const BLOCK_MS = 5_000;
/** Beside other tests there is something left for them; a long run writes as fast as it goes. */
const PACE_MS = MINUTES === undefined ? 20 : 0;
/** Timers of a hidden page are run once a second; those of a visible one every few milliseconds. */
const THROTTLED_MS = 500;
/** An excused election alone takes some seconds of the run. */
const LEAST_WRITES_PER_S = 2;
const SETUP_MS = 120_000;
/** How often a machine may be too busy. */
const ATTEMPTS = 3;
/** Were the page needed, a member would come late and cost an election as often as a page is blocked. */
const LEAST_MS_PER_EXCUSE = 4 * BLOCK_MS;

/** Three tabs in one window, the last of them in front: it writes, another is to lead. */
interface Window {
  readonly leader: PuppetTab;
  readonly writer: PuppetTab;
  readonly tabs: readonly PuppetTab[];
}

const test = plainTest
  .extend('sharedWindow', { scope: 'file' }, async ({}, { onCleanup }) => {
    const shared = new Shared<Window>({
      open: async (own, url) => openWindow(own(await PlainChromium.launch()), url),
      renew: ({ leader, tabs }) => lead(leader, tabs),
    });
    onCleanup(() => shared.end());
    return shared;
  })
  .extend('window', async ({ sharedWindow, server, task }, { onCleanup }) => {
    onCleanup(() => sharedWindow.giveBack(task.result?.state === 'fail'));
    return sharedWindow.take(server.url);
  });

test(
  'a leader in a hidden tab leads on',
  { timeout: ATTEMPTS * HIDDEN_MS + SETUP_MS },
  async ({ window }) => {
    const { leader, writer, tabs } = window;
    for (const tab of tabs) {
      const isInFront = tab === writer;
      expect(await tab.isHidden()).toBe(!isInFront);
      const tickMs = await timerTickMs(tab);
      console.log(`${isInFront ? 'visible' : 'hidden'}: a timer every ${tickMs.toFixed(0)} ms`);
      if (!isInFront) expect(tickMs).toBeGreaterThan(THROTTLED_MS);
    }
    await expectSteady(tabs, { leader, writer, lengthMs: HIDDEN_MS, paceMs: PACE_MS });
    expect(await leader.isHidden()).toBe(true);
  },
);

test(
  'a leader whose page is blocked for 5 s at a time leads on',
  { timeout: ATTEMPTS * BLOCKED_MS + SETUP_MS },
  async ({ window }) => {
    const { leader, writer, tabs } = window;
    let blocks = 0;
    const meanwhile = async (): Promise<void> => {
      await leader.block(BLOCK_MS);
      blocks += 1;
    };
    const run = { leader, writer, lengthMs: BLOCKED_MS, paceMs: PACE_MS, meanwhile };
    await expectSteady(tabs, run);
    console.log(`the leader's page was blocked ${blocks} times for ${BLOCK_MS} ms`);
    expect(blocks).toBeGreaterThanOrEqual(BLOCKED_MS / BLOCK_MS / 2);
  },
);

async function openWindow(chromium: PlainChromium, url: string): Promise<Window> {
  const leader = await chromium.open(url);
  const other = await chromium.open(url);
  const writer = await chromium.open(url);
  const tabs = [leader, other, writer];
  await Promise.all(tabs.map((tab) => tab.waitRunning()));
  await waitCluster(tabs, 3);
  await writer.db((db) => db.execute('create table steady (x)'));
  return { leader, writer, tabs };
}

/** How long a page's timers take when each starts the next. */
async function timerTickMs(tab: PuppetTab): Promise<number> {
  const tickMs = await tab.evaluate(`(async () => {
    const ticks = 5;
    for (let warm = 0; warm < 6; warm += 1) await new Promise((done) => setTimeout(done, 1));
    const beganMs = performance.now();
    for (let tick = 0; tick < ticks; tick += 1) await new Promise((done) => setTimeout(done, 1));
    return (performance.now() - beganMs) / ticks;
  })()`);
  return Number(tickMs);
}

/** A late thread excuses an election, so there must not be many of them; on a busy machine it is tried again. */
async function expectSteady(tabs: readonly PuppetTab[], run: SteadyRun): Promise<void> {
  const { lengthMs } = run;
  const mostExcused = Math.max(1, Math.floor(lengthMs / LEAST_MS_PER_EXCUSE));
  for (let attempt = 1; ; attempt += 1) {
    const { elections, excused, writes } = await writeSteadily(tabs, run);
    expect(elections).toBe(0);
    expect(writes, 'too few writes').toBeGreaterThan((lengthMs / 1000) * LEAST_WRITES_PER_S);
    if (excused <= mostExcused) return;
    expect(attempt, 'threads come late again and again').toBeLessThan(ATTEMPTS);
  }
}
