/**
 * The StateMachine port of the runtime, once over a worker that holds the databases and once over
 * databases on the same thread.
 */

import type { AdoptedBuild } from '../node/build.ts';
import type {
  ApplyOutcome,
  OpenedSnapshot,
  RemoteStateMachine,
  SnapshotOutcome,
  StagedSnapshot,
  StateMachine,
} from '../node/ports.ts';
import type { Entry, LogIndex } from '../raft/types.ts';
import { decodeApplyOutcome, encodeEntries } from './apply-codec.ts';
import { hashNow } from './piece-hash.ts';
import { trouble, type Trouble } from './snapshot-outcome.ts';
import type { SqlState } from './sql-state.ts';

type Done<Result> = (outcome: SnapshotOutcome<Result>) => void;

export class WorkerStateMachine implements StateMachine {
  readonly #remote: RemoteStateMachine;

  constructor(remote: RemoteStateMachine) {
    this.#remote = remote;
  }

  apply(entries: readonly Entry[], done: (outcome: ApplyOutcome) => void): void {
    void settle<ApplyOutcome>(() => this.#apply(entries), done);
  }

  checkpoint(done: Done<LogIndex>): void {
    void settle<SnapshotOutcome<LogIndex>>(() => this.#remote.checkpoint(), done);
  }

  openSnapshot(done: Done<OpenedSnapshot>): void {
    void settle<SnapshotOutcome<OpenedSnapshot>>(() => this.#remote.openSnapshot(), done);
  }

  readSnapshot(offset: number, length: number, done: Done<Uint8Array>): void {
    void settle<SnapshotOutcome<Uint8Array>>(() => this.#remote.readSnapshot(offset, length), done);
  }

  closeSnapshot(): void {
    void quietly(() => this.#remote.closeSnapshot());
  }

  beginStage(snapshot: StagedSnapshot, done: Done<null>): void {
    void settle<SnapshotOutcome<null>>(() => this.#remote.beginStage(snapshot), done);
  }

  writeStage(offset: number, data: Uint8Array, done: Done<null>): void {
    void settle<SnapshotOutcome<null>>(() => this.#remote.writeStage(offset, data), done);
  }

  finishStage(done: Done<null>): void {
    void settle<SnapshotOutcome<null>>(() => this.#remote.finishStage(), done);
  }

  discardStage(): void {
    void quietly(() => this.#remote.discardStage());
  }

  restore(file: number, done: Done<LogIndex>): void {
    void settle<SnapshotOutcome<LogIndex>>(() => this.#remote.restore(file), done);
  }

  quarantine(done: Done<null>): void {
    void settle<SnapshotOutcome<null>>(() => this.#remote.quarantine(), done);
  }

  skip(index: LogIndex): void {
    void quietly(() => this.#remote.skip(index));
  }

  adoptedBuild(done: Done<AdoptedBuild>): void {
    void settle<SnapshotOutcome<AdoptedBuild>>(() => this.#remote.adoptedBuild(), done);
  }

  reopen(done: Done<LogIndex>): void {
    void settle<SnapshotOutcome<LogIndex>>(() => this.#remote.reopen(), done);
  }

  async #apply(entries: readonly Entry[]): Promise<ApplyOutcome> {
    return decodeApplyOutcome(await this.#remote.apply(encodeEntries(entries)));
  }
}

/** The work begins before this returns, so that calls keep their order; `done` comes later. */
async function settle<Outcome>(
  work: () => Promise<Outcome>,
  done: (outcome: Outcome | Trouble) => void,
): Promise<void> {
  let outcome: Outcome | Trouble;
  try {
    outcome = await work();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    outcome = trouble(`the SQL worker failed: ${reason}`);
  }
  done(outcome);
}

/** A worker that is gone says so to the next call that has an answer. */
async function quietly(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch {
    // Nothing is left to end.
  }
}

/** Everything is done at once, in the call; only the answer comes later. */
export class LocalStateMachine implements StateMachine {
  #state: SqlState;
  readonly #defer: (callback: () => void) => void;
  readonly #reopen: () => SqlState;

  /** `defer` calls back later, never at once; `reopen` opens the same files anew. */
  constructor(state: SqlState, defer: (callback: () => void) => void, reopen: () => SqlState) {
    this.#state = state;
    this.#defer = defer;
    this.#reopen = reopen;
  }

  apply(entries: readonly Entry[], done: (outcome: ApplyOutcome) => void): void {
    this.#answer(this.#state.apply(entries), done);
  }

  checkpoint(done: Done<LogIndex>): void {
    this.#answer(this.#state.checkpoint(), done);
  }

  openSnapshot(done: Done<OpenedSnapshot>): void {
    this.#answer(hashNow(this.#state.openSnapshot()), done);
  }

  readSnapshot(offset: number, length: number, done: Done<Uint8Array>): void {
    this.#answer(this.#state.readSnapshot(offset, length), done);
  }

  closeSnapshot(): void {
    this.#state.closeSnapshot();
  }

  beginStage(snapshot: StagedSnapshot, done: Done<null>): void {
    this.#answer(this.#state.beginStage(snapshot), done);
  }

  writeStage(offset: number, data: Uint8Array, done: Done<null>): void {
    this.#answer(this.#state.writeStage(offset, data), done);
  }

  finishStage(done: Done<null>): void {
    this.#answer(hashNow(this.#state.finishStage()), done);
  }

  discardStage(): void {
    this.#state.discardStage();
  }

  restore(file: number, done: Done<LogIndex>): void {
    this.#answer(this.#state.restore(file), done);
  }

  quarantine(done: Done<null>): void {
    this.#answer(this.#state.quarantine(), done);
  }

  skip(index: LogIndex): void {
    this.#state.skip(index);
  }

  adoptedBuild(done: Done<AdoptedBuild>): void {
    this.#answer({ type: 'done', result: this.#state.adoptedBuild }, done);
  }

  reopen(done: Done<LogIndex>): void {
    this.#state = this.#reopen();
    this.#answer({ type: 'done', result: this.#state.appliedIndex }, done);
  }

  #answer<Outcome>(outcome: Outcome, done: (outcome: Outcome) => void): void {
    this.#defer(() => done(outcome));
  }
}
