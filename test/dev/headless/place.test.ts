/** Where headless nodes are stored, and how they are found again. */

import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { formatInviteLink } from '../../../src/client/invite-link.ts';
import { CommandError } from '../../../src/dev/headless/exit.ts';
import { headlessOptionsOf } from '../../../src/dev/headless/options.ts';
import { findPlace, type Place } from '../../../src/dev/headless/place.ts';
import type { NodeId } from '../../../src/raft/types.ts';

let home: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'resqlite-place-'));
  for (const name of ['XDG_DATA_HOME', 'LOCALAPPDATA', 'HOME']) vi.stubEnv(name, home);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(home, { recursive: true });
});

function linkTo(cluster: string, page = 'https://example.org/app/'): string {
  return formatInviteLink(page, {
    clusterId: cluster.repeat(16),
    secret: 'A'.repeat(43),
    members: ['b'.repeat(16) as NodeId],
    token: `${'B'.repeat(42)}A`,
  });
}

/** As a command leaves it. */
async function heldPlace(link: string, profile: string | null): Promise<Place> {
  const place = await findPlace(link, profile);
  await place.hold();
  await place.release();
  return place;
}

test('a node has a folder of its cluster, and is found without the link', async () => {
  const place = await findPlace(linkTo('c'), null);
  expect(place).toMatchObject({ clusterId: 'c'.repeat(16), nodeId: null });
  expect(place.page.href).toBe('https://example.org/app/');
  await place.hold();
  await place.joined('n'.repeat(16));
  for (const link of [null, linkTo('c')]) {
    const found = await findPlace(link, null);
    expect(found).toMatchObject({ nodeId: 'n'.repeat(16), link: linkTo('c') });
    expect(found.folder).toBe(place.folder);
  }
  await place.remove();
  await expect(findPlace(null, null)).rejects.toMatchObject({ exitCode: 2 });
});

test.skipIf(process.platform === 'win32')('nobody else reads the key in it', async () => {
  const place = await heldPlace(linkTo('c'), null);
  expect((await stat(place.folder)).mode & 0o077).toBe(0);
  expect((await stat(join(place.folder, 'node.json'))).mode & 0o077).toBe(0);
});

test('of several nodes one has to be named', async () => {
  for (const cluster of ['c', 'd']) await heldPlace(linkTo(cluster), null);
  const several = await findPlace(null, null).catch((error: unknown) => error);
  expect(several).toMatchObject({ exitCode: 2 });
  const folders = String(several).match(/(?<=--profile ).*/g) ?? [];
  expect(folders).toHaveLength(2);
  const [first = ''] = folders;
  expect((await findPlace(null, first)).folder).toBe(first);
});

test('a folder is one node’s', async () => {
  const folder = join(home, 'mine');
  expect((await heldPlace(linkTo('c'), folder)).isNew).toBe(true);
  expect((await heldPlace(linkTo('c'), folder)).isNew).toBe(false);
  for (const other of [linkTo('d'), linkTo('c', 'https://example.com/')]) {
    await expect(findPlace(other, folder)).rejects.toMatchObject({ exitCode: 6 });
  }
  await expect(findPlace(linkTo('c'), home)).rejects.toThrow('is not empty');
  const below = await findPlace(linkTo('c'), join(folder, 'new'));
  await writeFile(join(folder, 'new'), '');
  await expect(below.hold()).rejects.toThrow('cannot be written');
  await writeFile(join(folder, 'node.json'), '{"link":');
  await expect(findPlace(null, folder)).rejects.toThrow('is damaged');
  expect(await readFile(join(folder, 'node.json'), 'utf8')).toBe('{"link":');
});

test('a second command changes nothing, and learns what the first one has stored', async () => {
  const first = await findPlace(linkTo('c'), null);
  const second = await findPlace(linkTo('c', 'https://example.org/other/'), null);
  await first.hold();
  const file = join(first.folder, 'node.json');
  const before = await readFile(file, 'utf8');
  await expect(second.hold()).rejects.toMatchObject({ exitCode: 6 });
  await expect(second.joined('m'.repeat(16))).rejects.toMatchObject({ exitCode: 6 });
  await expect(second.remove()).rejects.toMatchObject({ exitCode: 6 });
  expect(await readFile(file, 'utf8')).toBe(before);
  await first.joined('n'.repeat(16));
  await first.release();
  await second.hold();
  expect(second).toMatchObject({ nodeId: 'n'.repeat(16), isNew: false });
  expect(second.page.pathname).toBe('/other/');
  await second.release();
});

test('links that are none are refused', async () => {
  const links = ['nonsense', linkTo('c').slice(0, -1), linkTo('c').replace('https', 'chrome')];
  for (const link of [...links, 'https://example.org/']) {
    await expect(findPlace(link, null)).rejects.toMatchObject({ exitCode: 2 });
  }
});

test('arguments are a link and options', () => {
  const options = headlessOptionsOf(['--json', 'link', '--profile', 'there', '--no-sandbox']);
  expect(options).toEqual({
    link: 'link',
    profile: 'there',
    sandbox: false,
    json: true,
    leave: false,
    help: false,
  });
  expect(headlessOptionsOf([])).toMatchObject({ link: null, profile: null, sandbox: true });
  for (const args of [['--nope'], ['one', 'two'], ['--profile'], ['--json=1']]) {
    expect(() => headlessOptionsOf(args)).toThrow(CommandError);
  }
});
