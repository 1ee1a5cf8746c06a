/** What is computed from a fixed log does not change unnoticed. */

import { expect, it } from 'vitest';
import { hashDatabase } from '../../src/sqlite/hash.ts';
import { messagesOf, responseOf } from './log.ts';
import { PINNED_ENTRIES, PINNED_HASH, pinnedLog } from './pinned-log.ts';
import { loadTestRuntime, TestNode } from './support.ts';

it('the pinned log comes to the pinned hash in Node', async () => {
  const node = new TestNode(await loadTestRuntime());
  const log = pinnedLog();
  expect(log).toHaveLength(PINNED_ENTRIES);
  const messages = node.apply(log).slice(1).map(responseOf).flatMap(messagesOf);
  // Most statements succeed, and not all.
  const failed = messages.filter((message) => message !== null).length;
  expect(failed).toBeGreaterThan(50);
  expect(failed).toBeLessThan(messages.length / 2);
  expect(hashDatabase(node.database)).toBe(PINNED_HASH);
  node.close();
});
