/** Nothing is aimed at but what the budget says, and nothing the budget says is forgotten. */

import { expect, test } from 'vitest';

import { boundKey, boundOf, BOUNDS, BYTES, ratioKey, RATIOS } from '../../src/bench/budget.ts';
import { BOUNDED, COMPARISONS } from '../../src/bench/targets.ts';

test('every ratio in the budget is the target of one comparison, and of no other', () => {
  const judged = COMPARISONS.filter(({ target }) => target !== null);
  expect(judged.map(ratioKey).toSorted()).toEqual([...RATIOS.keys()].toSorted());
  for (const comparison of judged)
    expect(comparison.target).toEqual(RATIOS.get(ratioKey(comparison)));
});

test('nothing is compared twice', () => {
  expect(new Set(COMPARISONS.map(ratioKey)).size).toBe(COMPARISONS.length);
});

test('every bound in the budget is one of one figure, and so is that of the first load', () => {
  const [firstLoad, ...others] = BOUNDED.toSorted(
    (a, b) => Number(b.figure === 'first-load') - Number(a.figure === 'first-load'),
  );
  expect(firstLoad).toMatchObject({ figure: 'first-load', of: 'median', atMost: BYTES.firstLoad });
  expect(others.map(boundKey).toSorted()).toEqual([...BOUNDS.keys()].toSorted());
  expect(() => boundOf('cold-start: nobody: median')).toThrow('no bound');
});
