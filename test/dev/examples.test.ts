/** What the examples have in common with each other and with this project stays the same. */

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const FOLDER = 'test/examples';
const NAMES = ['todo', 'todo-react-kysely'];

type Versions = Readonly<Record<string, string>>;

interface Package {
  readonly version?: string;
  readonly dependencies?: Versions;
  readonly devDependencies: Versions;
}

function packageIn(folder: string): Package {
  return JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as Package;
}

test.each(NAMES)('%s names the versions that it is tested with', (name) => {
  const { version = '', devDependencies } = packageIn('.');
  const compiler = devDependencies['@typescript/native']?.replace(/^.*@/, '') ?? '';
  const tested: Versions = { ...devDependencies, resqlite: version, typescript: compiler };
  const { dependencies = {}, devDependencies: tools } = packageIn(`${FOLDER}/${name}`);
  const named = { ...dependencies, ...tools };
  const expected = Object.keys(named).map((dependency) => [dependency, tested[dependency]]);
  expect(named).toEqual(Object.fromEntries(expected));
});

test.each(['src/cluster.ts', 'src/style.css', 'vite.config.ts'])('%s is one text', (file) => {
  const texts = NAMES.map((name) => readFileSync(`${FOLDER}/${name}/${file}`, 'utf8'));
  expect(new Set(texts).size).toBe(1);
});
