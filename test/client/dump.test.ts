/** `db.dump`: how the pieces become a file. */

import { expect, test } from 'vitest';

import { WorkerCursor } from '../../src/client/worker-cursor.ts';
import { checkObjects, collectDump } from '../../src/client/dump.ts';
import type { LogIndex } from '../../src/raft/types.ts';

function cursorOf(pieces: readonly string[], batchPieces: number) {
  const closed: number[] = [];
  const opened = {
    cursor: 7,
    columns: ['sql'],
    rowCount: pieces.length,
    appliedIndex: 3 as LogIndex,
  };
  const cursor = new WorkerCursor(opened, 'bookmark', {
    read: async (_, from) => pieces.slice(from, from + batchPieces).map((piece) => [piece]),
    close: async (id) => {
      closed.push(id);
    },
  });
  return { cursor, closed };
}

test('pieces stand on lines of their own, progress is told, and the cursor is closed', async () => {
  const { cursor, closed } = cursorOf(['BEGIN;', "INSERT INTO t VALUES('ü\n');", 'COMMIT;'], 2);
  const told: number[] = [];
  const file = await collectDump(cursor, { onProgress: ({ fraction }) => told.push(fraction) });
  expect(await file.text()).toBe("BEGIN;\nINSERT INTO t VALUES('ü\n');\nCOMMIT;\n");
  expect(told).toEqual([2 / 3, 1]);
  expect(closed).toEqual([7]);
});

test('a dump that is cancelled between two batches closes the cursor, too', async () => {
  const { cursor, closed } = cursorOf(['a', 'b', 'c'], 1);
  const controller = new AbortController();
  const onProgress = (): void => controller.abort();
  const { signal } = controller;
  await expect(collectDump(cursor, { signal, onProgress })).rejects.toMatchObject({
    code: 'Aborted',
    applied: 'no',
  });
  expect(closed).toEqual([7]);
});

test('objects are a list of names', () => {
  expect(checkObjects(undefined)).toBe(null);
  expect(checkObjects(['t'])).toEqual(['t']);
  for (const wrong of ['t', [1], {}, null]) {
    expect(() => checkObjects(wrong)).toThrow('objects must be an array of names');
  }
});
