/**
 * The StateMachine port over the model's database: applying takes time, a batch is cut into
 * transactions anywhere, checkpoints make durable what was applied, and snapshots are read and staged
 * in chunks beside all that. Each step of a snapshot takes its time, so that a crash may fall between
 * any two of them.
 *
 * It refuses what no server may do: entries out of order, a stage out of order (SM7), and what its
 * process refuses.
 */

import type { AdoptedBuild } from '../node/build.ts';
import type { CommandOutcome } from '../node/command.ts';
import type {
  ApplyOutcome,
  OpenedSnapshot,
  SnapshotOutcome,
  StagedSnapshot,
} from '../node/ports.ts';
import type { Entry, LogIndex } from '../raft/types.ts';
import type { EventLoop } from './event-loop.ts';
import type { EventQueue } from './event-queue.ts';
import { MachineProcess } from './machine-process.ts';
import type { ModelDatabase } from './model-database.ts';
import { hashOf, type ModelState } from './model-state.ts';
import { encodeWrite, type Model, type ModelWrite } from './model.ts';
import type { Random } from './random.ts';
import type { SimulatedStateMachine } from './simulated-database.ts';

/** A snapshot that is being received. */
interface Stage {
  readonly snapshot: StagedSnapshot;
  readonly bytes: Uint8Array;
  written: number;
  finished: boolean;
}

type Done<Result> = (outcome: SnapshotOutcome<Result>) => void;

const NOTHING: SnapshotOutcome<null> = { type: 'done', result: null };

/** An open database. */
export class ModelStateMachine implements SimulatedStateMachine {
  readonly #database: ModelDatabase;
  readonly #process: MachineProcess;
  #state: ModelState;
  #failed = false;
  #opened: { readonly index: LogIndex; readonly bytes: Uint8Array } | null = null;
  #stage: Stage | null = null;

  constructor(database: ModelDatabase, queue: EventQueue, random: Random, loop: EventLoop) {
    this.#database = database;
    this.#process = new MachineProcess(database, queue, random, loop);
    this.#state = database.load();
  }

  get appliedIndex(): LogIndex {
    return this.#state.appliedIndex;
  }

  get adopted(): AdoptedBuild {
    return this.#state.adopted;
  }

  get model(): Model {
    return this.#state.model;
  }

  /** Remembered by the file: its state is not to be trusted. */
  get quarantined(): boolean {
    return this.#database.file.quarantined;
  }

  /** A fault changed the state, whether or not anybody has found out. */
  get deviates(): boolean {
    return this.#database.file.deviates;
  }

  get digest(): number {
    return this.model.digest;
  }

  encodeWrite(write: ModelWrite): Uint8Array {
    return encodeWrite(write);
  }

  /** Of the whole state. */
  hash(): string {
    return this.#state.hash();
  }

  /** A fault: a bit of what is stored under `key` flips. */
  deviate(key: number, bit: number): void {
    this.#database.deviate(this.#state, key, bit);
  }

