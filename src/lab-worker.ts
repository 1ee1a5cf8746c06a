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

const session = new Session(() => {
  if (sqlDatabases === null) throw new Error('SQLite is not loaded');
  sqlDatabases.clear();
  return sqlDatabases;
});

/** SQLite comes only for runs on it: the model needs none. */
async function loadSql(): Promise<void> {
  if (sqlDatabases !== null) return;
  const [{ compileSqlite }, { loadRuntime }, { SqlDatabases }] = await Promise.all([
    import('./client/sqlite-module.ts'),
    import('./sqlite/runtime.ts'),
    import('./simulation/sql/sql-databases.ts'),
  ]);
  sqlDatabases = new SqlDatabases(await loadRuntime(compileSqlite));
}

/** What makes no sense is the caller's mistake. */
async function answer(work: () => LabUpdate): Promise<LabUpdate> {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof LinkError)) throw error;
    throw new RpcFailure(failure('InvalidArgument', 'no', error.message));
  }
}

void new RpcServer<LabApi, never>(self, {
  stories: async () => session.stories(),
  load: async (source) => {
    if (source.type === 'run' && source.engine === 'sql') await loadSql();
    return answer(() => session.load(source));
  },
  open: async (fragment) => {
    if (fragment.includes(ON_SQL)) await loadSql();
    return answer(() => session.open(fragment));
  },
  step: (to) => answer(() => session.step(to)),
  run: (durationUs) => answer(() => session.run(durationUs)),
  runToEnd: () => answer(() => session.runToEnd()),
  act: (action) => answer(() => session.act(action)),
  goTo: (atUs) => answer(() => session.goTo(atUs)),
  reset: () => answer(() => session.reset()),
});
