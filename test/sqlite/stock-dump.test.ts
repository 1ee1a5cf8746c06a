/**
 * Dumps, against one that the stock sqlite3 made: `stock-dump.sql` is what its `.dump` (3.40.1) gave
 * of a database with every kind of ordinary object.
 */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';

import type { SqlValue } from '../../src/node/sql.ts';
import { Cursors } from '../../src/sqlite/cursors.ts';
import { Dumps } from '../../src/sqlite/dump.ts';
import { SqlService } from '../../src/sqlite/service.ts';
import { memoryFiles } from '../../src/sqlite/state-files.ts';
import { dumpOf, runOn } from './script-node.ts';
import { loadTestRuntime, newName, TestNode } from './support.ts';

/** How sqlite3 writes reals that are not whole: 20 digits, of which some follow from its version. */
const REAL = /(?<=[(,])-?\d+\.\d+(?:e[+-]\d+)?(?=[,)])/gu;

const runtime = await loadTestRuntime();
const stock = await readFile(join(import.meta.dirname, 'stock-dump.sql'), 'utf8');
const nodes: TestNode[] = [];

afterEach(() => {
  for (const node of nodes.splice(0)) node.close();
});

function open(): TestNode {
  const node = new TestNode(runtime);
  nodes.push(node);
  return node;
}

async function loaded(script: string): Promise<TestNode> {
  const node = open();
  const result = await runOn(node, script);
  expect(result).toMatchObject({ errors: 0, firstErrors: [] });
  return node;
}

function withShortReals(dump: string): string {
  return dump.replaceAll(REAL, (digits) => `real ${Number(digits)}`);
}

