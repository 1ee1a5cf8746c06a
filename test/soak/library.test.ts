/** `npm run soak -- library`: another build of the package is the same, byte for byte. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { buildLibrary } from '../../src/dev/library/build.ts';
import { ROOT } from '../e2e/server.ts';

const FOLDER = join(ROOT, 'lib');

/** Texts by names. */
async function readLibrary(): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const name of await readdir(FOLDER)) {
    files.set(name, await readFile(join(FOLDER, name), 'latin1'));
  }
  return files;
}

test('another build is the same, byte for byte', async () => {
  await buildLibrary();
  const before = await readLibrary();
  await buildLibrary();
  const after = await readLibrary();
  expect([...after.keys()].toSorted()).toEqual([...before.keys()].toSorted());
  expect(
    [...after].filter(([name, text]) => before.get(name) !== text).map(([name]) => name),
  ).toEqual([]);
});
