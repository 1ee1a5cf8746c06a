/** The StateMachine port: a worker that is gone, and databases that are damaged. */

import { describe, expect, it } from 'vitest';
import type { LogIndex } from '../../src/raft/types.ts';
import type { RemoteStateMachine } from '../../src/node/ports.ts';
import { WorkerStateMachine } from '../../src/sqlite/state-machine.ts';
import { Vfs } from '../../src/sqlite/vfs.ts';
import { logOf, requestOf } from './log.ts';
import { openLocal, TestMachine } from './machine.ts';
import { loadTestRuntime, newName } from './support.ts';

/** SQLITE_DBCONFIG_DEFENSIVE */
const DEFENSIVE = 1010;

const runtime = await loadTestRuntime();

const LOG = logOf([
  requestOf(['CREATE TABLE t(a)']),
  requestOf(['INSERT INTO t VALUES(1)']),
  requestOf(['INSERT INTO t VALUES(2)']),
]);
const SNAPSHOT = { file: 1, index: 1 as LogIndex, sizeBytes: 1, hash: '' };

/** A worker that answers every call like this. */
function remoteOf(answer: () => Promise<never>): RemoteStateMachine {
  return {
    apply: answer,
    checkpoint: answer,
    openSnapshot: answer,
    readSnapshot: answer,
    closeSnapshot: answer,
    beginStage: answer,
    writeStage: answer,
    finishStage: answer,
    discardStage: answer,
    restore: answer,
    quarantine: answer,
    skip: answer,
    adoptedBuild: answer,
    reopen: answer,
  };
}

describe('a worker', () => {
  it('that is gone fails whatever is asked of it', async () => {
    const gone = remoteOf(() => Promise.reject(new Error('terminated')));
    const machine = new TestMachine(new WorkerStateMachine(gone));
    const failed = { type: 'failed', reason: 'the SQL worker failed: terminated' };
    await expect(machine.apply(LOG)).rejects.toThrow('terminated');
    const outcomes = [
      machine.checkpoint(),
      machine.openSnapshot(),
      machine.read(0, 1),
      machine.beginStage(SNAPSHOT),
      machine.writeStage(0, new Uint8Array(1)),
      machine.finishStage(),
      machine.restore(1),
      machine.quarantine(),
    ];
    for (const outcome of outcomes) expect(await outcome).toEqual(failed);
    // These have no answer, and what was lost with them is lost anyhow.
    machine.port.closeSnapshot();
    machine.port.discardStage();
  });

  it('that talks nonsense fails', async () => {
    const mad = {
      ...remoteOf(() => Promise.reject(new Error())),
      apply: async () => Uint8Array.of(9),
    };
    const machine = new TestMachine(new WorkerStateMachine(mad));
    await expect(machine.apply(LOG)).rejects.toThrow('version');
  });
});

describe('the only copy of the data', () => {
  it('is opened as any other where it is sound', async () => {
    const name = newName();
    const { machine, state } = openLocal(runtime, name, 3);
    await machine.apply(LOG);
    state.close();
    expect(openLocal(runtime, name, 3, {}, 'only-copy')).toMatchObject({
      appliedIndex: LOG.length,
    });
  });
});

describe('a damaged database', () => {
  it('that stops the node is quarantined from the next start on', async () => {
    const name = newName();
    const { machine, state } = openLocal(runtime, name, 0);
    await machine.apply(LOG.slice(0, 3));
    const { connection } = state.database;
    const [page] = connection.run("SELECT rootpage FROM sqlite_schema WHERE name = 't'");
    connection.configure(DEFENSIVE, false);
    connection.run(`UPDATE sqlite_dbpage SET data = zeroblob(8192) WHERE pgno = ${String(page)}`);
    const damaged = openLocal(runtime, name, 0);
    expect(damaged.quarantined).toBe(false);
    await expect(damaged.machine.apply(LOG.slice(3))).rejects.toThrow('malformed');
    for (const outcome of [damaged.machine.checkpoint(), damaged.machine.openSnapshot()]) {
      expect((await outcome).type).not.toBe('done');
    }
    expect(openLocal(runtime, name, 0)).toMatchObject({ quarantined: true, appliedIndex: 3 });
  });

  it.each([
    ['is no database', 0],
    ['has lost its schema', 100],
  ])('that %s is begun anew, and left as it is where it is the only copy', async (_what, at) => {
    const name = newName();
    const { machine, state } = openLocal(runtime, name, 3);
    await machine.apply(LOG);
    await machine.checkpoint();
    state.close();
    const file = new Vfs(runtime, null).open(`/${name}-database-3`, 'database');
    file.write(at, new Uint8Array(200).fill(65));
    file.close();
    expect(() => openLocal(runtime, name, 3, {}, 'only-copy')).toThrow(
      /not a database|malformed|no such table/,
    );
    const rescued = new Vfs(runtime, null).open(`/${name}-database-3`, 'database');
    expect(rescued.read(at, 200)).toEqual(new Uint8Array(200).fill(65));
    rescued.close();
    const again = openLocal(runtime, name, 3);
    expect(again).toMatchObject({ appliedIndex: 0, quarantined: false });
    expect(await again.machine.apply(LOG)).toHaveLength(LOG.length);
  });
});
