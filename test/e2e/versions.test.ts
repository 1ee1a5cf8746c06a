/**
 * A new version takes an old one's place on the same origin, while tabs are open and write. Both are
 * real builds; next-version.config.ts says how the later one differs.
 */

import { execFileSync } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'vitest';

import { hashesAtOneIndex, openCluster, test, waitKept } from './harness.ts';
import { Load, SLOW_PACE_MS } from './load.ts';
import { BUILD_FOLDER, childEnvironment, PageServer, ROOT, VITE } from './server.ts';
import type { Tab } from './tab.ts';
import { waitFor } from './wait.ts';

const BOUND_MS = 30_000;
const WRITES = 20;
const VISIT_MS = 5_000;
const PROMPT = 'A new version is ready';

/** Of the file: a server that ends before the tabs do would be an error that they tell of. */
const withSite = test.extend('site', { scope: 'file' }, async ({}, { onCleanup }) => {
  const site = await Site.create();
  onCleanup(() => site.remove());
  return site;
});

withSite(
  'tabs reload one by one into a new version under writes, and nothing is lost',
  async ({ browser, site }) => {
    const tabs = await openCluster(browser, site.server.url);
    await Promise.all(tabs.map(waitKept));
    const oldBuild = await ownBuild(tabs);
    const load = await Load.start(tabs, SLOW_PACE_MS);
    await load.progress(WRITES);

    await site.deploy(site.next);
    if (tabs[0] !== undefined) await findUpdate(tabs[0]);
    for (const tab of tabs) await tab.page.getByText(PROMPT).waitFor();
    const [goneFile = ''] = await missingFrom(BUILD_FOLDER, site.next);
    expect((await fetch(new URL(goneFile, site.server.url))).status).toBe(404);
    expect(await statusInPage(tabs[1], goneFile)).toBe(200);

    for (const tab of tabs) {
      const statuses = await Promise.all(tabs.map((one) => one.status()));
      expect(statuses.map(({ build }) => build.adopted)).toEqual(tabs.map(() => oldBuild));
      await reloadInto(tab, site.next);
      await tab.waitRunning();
      load.join(tab);
      await load.progress(WRITES);
      expect(await tab.page.getByText(PROMPT).count()).toBe(0);
    }
    const newBuild = await waitFor('the new build to be adopted', BOUND_MS, async () => {
      const builds = (await Promise.all(tabs.map((tab) => tab.status()))).map(({ build }) => build);
      return builds.every(({ own, adopted }) => own === adopted) && (builds[0]?.own ?? false);
    });
    expect(newBuild > oldBuild).toBe(true);
    await waitFor('the old files to be given up', BOUND_MS, async () => {
      await tabs[0]?.page.evaluate(TIDY);
      return (await tabs[0]?.page.evaluate('caches.keys().then(({ length }) => length)')) === 1;
    });

    // Taken back, the old version does not understand what the new one has stored, and says so.
    await site.deploy(BUILD_FOLDER);
    const [first] = tabs;
    if (first === undefined) throw new Error('There are no tabs.');
    await reloadInto(first, BUILD_FOLDER);
    expect(await first.waitState('failed')).toMatchObject({ error: 'NewerVersion' });
    expect(await first.text()).toContain('This tab runs an older version of the page');
    await load.progress(WRITES);
    // It loads parts late, and then all that its service worker keeps; nothing else has them.
    await waitFor('the old version to be kept', BOUND_MS, async () => {
      return (await first.evaluate(IS_KEPT)) === true;
    });
    await site.deploy(site.next);
    await reloadInto(first, site.next);
    await first.waitRunning();
    await load.end();
    for (const tab of tabs) await load.check(tab);
    expect(await hashesAtOneIndex(tabs)).toHaveLength(1);
  },
);

const VERSION = "document.querySelector('meta[name=version]').content";

/** By a service worker of the page's own build, which has all of it. */
const IS_KEPT = `(async () => {
  const version = ${VERSION};
  const { installing, waiting } = (await navigator.serviceWorker.getRegistration()) ?? {};
  const isCached = (await caches.keys()).some((name) => name.endsWith(version));
  return isCached && installing === null && waiting === null;
})()`;

/** A web host whose files are replaced in place. */
class Site {
  readonly server: PageServer;
  /** The build of the later version. */
  readonly next: string;
  readonly #folder: string;

  private constructor(server: PageServer, folder: string, next: string) {
    this.server = server;
    this.#folder = folder;
    this.next = next;
  }

  static async create(): Promise<Site> {
    const folder = await mkdtemp(join(tmpdir(), 'resqlite-site-'));
    const served = join(folder, 'served');
    const next = join(folder, 'next');
    const config = join(import.meta.dirname, 'next-version.config.ts');
    const args = [VITE, 'build', '--config', config, '--outDir', next, '--logLevel', 'error'];
    execFileSync(process.execPath, args, { cwd: ROOT, env: childEnvironment({}) });
    await cp(BUILD_FOLDER, served, { recursive: true });
    return new Site(await PageServer.start(served), folder, next);
  }

  async deploy(build: string): Promise<void> {
    const served = join(this.#folder, 'served');
    await rm(served, { recursive: true });
    await cp(build, served, { recursive: true });
  }

  async remove(): Promise<void> {
    await this.server.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Where the server is late to answer, the page is the one that the service worker has kept. */
async function reloadInto(tab: Tab, build: string): Promise<void> {
  const html = await readFile(join(build, 'index.html'), 'utf8');
  const version = / name="version" content="([^"]+)"/.exec(html)?.[1];
  await waitFor('the page of the build', BOUND_MS, async () => {
    await tab.reload();
    return (await tab.evaluate(VERSION)) === version;
  });
}

const TIDY = `navigator.serviceWorker.ready.then(({ active }) => active.postMessage('arrived'))`;

/**
 * As a browser does once a day, and with every visit. One that has looked by itself, in the midst of the
 * deployment, has found files missing, and needs another visit.
 */
async function findUpdate({ page }: Tab): Promise<void> {
  await waitFor('the new version to be found', BOUND_MS, async () => {
    await page.evaluate('navigator.serviceWorker.ready.then((worker) => void worker.update())');
    const found = page.getByText(PROMPT).waitFor({ timeout: VISIT_MS });
    return found.then(
      () => true,
      () => false,
    );
  });
}

async function ownBuild(tabs: readonly Tab[]): Promise<string> {
  const statuses = await Promise.all(tabs.map((tab) => tab.status()));
  const builds = new Set(statuses.flatMap(({ build }) => [build.own, build.adopted]));
  expect(builds.size).toBe(1);
  return [...builds].join('');
}

async function missingFrom(folder: string, other: string): Promise<string[]> {
  const there = new Set(await readdir(join(other, 'assets')));
  const files = await readdir(join(folder, 'assets'));
  return files
    .filter((name) => name.startsWith('node-worker-') && name.endsWith('.js') && !there.has(name))
    .map((name) => `assets/${name}`);
}

async function statusInPage(tab: Tab | undefined, file: string): Promise<unknown> {
  return tab?.page.evaluate(`fetch('${file}').then(({ status }) => status)`);
}
