/** Which view the address names, and what of an address is none. */

import { afterEach, describe, expect, test, vi } from 'vitest';
import { addressOfView, followViews, isViewFragment, view, viewQuery } from '../../src/ui/views.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

function openAt(hash: string): void {
  vi.stubGlobal('location', { hash });
  vi.stubGlobal('addEventListener', () => undefined);
  followViews();
}

describe('a view', () => {
  test.each([
    ['', 'database', ''],
    ['#/', 'database', ''],
    ['#/cluster', 'cluster', ''],
    ['#/lab?seed=7&do=a', 'lab', 'seed=7&do=a'],
    ['#/nothing', 'database', ''],
    ['#/Cluster', 'database', ''],
  ] as const)('of the fragment %j is %s', (hash, name, query) => {
    openAt(hash);
    expect([view.value, viewQuery.value]).toEqual([name, query]);
  });

  test('stays where an invite is put into the address', () => {
    openAt('#/metrics');
    openAt('#c=abcdefghijklmnop');
    expect(view.value).toBe('metrics');
  });

  test('has an address that leads to it', () => {
    openAt(addressOfView('lab', 'seed=1'));
    expect([view.value, viewQuery.value]).toEqual(['lab', 'seed=1']);
    expect(['', '#', '#/lab', '#c=a', '#hello'].map(isViewFragment)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});
