/** A dump of 15,000 statements, applied one by one in entries of mode 'each'. */

import { describe, expect, it } from 'vitest';
import { hashDatabase } from '../../src/sqlite/hash.ts';
import { splitScript } from '../../src/sqlite/script.ts';
import { DUMP_ROWS, dumpScript } from './dump-script.ts';
import { logOf, messagesOf, requestOf, responseOf } from './log.ts';
import { loadTestRuntime, TestNode } from './support.ts';

const ENTRY_STATEMENTS = 256;

const runtime = await loadTestRuntime();

/** The dump twice, as a log. */
function dumpLog(node: TestNode): ReturnType<typeof logOf> {
  const pieces = splitScript(node.database, dumpScript());
  expect(pieces).toHaveLength(15_000);
  expect(pieces[0]?.kind.foreignKeys).toBe(false);
  const statements = pieces.map(({ sql }) => sql);
  const requests = [];
  for (let round = 0; round < 2; round += 1) {
    for (let at = 0; at < statements.length; at += ENTRY_STATEMENTS) {
      const some = statements.slice(at, at + ENTRY_STATEMENTS);
      requests.push(requestOf(some, { mode: 'each', foreignKeys: false, rows: false }));
    }
  }
  return logOf(requests);
}

describe('a dump', () => {
  it('runs without an error, and again with the same errors on every node', () => {
    const node = new TestNode(runtime);
    const log = dumpLog(node);
    const half = (log.length + 1) / 2;
    const startedMs = performance.now();
    const first = node.apply(log.slice(0, half)).slice(1).map(responseOf);
    const rate = Math.round(15_000 / ((performance.now() - startedMs) / 1_000));
    console.log(`a dump in entries of ${ENTRY_STATEMENTS}: ${rate} statements a second`);
    expect(first.flatMap(messagesOf).filter((message) => message !== null)).toEqual([]);
    const [authors, books] = node.get(
      'SELECT (SELECT count(*) FROM authors WHERE id < 20000), (SELECT count(*) FROM books)',
    );
    expect(Number(authors) + Number(books)).toBe(DUMP_ROWS);
    expect(node.get("SELECT seq > 20000 FROM sqlite_sequence WHERE name = 'authors'")).toEqual([1]);
    expect(node.all("SELECT count(*) FROM sqlite_stat1 WHERE idx = 'books_price'")).toEqual([[1]]);

    const second = node.apply(log.slice(half)).map(responseOf);
    const errors = second.flatMap(messagesOf).filter((message) => message !== null);
    // The rows, two tables, two indexes, the trigger and the view are there already.
    expect(errors).toHaveLength(DUMP_ROWS + 6);

    const other = new TestNode(runtime, { cacheKib: 64, checkpointBytes: 100_000 });
    for (let at = 0; at < log.length; at += 1) {
      other.apply(log.slice(at, at + 1));
      if (at % 10 === 0) other.reopen();
    }
    expect(hashDatabase(other.database)).toBe(hashDatabase(node.database));
    node.close();
    other.close();
  }, 60_000);
});
