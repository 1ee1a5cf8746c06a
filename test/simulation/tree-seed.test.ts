import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { seedOfTree } from '../../src/simulation/tree-seed.ts';

test('the seed of a tree follows from names and contents, and from nothing else', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tree-'));
  try {
    const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
    const seeds: number[] = [];
    const note = () => seeds.push(seedOfTree(folder));
    write('a.ts', '1');
    mkdirSync(join(folder, 'inner'));
    note();
    write('a.ts', '1');
    note();
    expect(seeds[1]).toBe(seeds[0]);
    write('a.ts', '2');
    note();
    write('inner/b.ts', '2');
    note();
    rmSync(join(folder, 'a.ts'));
    note();
    expect(new Set(seeds).size).toBe(4);
    expect(seeds.every((seed) => Number.isSafeInteger(seed) && seed >= 0)).toBe(true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
