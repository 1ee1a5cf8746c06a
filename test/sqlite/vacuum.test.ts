/** VACUUM as an entry of its own: what it does to the data, and that doing it twice is doing it once. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Connection } from '../../src/sqlite/connection.ts';
import { EntryContext } from '../../src/sqlite/entry-context.ts';
import { hashDatabase } from '../../src/sqlite/hash.ts';
import { encodeRequest } from '../../src/sqlite/request-codec.ts';
import { SqliteError } from '../../src/sqlite/sql-error.ts';
import { runVacuum } from '../../src/sqlite/vacuum.ts';
import { executeEntry, logOf, requestOf, responseOf, STAMP_MS } from './log.ts';
import { loadTestRuntime, TestNode } from './support.ts';

const VACUUM = { mode: 'vacuum' } as const;
const SETUP = requestOf([
  'CREATE TABLE plain(x)',
  'CREATE TABLE indexed(x UNIQUE)',
  'CREATE TABLE counted(id INTEGER PRIMARY KEY AUTOINCREMENT, x)',
  'CREATE VIEW v AS SELECT * FROM plain',
  'CREATE VIRTUAL TABLE f USING fts5(body)',
  'CREATE VIRTUAL TABLE r USING rtree(id, low, high)',
  `CREATE TRIGGER later AFTER INSERT ON plain BEGIN
    INSERT INTO counted(x) VALUES(new.x), (random()); END`,
  `WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 300)
    INSERT INTO plain SELECT hex(randomblob(1000)) FROM n`,
  'INSERT INTO indexed SELECT rowid * 3 FROM plain',
  "INSERT INTO f VALUES('ant bee'), ('bee cat')",
  'INSERT INTO r VALUES(7, 1, 2)',
  'PRAGMA user_version = 9',
  'ANALYZE',
]);
const DELETE = requestOf([
  'DELETE FROM plain WHERE rowid % 3 <> 0',
  'DELETE FROM indexed WHERE rowid % 2 = 0',
  'DELETE FROM counted WHERE id > 40',
  'DROP VIEW v',
]);

const runtime = await loadTestRuntime();
let node: TestNode;

beforeEach(() => {
  node = new TestNode(runtime);
  node.runRequest(SETUP);
  node.runRequest(DELETE);
});

afterEach(() => node.close());

describe('VACUUM', () => {
  it('gives back room and numbers anew what has no other number', () => {
    expect(node.get('PRAGMA freelist_count')).not.toEqual([0]);
    const response = node.runRequest(VACUUM);
    expect(response).toEqual({
      committed: true,
      outcomes: [
        {
          type: 'result',
          result: { rowsAffected: 0, lastInsertRowId: 0, columns: [], rows: [] },
        },
      ],
    });
    expect(node.get('PRAGMA freelist_count')).toEqual([0]);
    expect(node.get('SELECT count(*), max(rowid) FROM plain')).toEqual([100, 100]);
    expect(node.get('SELECT count(*), max(rowid) FROM indexed')).toEqual([150, 299]);
    expect(node.get('PRAGMA user_version')).toEqual([9]);
    expect(node.get('PRAGMA temp_store')).toEqual([2]);
    expect(node.get('PRAGMA integrity_check')).toEqual(['ok']);
    // AUTOINCREMENT, virtual tables and triggers go on.
    const { outcomes } = node.run([
      "INSERT INTO f VALUES('dog')",
      "INSERT INTO plain VALUES('new')",
      'SELECT max(id) FROM counted',
      "SELECT rowid FROM f('bee OR dog')",
      'SELECT id FROM r WHERE low < 2',
      'INSERT INTO counted(x) VALUES(last_insert_rowid())',
    ]);
    const rows = outcomes.map((one) => (one.type === 'result' ? one.result.rows.flat() : one));
    expect(rows).toEqual([[], [], [602], [1, 2, 3], [7], []]);
  });

  it('comes to the same when it is done again, as behind a crash before the index was written', () => {
    const log = [
      ...logOf([SETUP, DELETE, VACUUM, requestOf(['INSERT INTO plain VALUES(random())'])]),
    ];
    const [once, crashed] = [new TestNode(runtime), new TestNode(runtime)];
    once.apply(log.slice(0, 4));
    crashed.apply(log.slice(0, 3));
    runVacuum(crashed.database, new EntryContext(STAMP_MS, new Uint8Array(16)));
    const before = hashDatabase(crashed.database);
    crashed.crash();
    expect(crashed.applier.appliedIndex).toBe(3);
    expect(hashDatabase(crashed.database)).toBe(before);
    crashed.apply(log.slice(3, 4));
    expect(hashDatabase(crashed.database)).toBe(hashDatabase(once.database));
    expect(crashed.apply(log.slice(4))).toEqual(once.apply(log.slice(4)));
    expect(hashDatabase(crashed.database)).toBe(hashDatabase(once.database));
    expect(crashed.all('SELECT * FROM sqlite_schema')).toEqual(
      once.all('SELECT * FROM sqlite_schema'),
    );
    once.close();
    crashed.close();
  });

  it('is answered from the session table when it is sent again, in whatever batch', () => {
    const log = logOf([SETUP, DELETE, VACUUM]);
    const again = executeEntry(5, { sequence: 3, body: encodeRequest(VACUUM) });
    const body = encodeRequest(requestOf(['SELECT 1']));
    const more = executeEntry(6, { sequence: 4, lowestUnanswered: 3, body });
    const other = new TestNode(runtime);
    const outcomes = other.apply([...log, again, more]);
    expect(outcomes[4]).toEqual(outcomes[3]);
    expect(responseOf(outcomes[5]).committed).toBe(true);
    expect(other.applier.appliedIndex).toBe(6);
    other.reopen();
    expect(other.apply([again])).toEqual([outcomes[3]]);
    other.close();
  });

  it('leaves nothing in memory by which FTS5 would write other bytes in the rest of its batch', () => {
    const log = logOf([
      SETUP,
      requestOf(['CREATE TABLE child(x REFERENCES indexed(x))']),
      requestOf(["INSERT INTO f(f, rank) VALUES('automerge', 2)"]),
      VACUUM,
      requestOf(['SELECT 1']),
      requestOf(["INSERT INTO f(f) VALUES('optimize')", "INSERT INTO f(f) VALUES('rebuild')"], {
        mode: 'each',
      }),
    ]);
    const [together, oneByOne] = [new TestNode(runtime), new TestNode(runtime)];
    together.apply(log);
    for (const entry of log) oneByOne.apply([entry]);
    expect(hashDatabase(together.database)).toBe(hashDatabase(oneByOne.database));
    together.close();
    oneByOne.close();
  });

  it('leaves the file of a snapshot that is being read as it is', () => {
    const { database } = node;
    const onLetGo = (): void => undefined;
    database.holdFile(onLetGo);
    const file = database.file();
    const bytes = file.read(0, file.sizeBytes());
    node.runRequest(VACUUM);
    expect(file.sizeBytes()).toBe(bytes.length);
    expect(file.read(0, bytes.length).every((byte, at) => byte === bytes[at])).toBe(true);
    database.letFileGo(onLetGo);
    database.makeDurable();
    expect(file.sizeBytes()).toBeLessThan(bytes.length);
  });

  it('answers what only an imported schema or its data can make it fail with', () => {
    const { connection } = node.database;
    const run = vi.spyOn(connection, 'run').mockImplementation((sql) => {
      if (sql === 'VACUUM') throw new SqliteError(2067, 'UNIQUE constraint failed: t.a');
      return Connection.prototype.run.call(connection, sql);
    });
    expect(node.runRequest(VACUUM)).toMatchObject({
      committed: false,
      outcomes: [{ error: { code: 'Sql', sqlite: { resultCode: 2067 } } }],
    });
    run.mockRestore();
    expect(node.runRequest(VACUUM).committed).toBe(true);
  });

  it('does not answer what is this node alone in having: something open on the connection', () => {
    const open = node.database.connection.prepare('SELECT * FROM plain');
    expect(open.step()).toBe(true);
    expect(() => node.runRequest(VACUUM)).toThrow('cannot be changed from within a transaction');
    open.finalize();
    node.crash();
    expect(node.applier.appliedIndex).toBe(3);
  });
});
