/** Page and signalling server on one port, in vite's dev and preview servers, and alone. */

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { CONFIGURATION, Site, until } from './site.ts';
import { Socket, signallingClient } from './socket.ts';

const ROOT = join(import.meta.dirname, '../..');
const VITE = join(ROOT, 'node_modules/vite/bin/vite.js');
const FOLDER = 'node_modules/.cache/resqlite-test/signalling-server';
const EXIT_BOUND_MS = 5_000;

/** Two clients exchange a message over the server, and nobody may list them. */
async function checkSignalling(url: string): Promise<void> {
  const anna = signallingClient(url, 'anna');
  const bert = signallingClient(url, 'bert');
  await Promise.all([anna.hears('OPEN'), bert.hears('OPEN')]);
  anna.send({ type: 'OFFER', dst: 'bert', payload: { connectionId: 'x' } });
  const offer = await bert.hears('OFFER');
  expect(offer).toMatchObject({ src: 'anna', payload: { connectionId: 'x' } });
  const thief = signallingClient(url, 'anna', 'another-token');
  await thief.hears('ID-TAKEN');
  const list = await fetch(`${url}/peerjs/peerjs/peers`);
  expect(list.status).toBe(401);
  await list.text();
  for (const client of [anna, bert, thief]) client.socket.terminate();
}

/** The built page, which the build of a server must not touch. */
function builtPage(): string[] | null {
  const dist = join(ROOT, 'dist');
  return existsSync(dist) ? readdirSync(dist).toSorted() : null;
}

async function checkPage(url: string): Promise<void> {
  const page = await fetch(`${url}/`);
  expect(page.status).toBe(200);
  expect(await page.text()).toContain('<title>site</title>');
}

describe('preview', { timeout: 60_000 }, () => {
  let site: Site;

  beforeAll(async () => {
    site = await Site.create();
    await site.build();
    await site.serve('preview');
  }, 60_000);

  afterAll(() => site.remove());

  test('prints its URL, serves the page and brokers', async () => {
    expect(site.output).toContain(`http://localhost:${site.port}/`);
    await checkPage(site.url);
    await checkSignalling(site.url);
  });

  test('lives on after garbage and oversized messages', async () => {
    const client = signallingClient(site.url, 'noisy');
    await client.hears('OPEN');
    for (const text of ['{', 'null', '7', '[]', '{"type":"toString"}']) client.sendText(text);
    client.sendText('x'.repeat(1_000_000));
    await client.ends();
    expect(client.heard.map((message) => message.type)).toEqual(['OPEN']);
    await checkSignalling(site.url);
  });

  test('closes upgrades that are for nobody', async () => {
    const stray = new Socket(`${site.url.replace('http', 'ws')}/other`);
    await stray.ends();
    const astray = new Socket(`${site.url.replace('http', 'ws')}/peerjs/other`);
    await astray.ends();
    expect([stray.heard, astray.heard]).toEqual([[], []]);
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('ends on %s with clients connected', async (signal) => {
    const client = signallingClient(site.url, `client-${signal}`);
    await client.hears('OPEN');
    expect(await site.stop(signal)).toBeLessThan(EXIT_BOUND_MS);
    await client.ends();
    await site.serve('preview');
    await checkSignalling(site.url);
  });
});

describe('dev', { timeout: 60_000 }, () => {
  let site: Site;

  beforeAll(async () => {
    site = await Site.create();
    await site.serve('dev');
  }, 60_000);

  afterAll(() => site.remove());

  async function hotReload(): Promise<Socket> {
    const client = await (await fetch(`${site.url}/@vite/client`)).text();
    const token = /const wsToken = "([^"]+)"/.exec(client)?.[1] ?? '';
    const url = `${site.url.replace('http', 'ws')}/?token=${token}`;
    const socket = new Socket(url, 'vite-hmr');
    await socket.hears('connected');
    return socket;
  }

  /** A changed module is told over vite's socket. */
  async function checkHotReload(socket: Socket, version: number): Promise<void> {
    await (await fetch(`${site.url}/main.js`)).text();
    site.write('main.js', `document.title = "${version}"; import.meta.hot?.accept();`);
    const update = await socket.hears('update');
    expect(JSON.stringify(update)).toContain('main.js');
    socket.socket.terminate();
  }

  test('serves the page, brokers, and reloads hot', async () => {
    await checkPage(site.url);
    const socket = await hotReload();
    await checkSignalling(site.url);
    expect(socket.closed).toBe(false);
    await checkHotReload(socket, 2);
  });

  test('does so after vite restarted itself', async () => {
    const client = signallingClient(site.url, 'before');
    await client.hears('OPEN');
    site.write('vite.config.ts', `${CONFIGURATION}\n// changed\n`);
    await until(
      () => /server restarted/.test(site.output),
      () => `a restart: ${site.output}`,
    );
    await client.ends();
    await checkPage(site.url);
    const socket = await hotReload();
    await checkSignalling(site.url);
    expect(socket.closed).toBe(false);
    await checkHotReload(socket, 3);
  });
});

describe('alone', { timeout: 60_000 }, () => {
  let site: Site;

  beforeAll(async () => {
    // As `npm run signalling` does it, but in a folder of its own, so that runs do not collide.
    const entry = 'src/dev/signalling-server.ts';
    const args = [VITE, 'build', '--ssr', entry, '--outDir', FOLDER, '--logLevel', 'warn'];
    const before = builtPage();
    execFileSync(process.execPath, args, { cwd: ROOT });
    expect(builtPage()).toEqual(before);
    site = await Site.create();
    await site.run([join(ROOT, FOLDER, 'signalling-server.js')], /Signalling server: http/);
  }, 60_000);

  afterAll(() => site.remove());

  test('says where it is, brokers, has nothing else, and ends on SIGINT', async () => {
    expect(site.output).toContain(`http://localhost:${site.port}/peerjs`);
    await checkSignalling(site.url);
    expect((await fetch(`${site.url}/`)).status).toBe(404);
    expect(await site.stop('SIGINT')).toBeLessThan(EXIT_BOUND_MS);
  });
});
