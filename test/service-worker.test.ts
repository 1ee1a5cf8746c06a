/**
 * The service worker's answers, in a world of its own. That browsers run it is shown by
 * test/e2e/offline.test.ts.
 */

import { describe, expect, test } from 'vitest';

import {
  CACHE,
  GOOD_NETWORK,
  installed,
  SCOPE,
  SHELL,
  World,
  type Answer,
  type Network,
  type Requested,
} from './service-worker-world.ts';

describe('installing', () => {
  test('keeps the page under its folder, and all files', async () => {
    const { caches, told } = await installed();
    expect([...caches.keys()]).toEqual([CACHE]);
    const kept = [...(caches.get(CACHE)?.keys() ?? [])];
    expect(kept.toSorted()).toEqual([SCOPE, `${SCOPE}assets/a-2.js`, `${SCOPE}icon.svg`]);
    expect(told).toEqual([{ type: 'version', version: 'v2' }]);
  });

  test.each<[string, Network, RegExp]>([
    ['a file is missing', { [`${SCOPE}icon.svg`]: () => new Response('', { status: 404 }) }, /404/],
    ['the network fails', { [`${SCOPE}icon.svg`]: () => 'fails' }, /no network/],
    [
      'a page is sent in the place of a script',
      {
        [`${SCOPE}assets/a-2.js`]: () =>
          new Response(SHELL, { headers: { 'content-type': 'text/html; charset=utf-8' } }),
      },
      /a page was sent/,
    ],
    ['the page is of another build', { [SCOPE]: () => new Response('v1') }, /another build/],
  ])('leaves nothing behind where %s', async (_what, network, reason) => {
    const world = await World.start();
    world.network = { ...GOOD_NETWORK, ...network };
    await expect(world.event('install')).rejects.toThrow(reason);
    expect(world.caches.size).toBe(0);
  });

  test('keeps a page that a redirect led to as one that no redirect did', async () => {
    const world = await World.start();
    const redirected = new Response(SHELL);
    Object.defineProperty(redirected, 'redirected', { value: true });
    world.network[SCOPE] = () => redirected;
    await world.event('install');
    expect(world.caches.get(CACHE)?.get(SCOPE)?.redirected).toBe(false);
  });
});

describe('navigations', () => {
  test('are answered by the network while there is one, with what it says', async () => {
    const world = await installed();
    world.network[`${SCOPE}?x=1`] = () => new Response('newer page');
    world.network[SCOPE] = () => new Response('gone', { status: 410 });
    expect(await world.navigate('?x=1')).toBe('200 newer page');
    expect(await world.navigate('')).toBe('410 gone');
  });

  test.each<[string, Answer]>([
    ['fails', 'fails'],
    ['hangs', 'hangs'],
    ['has an error of a server', new Response('', { status: 502 })],
  ])('get the kept page where the network %s', async (_what, answer) => {
    const world = await installed();
    for (const path of ['', 'index.html', '?x=1']) {
      world.network[`${SCOPE}${path}`] = () => answer;
      expect(await world.navigate(path)).toBe(`200 ${SHELL}`);
    }
  });

  test('fail as they would have where no page is kept', async () => {
    const world = await World.start();
    world.network[SCOPE] = () => 'fails';
    expect(await world.navigate('')).toBe('network error');
  });

  test('to anything else are left alone', async () => {
    const world = await installed();
    for (const path of ['peerjs', 'other', 'index.html/x']) {
      expect(await world.navigate(path)).toBe(null);
    }
  });
});

describe('files', () => {
  test('come from the cache, and those of other builds from theirs or the network', async () => {
    const world = await installed();
    world.caches.set(
      `resqlite ${SCOPE} v1`,
      new Map([[`${SCOPE}assets/a-1.js`, new Response('a1')]]),
    );
    world.network = { [`${SCOPE}assets/a-3.js`]: () => new Response('a3') };
    world.asked.length = 0;
    expect(await world.fetch({ url: `${SCOPE}assets/a-2.js` })).toBe('200 a2');
    expect(await world.fetch({ url: `${SCOPE}icon.svg` })).toBe('200 icon');
    expect(await world.fetch({ url: `${SCOPE}assets/a-1.js` })).toBe('200 a1');
    expect(world.asked).toEqual([]);
    expect(await world.fetch({ url: `${SCOPE}assets/a-3.js` })).toBe('200 a3');
    expect(await world.fetch({ url: `${SCOPE}assets/none.js` })).toBe('404 ');
  });

  test.each<[string, Requested]>([
    ['part of a file', { url: `${SCOPE}icon.svg`, headers: new Headers({ range: 'bytes=0-' }) }],
    ['a write', { url: `${SCOPE}icon.svg`, method: 'PUT' }],
    ['signalling', { url: `${SCOPE}peerjs/peerjs/id` }],
    ['the root’s signalling', { url: 'https://host.example/peerjs/id' }],
    ['another folder', { url: 'https://host.example/assets/a-2.js' }],
    ['another origin', { url: 'https://other.example/some/folder/assets/a-2.js' }],
  ])('%s is left to the browser', async (_what, request) => {
    expect(await (await installed()).fetch(request)).toBe(null);
  });
});

describe('caches of other builds', () => {
  const OLD = `resqlite ${SCOPE} v1`;
  const OTHERS = [`resqlite https://host.example/ v1`, 'of another program'];

  async function withOthers(): Promise<World> {
    const world = await World.start();
    for (const name of [OLD, ...OTHERS]) world.caches.set(name, new Map());
    await world.event('install');
    return world;
  }

  test('stay while a tab has such a build, and go when none has', async () => {
    const world = await withOthers();
    world.locks = [OLD];
    await world.event('activate');
    await world.event('message', { data: 'arrived' });
    expect(world.caches.has(OLD)).toBe(true);
    world.locks = [];
    await world.event('message', { data: 'something else' });
    expect(world.caches.has(OLD)).toBe(true);
    await world.event('message', { data: 'arrived' });
    expect([...world.caches.keys()]).toEqual([...OTHERS, CACHE]);
  });

  test('stay where another build has become the active one, which may have no tab yet', async () => {
    const world = await withOthers();
    world.isActive = false;
    await world.event('message', { data: 'arrived' });
    expect([...world.caches.keys()]).toEqual([OLD, ...OTHERS, CACHE]);
  });

  test('a page that was loaded past the worker is taken when it says that it is there', async () => {
    const world = await installed();
    const { claims } = world;
    await world.event('message', { data: 'arrived' });
    expect(world.claims).toBe(claims + 1);
  });

  test('stay while another build is being installed', async () => {
    const world = await withOthers();
    world.registration.installing = {};
    await world.event('message', { data: 'arrived' });
    expect(world.caches.has(OLD)).toBe(true);
  });

  test('stay where another build begins to be installed while it is looked for them', async () => {
    const world = await withOthers();
    const tidied = world.event('message', { data: 'arrived' });
    world.registration.installing = {};
    world.caches.set(`resqlite ${SCOPE} v3`, new Map());
    await tidied;
    expect(world.caches.has(`resqlite ${SCOPE} v3`)).toBe(true);
  });
});

test('one on its way out that a tab has started again asks the newer one to take over once more', async () => {
  const older = await installed();
  const asked: unknown[] = [];
  const newer = await World.start();
  await newer.event('install');
  expect(newer.takeovers).toBe(1);
  older.registration.waiting = { postMessage: (message: unknown) => asked.push(message) };
  await older.event('message', { data: 'arrived' });
  expect(asked).toHaveLength(1);
  await newer.event('message', { data: asked[0] });
  expect(newer.takeovers).toBe(2);
});
