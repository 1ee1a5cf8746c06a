/**
 * The Lab's worker: runs simulated clusters beside the page, and answers it (lab/protocol.ts). It has no
 * part in the database: whatever happens here happens to nobody.
 */

import { RpcFailure, RpcServer } from './client/rpc.ts';
import { LinkError } from './lab/link.ts';
import type { LabApi, LabUpdate } from './lab/protocol.ts';
import { Session } from './lab/session.ts';
import { failure } from './node/errors.ts';
import type { Databases } from './simulation/simulated-database.ts';

/** What the link of a run on SQLite has in it. */
const ON_SQL = 'engine=sql';

let sqlDatabases: Databases | null = null;
/** Null: nobody has asked for it, or it could not be had. */
let loading: Promise<void> | null = null;
/** Settled when all calls so far have been answered. */
let answered: Promise<unknown> = Promise.resolve();

const session = new Session(() => {
  if (sqlDatabases === null) throw new Error('SQLite is not loaded');
  return sqlDatabases;
});

/** SQLite comes only for runs on it: the model needs none. */
function loadSql(): Promise<void> {
  loading ??= fetchSql().catch((error: unknown) => {
    loading = null;
    throw error;
  });
  return loading;
}

async function fetchSql(): Promise<void> {
  const [{ compileSqlite }, { loadRuntime }, { SqlDatabases }] = await Promise.all([
    import('./client/sqlite-module.ts'),
    import('./sqlite/runtime.ts'),
    import('./simulation/sql/sql-databases.ts'),
  ]);
  sqlDatabases = new SqlDatabases(await loadRuntime(compileSqlite));
}

/** One call after the other, however long one takes. */
function inTurn<Result>(work: () => Result | Promise<Result>): Promise<Result> {
  const turn = answered.then(work);
  answered = turn.catch(() => undefined);
  return turn;
}

/** What makes no sense is the caller's mistake. */
function answer(work: () => LabUpdate, isOnSql = false): Promise<LabUpdate> {
  return inTurn(async () => {
    if (isOnSql) await loadSql();
    return understood(work);
  });
}

function understood(work: () => LabUpdate): LabUpdate {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof LinkError)) throw error;
    throw new RpcFailure(failure('InvalidArgument', 'no', error.message));
  }
}

void new RpcServer<LabApi, never>(self, {
  stories: () => inTurn(() => session.stories()),
  load: (source) => {
    const isOnSql = source.type === 'run' && source.engine === 'sql';
    return answer(() => session.load(source), isOnSql);
  },
  open: (fragment) => answer(() => session.open(fragment), fragment.includes(ON_SQL)),
  step: (to) => answer(() => session.step(to)),
  run: (durationUs) => answer(() => session.run(durationUs)),
  runToEnd: () => answer(() => session.runToEnd()),
  act: (action) => answer(() => session.act(action)),
  goTo: (atUs) => answer(() => session.goTo(atUs)),
  reset: () => answer(() => session.reset()),
});
