/** `npm start`: what it builds and serves, and what it says about addresses. */

import { execFileSync } from 'node:child_process';
import { connect } from 'node:http2';
import { get } from 'node:https';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { Site } from './site.ts';
import { signallingClient } from './socket.ts';

const ROOT = join(import.meta.dirname, '../..');
const VITE = join(ROOT, 'node_modules/vite/bin/vite.js');
const FOLDER = 'node_modules/.cache/resqlite-test/start';
const START = join(ROOT, FOLDER, 'start.js');
const UNKNOWN_CERTIFICATE = { rejectUnauthorized: false };

describe('start', { timeout: 60_000 }, () => {
  let site: Site;

  beforeAll(async () => {
    const args = [VITE, 'build', '--ssr', 'src/dev/start.ts', '--outDir', FOLDER];
    execFileSync(process.execPath, [...args, '--logLevel', 'warn'], { cwd: ROOT });
    site = await Site.create();
  }, 60_000);

  afterAll(() => site.remove());

  test('serves page and signalling over https, also to the network', async () => {
    const args = [START, '--https', '--host', '127.0.0.1', '--port', String(site.port)];
    await site.run(args, /certificates only/);
    const url = `https://127.0.0.1:${site.port}`;
    expect(site.output).toContain(`${url}/`);
    expect(await textOf(`${url}/`)).toContain('<title>site</title>');
    const anna = signallingClient(url, 'anna');
    const bert = signallingClient(url, 'bert');
    await Promise.all([anna.hears('OPEN'), bert.hears('OPEN')]);
    anna.send({ type: 'OFFER', dst: 'bert', payload: { connectionId: 'x' } });
    expect(await bert.hears('OFFER')).toMatchObject({ src: 'anna' });
    // What it has no answer for over HTTP/2 does not end it.
    expect(await http2Status(url, '/peerjs')).toBe(505);
    expect(await http2Status(url, '/')).toBe(200);
    for (const client of [anna, bert]) client.socket.terminate();
    await site.stop();
  });

  test('over plain http says what other devices lack', async () => {
    await site.run([START, '--host', '--port', String(site.port)], /--https --host/);
    expect(site.output).toContain(`http://localhost:${site.port}/`);
    expect(await (await fetch(site.url)).text()).toContain('<title>site</title>');
    await site.stop();
  });

  test('says how it is used where it is used otherwise', () => {
    for (const args of [['--nope'], ['--port', '--https']]) {
      const run = (): unknown =>
        execFileSync(process.execPath, [START, ...args], { stdio: 'pipe' });
      expect(run).toThrow(/usage: npm start/);
    }
  });
});

async function textOf(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, UNKNOWN_CERTIFICATE, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve(text));
    }).on('error', reject);
  });
}

async function http2Status(url: string, path: string): Promise<number> {
  const session = connect(url, UNKNOWN_CERTIFICATE);
  try {
    return await new Promise((resolve, reject) => {
      session.on('error', reject);
      const stream = session.request({ ':path': path });
      stream.on('error', reject);
      stream.on('response', (headers) => resolve(Number(headers[':status'])));
    });
  } finally {
    session.destroy();
  }
}
