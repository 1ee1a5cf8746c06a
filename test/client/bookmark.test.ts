/** Bookmarks: what goes in comes out, and nothing else is taken for one. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatBookmark, parseBookmark } from '../../src/client/bookmark.ts';
import { ResqliteError } from '../../src/client/errors.ts';
import type { LogIndex } from '../../src/raft/types.ts';
import { CLUSTER_ID } from './fake-workers.ts';

const OTHER = '234567abcdefghij';

function codeOf(bookmark: unknown, clusterId = CLUSTER_ID): string {
  try {
    return `index ${parseBookmark(clusterId, bookmark)}`;
  } catch (error) {
    return error instanceof ResqliteError ? `${error.code}: ${error.message}` : 'another error';
  }
}

describe('a bookmark', () => {
  test('names its index', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (index) => {
        const bookmark = formatBookmark(CLUSTER_ID, index as LogIndex);
        expect(parseBookmark(CLUSTER_ID, bookmark)).toBe(index);
      }),
    );
  });

  test('of another cluster is refused, and says so', () => {
    const bookmark = formatBookmark(OTHER, 5 as LogIndex);
    expect(codeOf(bookmark)).toBe('InvalidArgument: the bookmark is of another cluster');
  });

  test('with one character changed, or cut off, is refused', () => {
    const bookmark = formatBookmark(CLUSTER_ID, 123_456 as LogIndex);
    for (let at = 0; at < bookmark.length; at += 1) {
      const other = bookmark[at] === '7' ? '6' : '7';
      const changed = bookmark.slice(0, at) + other + bookmark.slice(at + 1);
      expect(codeOf(changed)).toMatch(/^InvalidArgument/);
      expect(codeOf(bookmark.slice(0, at))).toMatch(/^InvalidArgument/);
    }
    for (const wrong of [null, 5, {}, `${bookmark} `, bookmark.toUpperCase()]) {
      expect(codeOf(wrong)).toMatch(/^InvalidArgument/);
    }
  });
});
