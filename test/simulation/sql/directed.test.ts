/** One thing done on purpose to a cluster whose database is the SQLite that ships. */

import { beforeAll, describe, expect, test } from 'vitest';
import type { ExecuteResponse } from '../../../src/node/sql.ts';
import type { ExecuteOutcome } from '../../../src/node/writes.ts';
import type { Server } from '../../../src/simulation/server.ts';
import { loadNodeRuntime } from '../../../src/simulation/sql/runtime.ts';
import { SqlDatabases } from '../../../src/simulation/sql/sql-databases.ts';
import { encodeRequest } from '../../../src/sqlite/request-codec.ts';
import { decodeResponse } from '../../../src/sqlite/response-codec.ts';
import { requestOf } from '../../sqlite/log.ts';
import { Cluster, MILLISECOND_US, SECOND_US } from '../cluster.ts';

let databases: SqlDatabases;

beforeAll(async () => {
  databases = new SqlDatabases(await loadNodeRuntime());
});

/** Begins to run the statements through `server`; the answer comes later. */
function execute(cluster: Cluster, server: Server, ...sql: string[]): () => ExecuteResponse | null {
  let found: ExecuteOutcome | null = null;
  const { loop, node } = cluster.on(server);
  loop.post('client', () => {
    node.execute(encodeRequest(requestOf(sql)), 60_000, (outcome) => {
      found = outcome;
    });
  });
  return () => {
    const outcome = found as ExecuteOutcome | null;
    if (outcome === null) return null;
    if (outcome.type === 'failed') throw new Error(outcome.failure.message);
    return decodeResponse(outcome.response);
  };
}

function answer(cluster: Cluster, wait: () => ExecuteResponse | null): ExecuteResponse {
  cluster.waitFor(() => wait() !== null, 30 * SECOND_US, 'an answer');
  return wait() ?? { outcomes: [], committed: false };
}

describe('a write of SQL', () => {
  test.each([1, 4, 10, 25])(
    'retried after its leader is lost, %i ms on, has its first result',
    (ms) => {
      const cluster = new Cluster(3, 1, { databases });
      const [writer] = cluster.followers();
      if (writer === undefined) throw new Error('no follower');
      answer(cluster, execute(cluster, writer, 'CREATE TABLE t(a, n INTEGER PRIMARY KEY)'));
      const sql = 'INSERT INTO t(a) VALUES(random()) RETURNING a, n';
      const waiting = [1, 2, 3].map(() => execute(cluster, writer, sql));
      cluster.pass(ms * MILLISECOND_US);
      cluster.crash(cluster.leader());
      const rows = waiting.map((wait) => {
        const [outcome] = answer(cluster, wait).outcomes;
        return outcome?.type === 'result' ? outcome.result.rows[0] : outcome;
      });
      const read = execute(cluster, writer, 'SELECT a, n FROM t ORDER BY n');
      expect(answer(cluster, read).outcomes).toMatchObject([{ result: { rows } }]);
      expect(rows.map((row) => (Array.isArray(row) ? row[1] : row))).toEqual([1, 2, 3]);
    },
  );

  test('that no node can apply is skipped, and fails as such', () => {
    const cluster = new Cluster(3, 1, { databases });
    const [writer] = cluster.followers();
    if (writer === undefined) throw new Error('no follower');
    answer(cluster, execute(cluster, writer, 'CREATE TABLE t(a)'));
    cluster.waitApplied(3);
    const index = cluster.world.check.committedIndex + 1;
    for (const server of cluster.servers) server.database.stuckAt = index;
    const poisoned = execute(cluster, writer, 'INSERT INTO t VALUES(1)');
    const behind = execute(cluster, writer, 'INSERT INTO t VALUES(2) RETURNING rowid');
    const isStalled = ({ running }: Server) => running?.node.status().stalledAt?.index === index;
    cluster.waitFor(() => cluster.servers.every(isStalled), 20 * SECOND_US, 'all to stall');
    const skipped = cluster.skip(writer, index);
    cluster.waitFor(() => skipped() !== null, 20 * SECOND_US, 'the skip');
    expect(skipped()).toBe('done');
    expect(answer(cluster, poisoned)).toMatchObject({
      committed: false,
      outcomes: [{ error: { code: 'Skipped' } }],
    });
    expect(answer(cluster, behind).outcomes).toMatchObject([{ result: { rows: [[1]] } }]);
    cluster.waitApplied(3);
    expect(cluster.hashes().size).toBe(1);
  });
});