describe("sqlite3's own dump", () => {
  test('loads without an error and is dumped again byte for byte, but for digits of reals', async () => {
    const node = await loaded(stock);
    const dump = dumpOf(node);
    expect(withShortReals(dump)).toBe(withShortReals(stock));
    expect(withShortReals(stock).match(/real /gu)?.length).toBeGreaterThan(10);

    const again = await loaded(dump);
    expect(dumpOf(again)).toBe(dump);
  });

  test('in parts: the schema alone, or some tables with what belongs to them', async () => {
    const node = await loaded(stock);
    const schema = dumpOf(node, null, true);
    expect(schema).not.toMatch(/INSERT INTO (?!"order" VALUES\(new)|sqlite_/u);
    expect(dumpOf(await loaded(schema), null, true)).toBe(schema);

    const some = dumpOf(node, ['EXACT', 'big'], false).split('\n');
    expect(some.filter((line) => line.startsWith('CREATE'))).toEqual([
      'CREATE TABLE exact(a INT, b ANY, c TEXT, d REAL, e BLOB) STRICT;',
      'CREATE INDEX "by; expression" ON exact(a + d, lower(c) COLLATE NOCASE);',
      'CREATE VIEW big AS SELECT * FROM person WHERE size > 1 -- large ones',
      'CREATE TRIGGER onview INSTEAD OF INSERT ON big BEGIN SELECT RAISE(IGNORE); /* end; */ END;',
    ]);
    expect(some.filter((line) => line.startsWith('INSERT'))).toHaveLength(3);
    expect(() => dumpOf(node, ['nobody'])).toThrow(/no table and no view 'nobody'/u);
  });
});

test('every value comes back from a dump as it was', async () => {
  const node = open();
  node.run(['CREATE TABLE v(id INTEGER PRIMARY KEY, value)']);
  const value: fc.Arbitrary<SqlValue> = fc.oneof(
    fc.constant(null),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.double({ noNaN: true }),
    fc.constantFrom(5e-324, 2 ** 63, -(2 ** 63), 1e15, 0.1, Infinity, -Infinity),
    fc.string({ unit: 'binary' }),
    fc
      .array(fc.constantFrom('\\n', '\\012', '(\\n0)', '\n', '\r', "'", '\0', 'ü', '\ufeff', 'a'))
      .map((parts) => parts.join('')),
    fc.uint8Array({ maxLength: 20 }),
  );
  const stored = fc.sample(value, { numRuns: 500, seed: 1 });
  node.run(stored.map((one) => ({ sql: 'INSERT INTO v(value) VALUES(?)', params: [one] })));
  // Bytes that are no UTF-8 may be a text, too.
  node.run(["INSERT INTO v(value) VALUES (CAST(X'fffe41' AS TEXT)), (CAST(X'610062' AS TEXT))"]);
  const again = await loaded(dumpOf(node));
  const sql = 'SELECT id, typeof(value), hex(value), value FROM v';
  expect(again.all(sql)).toEqual(node.all(sql));
});

describe('virtual tables', () => {
  test('are made by their own statements and filled through themselves', async () => {
    const node = open();
    node.run([
      `CREATE VIRTUAL TABLE "full; text" USING fts5(title, "the body", tokenize = 'porter')`,
      `INSERT INTO "full; text"(rowid, title, "the body") VALUES (5, 'running', 'it''s'), (9, 'x', NULL)`,
      `INSERT INTO "full; text"("full; text", rank) VALUES ('rank', 'bm25(10.0, 5.0)')`,
      'CREATE TABLE texts(id INTEGER PRIMARY KEY, body)',
      "INSERT INTO texts VALUES (3, 'outside words')",
      "CREATE VIRTUAL TABLE outside USING fts5(body, content='texts', content_rowid='id')",
      "INSERT INTO outside(outside) VALUES ('rebuild')",
      "CREATE VIRTUAL TABLE blind USING fts5(a, content='')",
      "INSERT INTO blind(rowid, a) VALUES (1, 'lost')",
      'CREATE VIRTUAL TABLE orphan USING fts5(a, content = nowhere)',
      'CREATE VIRTUAL TABLE terms USING fts5vocab(outside, row)',
      'CREATE VIRTUAL TABLE boxes USING rtree(id, x0, x1, +label)',
      "INSERT INTO boxes VALUES (4, 0.1, 1.5, 'here')",
    ]);
    const dump = dumpOf(node);
    expect(dump).toContain(
      '-- The next table is left empty: it keeps no content that could be read back.\n' +
        "CREATE VIRTUAL TABLE blind USING fts5(a, content='');\n",
    );
    expect(dump).not.toMatch(/_data|_content\b|_config|_node|_resqlite_/u);
    const again = await loaded(dump);
    expect(dumpOf(again)).toBe(dump);
    for (const sql of [
      `SELECT rowid, * FROM "full; text"('run')`,
      `SELECT v FROM "full; text_config" WHERE k = 'rank'`,
      "SELECT rowid, * FROM outside('words')",
      'SELECT * FROM boxes',
      'SELECT * FROM terms',
    ]) {
      expect(again.all(sql)).toEqual(node.all(sql));
      expect(again.all(sql)).not.toEqual([]);
    }
    expect(again.all("SELECT rowid FROM blind('lost')")).toEqual([]);
  });
});

test('a dump is read as a cursor is, of the state at which it was asked for', async () => {
  const name = newName();
  const service = new SqlService(async () => memoryFiles(runtime, name));
  await service.open(name, 1);
  const cursors = new Cursors(service);
  const dumps = new Dumps(service, cursors);
  const request = { objects: null, schemaOnly: false, atLeast: null, timeoutMs: 1_000 };
  const { cursor, columns, rowCount } = await dumps.openDump(request);
  expect(columns).toEqual(['sql']);
  expect(await cursors.readCursor(cursor, 0, 10)).toEqual([
    ['PRAGMA foreign_keys=OFF;'],
    ['BEGIN TRANSACTION;'],
    ['COMMIT;'],
  ]);
  expect(rowCount).toBe(3);
  await expect(dumps.openDump({ ...request, objects: ['x'] })).rejects.toMatchObject({
    failure: { code: 'InvalidArgument', applied: 'no' },
  });
  await service.close();
});
