/** SM1: entries are applied in order, each exactly once, whatever dies and is opened again. */

import { describe, expect, it } from 'vitest';
import { NO_ACCESS } from '../../src/raft/configuration.ts';
import type { CommandOutcome } from '../../src/node/command.ts';
import type { Entry, LogIndex, Term } from '../../src/raft/types.ts';
import { SqlDatabase } from '../../src/sqlite/database.ts';
import { hashDatabase } from '../../src/sqlite/hash.ts';
import { runQuery } from '../../src/sqlite/query.ts';
import { encodeRequest } from '../../src/sqlite/request-codec.ts';
import { SqlFailure } from '../../src/sqlite/sql-error.ts';
import { executeEntry, logOf, messagesOf, requestOf, responseOf } from './log.ts';
import { loadTestRuntime, newPath, TestNode } from './support.ts';

/** SQLITE_DBCONFIG_DEFENSIVE */
const DEFENSIVE = 1010;

const runtime = await loadTestRuntime();

const INSERT = requestOf(['INSERT INTO t VALUES(random())']);
const LOG = logOf([requestOf(['CREATE TABLE t(a)']), ...Array.from({ length: 20 }, () => INSERT)]);

describe('the applied index', () => {
  it('moves with every kind of entry', () => {
    const node = new TestNode(runtime);
    const header = { term: 1 as Term };
    const configuration = {
      voters: [],
      outgoingVoters: [],
      learners: [],
      profiles: {},
      access: NO_ACCESS,
    };
    const entries: Entry[] = [
      { type: 'configuration', index: 1 as LogIndex, configuration, ...header },
      { type: 'noop', index: 2 as LogIndex, ...header },
    ];
    expect(node.apply(entries)).toEqual([]);
    node.reopen();
    expect(node.applier.appliedIndex).toBe(2);
    node.close();
  });

  it('is that of the data after a crash, and the log goes on from there', () => {
    const expected = new TestNode(runtime);
    expected.apply(LOG);
    const node = new TestNode(runtime, { checkpointBytes: 20_000 });
    while (node.applier.appliedIndex < LOG.length) {
      const from = node.applier.appliedIndex;
      expect(node.all("SELECT name FROM sqlite_schema WHERE name = 't'")).toHaveLength(
        from < 2 ? 0 : 1,
      );
      if (from >= 2) expect(node.get('SELECT count(*) FROM t')).toEqual([from - 2]);
      node.apply(LOG.slice(from, from + 3));
      node.crash();
    }
    expect(hashDatabase(node.database)).toBe(hashDatabase(expected.database));
    node.close();
    expected.close();
  });

  it('does not move where the process dies inside of a batch', () => {
    const node = new TestNode(runtime, { cacheKib: 8 });
    node.apply(LOG.slice(0, 5));
    const hash = hashDatabase(node.database);
    // What `apply` does, up to just before the commit; the small cache spills into the log.
    node.database.begin();
    node.database.connection.run(
      'WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 900) ' +
        'INSERT INTO t SELECT zeroblob(2000) FROM n',
    );
    node.database.setAppliedIndex(6 as LogIndex);
    node.crash();
    expect(node.applier.appliedIndex).toBe(5);
    expect(hashDatabase(node.database)).toBe(hash);
    node.close();
  });
});

describe('entries that were applied before', () => {
  it('have no effect, and answer as they did', () => {
    const node = new TestNode(runtime);
    const first = node.apply(LOG);
    const hash = hashDatabase(node.database);
    const again = node.apply(LOG);
    const remembered = (outcome: CommandOutcome): boolean =>
      outcome.type === 'registered' || (outcome.type === 'executed' && outcome.sequence === 21);
    expect(again.filter(remembered)).toEqual(first.filter(remembered));
    expect(again.filter((one) => !remembered(one)).map(({ type }) => type)).toEqual(
      Array.from({ length: 20 }, () => 'forgotten'),
    );
    expect(hashDatabase(node.database)).toBe(hash);
    node.close();
  });

  it('may come together with new ones', () => {
    const node = new TestNode(runtime);
    node.apply(LOG.slice(0, 10));
    expect(node.apply(LOG)).toHaveLength(LOG.length);
    expect(node.get('SELECT count(*) FROM t')).toEqual([20]);
    node.close();
  });
});

describe('what cannot be applied', () => {
  it('a gap stops the state machine', () => {
    const node = new TestNode(runtime);
    expect(node.applier.apply(LOG.slice(1, 2))).toMatchObject({
      type: 'failed',
      reason: expect.stringContaining('entry 2 does not follow on 0'),
    });
    expect(node.applier.apply(LOG).type).toBe('failed');
    node.reopen();
    expect(node.applier.apply(LOG).type).toBe('applied');
    node.close();
  });

  it('garbage in the place of a request is an answer like any other', () => {
    const node = new TestNode(runtime);
    node.apply(LOG.slice(0, 1));
    const [outcome] = node.apply([executeEntry(2, { sequence: 1, body: Uint8Array.of(1, 99) })]);
    expect(outcome).toMatchObject({ type: 'executed', sequence: 1 });
    // What the first version could not ask for, said in it.
    const [vacuum, finish] = [{ mode: 'vacuum' }, { mode: 'import-finish', hash: 'a' }] as const;
    for (const [at, request] of [vacuum, finish].entries()) {
      const body = encodeRequest(request);
      body[0] = 1;
      const [answer] = node.apply([executeEntry(3 + at, { sequence: 2 + at, body })]);
      expect(messagesOf(responseOf(answer))).toEqual(['the request cannot be read']);
    }
    node.close();
  });

  it('a damaged page stops it, and it says so ever after', () => {
    const node = new TestNode(runtime);
    node.apply(LOG.slice(0, 12));
    const { connection } = node.database;
    const [page] = node.get("SELECT rootpage FROM sqlite_schema WHERE name = 't'");
    connection.configure(DEFENSIVE, false);
    connection.run(`UPDATE sqlite_dbpage SET data = zeroblob(8192) WHERE pgno = ${String(page)}`);
    node.reopen();
    const first = node.applier.apply(LOG.slice(12));
    expect(first).toMatchObject({
      type: 'failed',
      reason: expect.stringContaining('malformed'),
    });
    expect(node.applier.apply(LOG.slice(12))).toEqual(first);
    const query = { sql: 'SELECT 1', params: [], deadlineMs: Infinity };
    expect(() => runQuery(node.database, 1 as LogIndex, query)).toThrow('malformed');
    node.crash();
    expect(node.applier.appliedIndex).toBe(12);
    node.close();
  });
});

describe('formats', () => {
  it('a database of a newer format is refused, not touched', () => {
    const path = newPath();
    const database = new SqlDatabase(runtime, { vfs: null, path });
    database.execute("UPDATE _resqlite_meta SET value = 2 WHERE key = 'format'");
    database.close();
    const open = (): SqlDatabase => new SqlDatabase(runtime, { vfs: null, path });
    expect(open).toThrow(SqlFailure);
    expect(open).toThrow('has format 2, and this version knows 1');
  });
});