  apply(entries: readonly Entry[], done: (outcome: ApplyOutcome) => void): void {
    this.#process.beginApply();
    this.#failed ||= this.#database.failNext;
    this.#database.failNext = false;
    const cut = this.#process.cut(entries.length);
    const outcomes: CommandOutcome[] = [];
    this.#transaction(entries, 0, cut, outcomes, () => {
      if (this.#failed) {
        this.#process.finish(() => done({ type: 'failed', reason: 'simulated database failure' }));
        return;
      }
      this.#transaction(entries, cut, entries.length, outcomes, () => {
        this.#process.finishApply(outcomes, done);
      });
    });
  }

  checkpoint(done: Done<LogIndex>): void {
    this.#process.begin('checkpoint');
    if (this.#process.refuses()) {
      this.#process.finish(() => done({ type: 'refused', reason: 'simulated: busy' }));
      return;
    }
    this.#process.after(() => {
      this.#database.flush(this.#state);
      this.#database.counters.checkpoints += 1;
      const result = this.appliedIndex;
      this.#process.finish(() => done({ type: 'done', result }));
    });
  }

  openSnapshot(done: Done<OpenedSnapshot>): void {
    this.#process.step('openSnapshot');
    this.#process.after(() => {
      if (this.deviates) {
        // Reading all of it shows what reading a part of it does not.
        this.#database.spoil();
        this.#process.answer(done, {
          type: 'failed',
          reason: 'simulated: a page with a wrong checksum',
        });
        return;
      }
      if (this.#opened !== null || this.#process.refuses()) {
        this.#process.answer(done, { type: 'refused', reason: 'simulated: no stable copy' });
        return;
      }
      const bytes = this.#state.encode();
      const index = this.appliedIndex;
      this.#opened = { index, bytes };
      const result = { index, sizeBytes: bytes.length, hash: hashOf(bytes) };
      this.#process.answer(done, { type: 'done', result });
    });
  }

  readSnapshot(offset: number, length: number, done: Done<Uint8Array>): void {
    this.#process.step('readSnapshot');
    this.#process.after(() => {
      const opened = this.#opened;
      if (opened === null)
        this.#process.answer(done, { type: 'refused', reason: 'no snapshot is open' });
      else {
        const result = opened.bytes.slice(offset, offset + length);
        this.#process.answer(done, { type: 'done', result });
      }
    });
  }

  closeSnapshot(): void {
    this.#opened = null;
  }

  beginStage(snapshot: StagedSnapshot, done: Done<null>): void {
    this.#process.step('beginStage');
    if (snapshot.file === this.#database.fileNumber) throw new Error('staged onto itself (SM7)');
    this.discardStage();
    if (this.#process.refuses()) {
      this.#process.answer(done, { type: 'refused', reason: 'simulated: no room' });
      return;
    }
    const bytes = new Uint8Array(snapshot.sizeBytes);
    this.#stage = { snapshot, bytes, written: 0, finished: false };
    this.#process.after(() => this.#process.answer(done, NOTHING));
  }

  writeStage(offset: number, data: Uint8Array, done: Done<null>): void {
    this.#process.step('writeStage');
    const stage = this.#stage;
    if (stage === null || stage.finished || offset !== stage.written) {
      this.#process.answer(done, { type: 'refused', reason: 'not where the stage ends' });
      return;
    }
    if (offset + data.length > stage.bytes.length) {
      this.#process.answer(done, { type: 'refused', reason: 'beyond the end of the stage' });
      return;
    }
    stage.bytes.set(data, offset);
    stage.written += data.length;
    this.#process.after(() => this.#process.answer(done, NOTHING));
  }

  finishStage(done: Done<null>): void {
    this.#process.step('finishStage');
    const stage = this.#stage;
    this.#process.after(() => {
      const whole =
        stage !== null &&
        stage === this.#stage &&
        stage.written === stage.bytes.length &&
        hashOf(stage.bytes) === stage.snapshot.hash;
      if (!whole) {
        this.#process.answer(done, { type: 'refused', reason: 'not what was announced' });
        return;
      }
      stage.finished = true;
      this.#database.stageFinished(stage.snapshot, stage.bytes);
      this.#process.answer(done, NOTHING);
    });
  }

  discardStage(): void {
    if (this.#stage?.finished === true) this.#database.discard(this.#stage.snapshot.file);
    this.#stage = null;
  }

  restore(file: number, done: Done<LogIndex>): void {
    this.#process.begin('restore');
    this.#database.onSnapshotStep?.();
    this.#process.after(() => {
      this.#opened = null;
      this.#stage = null;
      this.#state = this.#database.restore(file);
      const result = this.appliedIndex;
      this.#database.events.restored(result, this.digest);
      this.#process.wake(this.appliedIndex);
      this.#process.finish(() => done({ type: 'done', result }));
    });
  }

  quarantine(done: Done<null>): void {
    this.#process.use('quarantine');
    const { file } = this.#database;
    this.#process.after(() => {
      if (!file.quarantined) this.#database.counters.quarantines += 1;
      file.quarantined = true;
      this.#process.answer(done, NOTHING);
    });
  }

  skip(index: LogIndex): void {
    this.#process.use('skip');
    this.#state.toSkip.add(index);
  }

  adoptedBuild(done: Done<AdoptedBuild>): void {
    this.#process.use('adoptedBuild');
    this.#process.answer(done, { type: 'done', result: this.adopted });
  }

  reopen(done: Done<LogIndex>): void {
    this.#process.begin('reopen');
    this.#process.after(() => {
      this.#opened = null;
      this.discardStage();
      this.#process.reopened();
      this.#state = this.#database.load();
      const result = this.appliedIndex;
      this.#process.finish(() => done({ type: 'done', result }));
    });
  }

  /** Runs `run` once `index` is applied: at once, or as a task of the server's process. */
  whenApplied(index: LogIndex, run: () => void): void {
    if (this.appliedIndex >= index) run();
    else this.#process.wait(index, run);
  }

  #transaction(
    entries: readonly Entry[],
    from: number,
    to: number,
    outcomes: CommandOutcome[],
    then: () => void,
  ): void {
    if (from === to || this.#process.isStuck) {
      then();
      return;
    }
    this.#process.after(() => {
      const part = entries.slice(from, to);
      const news = part.filter(({ index }) => index > this.appliedIndex);
      this.#process.meets(part, this.#state.toSkip);
      if (this.#process.isStuck) {
        then();
        return;
      }
      for (const entry of part) {
        if (entry.index <= this.appliedIndex) {
          const recalled = this.#state.recall(entry);
          if (recalled !== null) outcomes.push(recalled);
          continue;
        }
        const applied = this.#state.apply(entry);
        if (applied.outcome !== null) outcomes.push(applied.outcome);
        this.#database.events.applied(applied);
      }
      this.#state.commit();
      this.#database.committed(news, this.#state);
      if (part.some(({ index }) => this.#state.toSkip.has(index))) {
        this.#database.keepWhole(this.#state);
      }
      this.#process.wake(this.appliedIndex);
      then();
    });
  }
}
