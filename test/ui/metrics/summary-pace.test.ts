/** When the table of figures follows the plots. */

import { expect, test } from 'vitest';
import { isDue } from '../../../src/ui/metrics/summary-pace.ts';

const at = (endMs: number, length = 10) => ({ endMs, ring: { length } });

test.each([
  ['it is too soon', at(1_000), at(5_999), false, false],
  ['its time has come', at(1_000), at(6_000), false, true],
  ['a clock was set back', at(1_000), at(500), false, true],
  ['there is next to nothing yet', at(1_000, 1), at(2_000), false, true],
  ['the plots are paused', at(1_000), at(2_000), true, true],
])('%s', (_, shown, next, isPaused, expected) => {
  expect(isDue(shown, next, isPaused)).toBe(expected);
});
