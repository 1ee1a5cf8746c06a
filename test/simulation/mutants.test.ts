/** That every mutant can be made, that one is found, and that the table tells of all of them. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformWithOxc } from 'vite';
import { describe, expect, test } from 'vitest';
import { MUTANTS } from '../../src/simulation/mutants/catalogue.ts';
import { hunt } from '../../src/simulation/mutants/hunt.ts';
import { mutate, type Mutant } from '../../src/simulation/mutants/mutant.ts';
import { TABLE_FILE, tableOf } from '../../src/simulation/mutants/table.ts';

const ROOT = join(import.meta.dirname, '../..');

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

const EXAMPLE: Mutant = {
  name: 'example',
  breaks: 'a | b',
  file: 'src/raft/raft.ts',
  find: 'one',
  replace: 'two',
  suite: null,
};

describe('a substitution', () => {
  test('is made where it can be made once', () => {
    expect(mutate(EXAMPLE, 'this one here')).toBe('this two here');
  });

  test('is refused where it could be made twice, or not at all', () => {
    expect(() => mutate(EXAMPLE, 'one and one')).toThrow('more than once');
    expect(() => mutate(EXAMPLE, 'none of them'.replace('one', ''))).toThrow('does not occur');
    expect(() => mutate({ ...EXAMPLE, find: 'aa' }, 'aaa')).toThrow('more than once');
  });
});

describe('the catalogue', () => {
  test.each(MUTANTS)('$name replaces what stands once in $file', async (mutant) => {
    const source = mutate(mutant, read(mutant.file));
    expect(source).not.toBe(read(mutant.file));
    await transformWithOxc(source, mutant.file);
    if (mutant.suite !== null) expect(read(mutant.suite.file)).toContain('vitest');
  });

  test('has names that differ, and at least 40', () => {
    const names = MUTANTS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThanOrEqual(40);
    for (const name of names) expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
  });
});

describe('the table', () => {
  test('has a row for every mutant, in order, and all are killed', () => {
    const rows = read(TABLE_FILE).split('\n').slice(0, -1);
    const named = rows.flatMap((row) => /^\| ([a-z]+(?:-[a-z]+)*) /.exec(row)?.[1] ?? []);
    expect(named).toEqual(MUTANTS.map(({ name }) => name).toSorted());
    expect(rows.join('\n')).not.toContain('survives');
  });

  test('says which survive', () => {
    const text = tableOf([{ mutant: EXAMPLE, kill: null, trouble: null }]);
    expect(text).toContain('0 of 1 are killed.');
    expect(text).toContain('| example | a \\| b        |      | **survives** |');
  });
});

test('a mutant is found by its seed, and the product is not mutated by that', async () => {
  const mutant = MUTANTS.find(({ name }) => name === 'reply-before-persist');
  if (mutant === undefined) throw new Error('no such mutant');
  const { kill } = await hunt(mutant, { root: ROOT, from: 1, seeds: 5 });
  expect(kill?.by).toBe('durability');
  expect(read(mutant.file)).toContain(mutant.find);
});
