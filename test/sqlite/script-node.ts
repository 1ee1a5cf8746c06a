/** Scripts run by `db.run`'s own code against a database in memory, one entry after another. */

import type { Executed } from '../../src/client/protocol.ts';
import type { RunOptionsFor, ScriptResult } from '../../src/client/script-report.ts';
import { runScript } from '../../src/client/script.ts';
import type { SqlValue } from '../../src/node/sql.ts';
import type { Term } from '../../src/raft/types.ts';
import { dumpScript } from '../../src/sqlite/dump.ts';
import { runQuery } from '../../src/sqlite/query.ts';
import { classify, splitScript } from '../../src/sqlite/script.ts';
import type { TestNode } from './support.ts';

type Rows = readonly (readonly SqlValue[])[];

export function runOn(
  node: TestNode,
  script: string,
  options: RunOptionsFor<Rows> = {},
): Promise<ScriptResult> {
  const { database } = node;
  const ports = {
    split: async (part: string) => splitScript(database, part),
    classify: async (sql: string) => classify(database, sql),
    execute: async (request: Parameters<TestNode['runRequest']>[0]): Promise<Executed> => {
      const response = node.runRequest(request);
      return { index: node.applier.appliedIndex, term: 1 as Term, response };
    },
    query: async (sql: string): Promise<Rows> => {
      const query = { sql, params: [], deadlineMs: performance.now() + 60_000 };
      return runQuery(database, node.applier.appliedIndex, query).rows;
    },
  };
  return runScript(ports, script, options);
}

export function dumpOf(
  { database }: TestNode,
  objects: readonly string[] | null = null,
  schemaOnly = false,
): string {
  return Array.from(dumpScript(database, objects, schemaOnly), (piece) => `${piece}\n`).join('');
}
