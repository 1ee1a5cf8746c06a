/** One command at a time has a node's folder. */

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { releaseProfile } from '../../../src/dev/headless/chromium-start.ts';
import { LOCK_FILE, ProfileLock } from '../../../src/dev/headless/profile-lock.ts';

const TIMES = { beatMs: 20, silenceMs: 600 };

let folder: string;
let file: string;
const held: ProfileLock[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'resqlite-lock-'));
  file = join(folder, LOCK_FILE);
});

afterEach(async () => {
  for (const lock of held.splice(0)) await lock.release();
  await rm(folder, { recursive: true });
});

async function take(): Promise<ProfileLock | null> {
  const lock = await ProfileLock.take(folder, TIMES);
  if (lock !== null) held.push(lock);
  return lock;
}

/** A process that was. */
function endedPid(): number {
  return spawnSync(process.execPath, ['--version']).pid;
}

/** As a command leaves it that has no time to release it. */
async function leave(change: (text: string) => string): Promise<void> {
  const lock = await take();
  const text = await readFile(file, 'utf8');
  await lock?.release();
  await writeFile(file, change(text));
}

test('one has it until it is released', async () => {
  const lock = await take();
  expect(lock).not.toBe(null);
  expect(await take()).toBe(null);
  await lock?.release();
  expect(await readdir(folder)).toEqual([]);
  expect(await take()).not.toBe(null);
});

test('that of a process that is gone is one newcomer’s', async () => {
  const pid = endedPid();
  await leave((text) => text.replace(/ \d+ /, ` ${pid} `));
  const taken = await Promise.all(Array.from({ length: 8 }, take));
  expect(taken.filter((lock) => lock !== null)).toHaveLength(1);
  expect(await readdir(folder)).toEqual([LOCK_FILE]);
});

test('who ended while it took it over bars nobody', async () => {
  const pid = endedPid();
  await leave((text) => text.replace(/ \d+ /, ` ${pid} `));
  const text = await readFile(file, 'utf8');
  const claim = `${file}.${createHash('sha256').update(text).digest('hex')}`;
  await writeFile(claim, text);
  expect(await take()).not.toBe(null);
  expect(await readdir(folder)).toEqual([LOCK_FILE]);
});

test('that of a machine that is heard of no more is taken over, and the former holder sees it', async () => {
  const former = await take();
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace(/.*\//, 'elsewhere/').replace('\n', '-other\n'));
  await vi.waitFor(() => expect(former?.isLost).toBe(true));
  const beganMs = performance.now();
  expect(await take()).not.toBe(null);
  expect(performance.now() - beganMs).toBeGreaterThanOrEqual(TIMES.silenceMs);
  const own = await readFile(file, 'utf8');
  await former?.release();
  expect(await readFile(file, 'utf8')).toBe(own);
});

test.skipIf(process.platform === 'win32')(
  'a browser’s mark goes that another machine has left, not that of a browser that is here',
  async () => {
    const mark = join(folder, 'SingletonLock');
    await releaseProfile(folder);
    for (const name of ['SingletonCookie', 'SingletonSocket']) {
      await symlink('somewhere', join(folder, name));
    }
    const own = `${hostname()}-${process.pid}`;
    await symlink(own, mark);
    await releaseProfile(folder, 0);
    expect(await readlink(mark)).toBe(own);
    await rm(mark);
    await symlink(`${hostname()}-2-${process.pid}`, mark);
    await releaseProfile(folder, 0);
    expect(await readdir(folder)).toEqual([]);
  },
);
