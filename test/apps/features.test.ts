/**
 * The table of features in src/apps/README.md is of what there is: files that exist, and tests that do and
 * are run. Whether they pass is told at the end of a whole run (../feature-report.ts).
 */

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

import { expect, test } from 'vitest';
import { FEATURE_TABLE, readFeatures, type Proof } from './feature-table.ts';
import { matchTitle, titlesIn } from './test-titles.ts';

const features = readFeatures(readFileSync(FEATURE_TABLE, 'utf8'));

/** What `npm test` runs. */
const TEST_FILE = /^test\/(?!soak\/).*\.test\.ts$/;
const NOT_ALWAYS = /\bdescribe\.(?:skip|todo|only|skipIf|runIf)\b/;

test('every feature is somewhere, and no two have one name', () => {
  expect(features.filter(({ places }) => places.length === 0)).toEqual([]);
  const places = new Set(features.flatMap((feature) => feature.places));
  expect([...places].filter((place) => !existsSync(place))).toEqual([]);
  const names = features.map(({ system, name }) => `${system}: ${name}`);
  expect(new Set(names).size).toBe(names.length);
});

test('every feature has a test, which exists and is run', () => {
  const found = features.flatMap(({ proofs }) => proofs).flatMap((proof) => objectionTo(proof));
  expect(found).toEqual([]);
  const systems = [...new Set(features.map(({ system }) => system))];
  const counts = systems.map((system) => {
    return `${features.filter((feature) => feature.system === system).length} of ${system}`;
  });
  console.log(`${features.length} features: ${counts.join(', ')}`);
});

test('a table that is not what it says is found out', () => {
  const row = (proof: string): string =>
    `## System\n| feature | where |\n| one | \`a\` | ${proof} |`;
  expect(() => readFeatures(row('by hand'))).toThrow('no test is named by: by hand');
  expect(() => readFeatures(row(''))).toThrow('no test is named by');
  expect(() => readFeatures('| one | two |')).toThrow('no row of three cells');
  expect(readFeatures(row('`a.test.ts` › b<br>`c.test.ts` › d › e'))).toEqual([
    {
      system: 'System',
      name: 'one',
      places: ['a'],
      proofs: [
        { file: 'a.test.ts', title: 'b' },
        { file: 'c.test.ts', title: 'd › e' },
      ],
    },
  ]);
  const file = 'test/apps/features.test.ts';
  expect(objectionTo({ file, title: 'a table that is not what it says is found out' })).toEqual([]);
  expect(objectionTo({ file, title: 'nothing of the kind' })).toHaveLength(1);
  expect(objectionTo({ file: 'test/apps/none.test.ts', title: 'x' })).toHaveLength(1);
  expect(objectionTo({ file: 'test/soak/kills.test.ts', title: 'x' })).toHaveLength(1);
  expect(objectionTo({ file, title: '%s' })).toHaveLength(1);
});

function objectionTo({ file, title }: Proof): string[] {
  const named = `${file} › ${title}`;
  if (!TEST_FILE.test(file) || !existsSync(file)) return [`${named}: no file that is run`];
  const source = readFileSync(file, 'utf8');
  const known = titlesIn(source);
  const titles = known.filter((one) => fits(one.title, title, file, source));
  if (titles.length === 0) return [`${named}: no such test`];
  // At the end of a run a template's tests are known by their titles alone.
  const meant = new Set(known.map((one) => one.title).filter((one) => matchTitle(title, one)));
  if (meant.size > 1) return [`${named}: other tests have titles that fit`];
  const isSkipped = titles.some((one) => one.isSkipped) || NOT_ALWAYS.test(source);
  return isSkipped ? [`${named}: it is not always run`] : [];
}

/** What stands in a template's place must be in the file, or in one that it imports. */
function fits(template: string, title: string, file: string, source: string): boolean {
  const words = matchTitle(template, title);
  if (words === null) return false;
  const all = words.length === 0 ? source : source + importedBy(file, source);
  return words.every((word) => all.includes(word));
}

function importedBy(file: string, source: string): string {
  const paths = Array.from(source.matchAll(/from '(\.[^']+)'/g), ([, path = '']) => path);
  return paths.map((path) => readFileSync(normalize(join(dirname(file), path)), 'utf8')).join('\n');
}
