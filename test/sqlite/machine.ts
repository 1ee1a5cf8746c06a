/** The StateMachine port on databases in memory, each way it can be had, with promises for calls. */

import type { CommandOutcome } from '../../src/node/command.ts';
import type {
  ApplyOutcome,
  OpenedSnapshot,
  SnapshotOutcome,
  StagedSnapshot,
  StateMachine,
} from '../../src/node/ports.ts';
import type { Entry } from '../../src/raft/types.ts';
import type { DatabaseOptions } from '../../src/sqlite/database.ts';
import type { Runtime } from '../../src/sqlite/runtime.ts';
import { SqlService } from '../../src/sqlite/service.ts';
import { SqlState, type Opening } from '../../src/sqlite/sql-state.ts';
import { memoryFiles } from '../../src/sqlite/state-files.ts';
import { LocalStateMachine, WorkerStateMachine } from '../../src/sqlite/state-machine.ts';

export interface OpenedMachine {
  readonly machine: TestMachine;
  readonly appliedIndex: number;
  readonly quarantined: boolean;
}

/** Opens the machine whose files have this name, as its process does when it starts. */
export type OpenMachine = (runtime: Runtime, name: string, file: number) => Promise<OpenedMachine>;

export function openLocal(
  runtime: Runtime,
  name: string,
  file: number,
  options: Partial<DatabaseOptions> = {},
  opening: Opening = 'usual',
): OpenedMachine & { readonly state: SqlState } {
  const open = (): SqlState => new SqlState(memoryFiles(runtime, name), file, options, opening);
  const state = open();
  const machine = new TestMachine(new LocalStateMachine(state, queueMicrotask, open));
  const { appliedIndex, isQuarantined } = state;
  return { machine, appliedIndex, quarantined: isQuarantined, state };
}

export const MACHINES: readonly (readonly [string, OpenMachine])[] = [
  ['on the same thread', async (runtime, name, file) => openLocal(runtime, name, file)],
  [
    'over a worker',
    async (runtime, name, file) => {
      const service = new SqlService(async () => memoryFiles(runtime, name));
      const opened = await service.open(name, file);
      return { machine: new TestMachine(new WorkerStateMachine(service)), ...opened };
    },
  ],
];

/** Something with a `done`, which must not be called before the call has returned. */
function answered<Outcome>(start: (done: (outcome: Outcome) => void) => void): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    let hasReturned = false;
    start((outcome) => {
      if (hasReturned) resolve(outcome);
      else reject(new Error('called back before the call returned'));
    });
    hasReturned = true;
  });
}

export class TestMachine {
  readonly port: StateMachine;

  constructor(port: StateMachine) {
    this.port = port;
  }

  async apply(entries: readonly Entry[]): Promise<readonly CommandOutcome[]> {
    const outcome = await answered<ApplyOutcome>((done) => this.port.apply(entries, done));
    if (outcome.type !== 'applied') throw new Error(`apply failed: ${outcome.reason}`);
    return outcome.outcomes;
  }

  checkpoint(): Promise<SnapshotOutcome<number>> {
    return answered((done) => this.port.checkpoint(done));
  }

  openSnapshot(): Promise<SnapshotOutcome<OpenedSnapshot>> {
    return answered((done) => this.port.openSnapshot(done));
  }

  read(offset: number, length: number): Promise<SnapshotOutcome<Uint8Array>> {
    return answered((done) => this.port.readSnapshot(offset, length, done));
  }

  beginStage(snapshot: StagedSnapshot): Promise<SnapshotOutcome<null>> {
    return answered((done) => this.port.beginStage(snapshot, done));
  }

  writeStage(offset: number, data: Uint8Array): Promise<SnapshotOutcome<null>> {
    return answered((done) => this.port.writeStage(offset, data, done));
  }

  finishStage(): Promise<SnapshotOutcome<null>> {
    return answered((done) => this.port.finishStage(done));
  }

  restore(file: number): Promise<SnapshotOutcome<number>> {
    return answered((done) => this.port.restore(file, done));
  }

  reopen(): Promise<SnapshotOutcome<number>> {
    return answered((done) => this.port.reopen(done));
  }

  quarantine(): Promise<SnapshotOutcome<null>> {
    return answered((done) => this.port.quarantine(done));
  }
}

export function resultOf<Result>(outcome: SnapshotOutcome<Result>): Result {
  if (outcome.type !== 'done') throw new Error(`${outcome.type}: ${outcome.reason}`);
  return outcome.result;
}

const CHUNK_BYTES = 10_000;

/**
 * Copies the open snapshot chunk by chunk into a stage, which is not finished yet; `between` runs
 * before each chunk.
 */
export async function copy(
  from: TestMachine,
  snapshot: OpenedSnapshot,
  to: TestMachine,
  file: number,
  between: (chunk: number) => Promise<void> = async () => undefined,
): Promise<void> {
  resultOf(await to.beginStage({ ...snapshot, file }));
  for (let offset = 0; offset < snapshot.sizeBytes; offset += CHUNK_BYTES) {
    await between(offset / CHUNK_BYTES);
    const chunk = resultOf(await from.read(offset, CHUNK_BYTES));
    resultOf(await to.writeStage(offset, chunk));
  }
}
