/** What `package.json` says of the package, and no test of the packed file sees. */

import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional: boolean }>>;
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;

test('whoever packs it builds the library first', () => {
  const { prepack, library } = manifest.scripts;
  expect(prepack).toBe('npm run library -- --build-only');
  expect(library).toMatch(/^tsc -b && .*library\.ts .*library\.js$/);
});

test('nobody has to install a peer, and none is taken in a major that is not known yet', () => {
  const { peerDependencies, peerDependenciesMeta, devDependencies } = manifest;
  const names = Object.keys(peerDependencies);
  expect(names.length).toBeGreaterThan(0);
  expect(peerDependenciesMeta).toEqual(
    Object.fromEntries(names.map((name) => [name, { optional: true }])),
  );
  expect(Object.keys(devDependencies)).toEqual(expect.arrayContaining(names));
  const open = Object.entries(peerDependencies).filter(([, range]) =>
    range.split('||').some((part) => !/\^|</.test(part)),
  );
  expect(open).toEqual([]);
});
