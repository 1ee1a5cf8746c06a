/**
 * A state machine for tests of the runtime: its state is the list of the indexes it applied, its
 * snapshot is that list as bytes. Everything is answered when the test says so (`settle`).
 */

import { NO_BUILD, type AdoptedBuild } from '../../src/node/build.ts';
import type { ApplyOutcome, SnapshotOutcome, StagedSnapshot } from '../../src/node/ports.ts';
import type { OpenedSnapshot, StateMachine } from '../../src/node/ports.ts';
import type { Entry, LogIndex } from '../../src/raft/types.ts';

export class MemoryMachine implements StateMachine {
  applied: number[] = [];
  durableIndex = 0;
  quarantined = false;
  /** The entry that cannot be applied; 0: none. */
  stuckAt = 0;
  adopted = NO_BUILD;
  readonly skipped = new Set<LogIndex>();
  forgetsOnReopening = false;
  /** Answers to come, in order. */
  readonly pending: (() => void)[] = [];
  /** Calls, by name. */
  readonly calls: string[] = [];
  refuses: string | null = null;
  #open: Uint8Array | null = null;
  #stage: { readonly snapshot: StagedSnapshot; bytes: number[]; isFinished: boolean } | null = null;

  /** Answers what was asked so far. */
  settle(): void {
    for (const answer of this.pending.splice(0)) answer();
  }

  get appliedIndex(): number {
    return this.applied.at(-1) ?? 0;
  }

  get isOpen(): boolean {
    return this.#open !== null;
  }

  get stagedBytes(): number | null {
    return this.#stage?.bytes.length ?? null;
  }

  apply(entries: readonly Entry[], done: (outcome: ApplyOutcome) => void): void {
    this.calls.push('apply');
    this.pending.push(() => {
      const stuck = entries.find(({ index }) => index === this.stuckAt && !this.skipped.has(index));
      if (stuck !== undefined) {
        done({ type: 'stuck', index: stuck.index, reason: 'the test says so' });
        return;
      }
      for (const { index } of entries) this.applied.push(index);
      done({ type: 'applied', outcomes: [] });
    });
  }

  checkpoint(done: (outcome: SnapshotOutcome<LogIndex>) => void): void {
    this.#answer('checkpoint', done, () => {
      this.durableIndex = this.appliedIndex;
      return this.appliedIndex as LogIndex;
    });
  }

  openSnapshot(done: (outcome: SnapshotOutcome<OpenedSnapshot>) => void): void {
    this.#answer('openSnapshot', done, () => {
      this.#open = Uint8Array.from(this.applied, (index) => index % 256);
      const hash = hashOf(this.#open);
      return { index: this.appliedIndex as LogIndex, sizeBytes: this.#open.length, hash };
    });
  }

  readSnapshot(
    offset: number,
    length: number,
    done: (outcome: SnapshotOutcome<Uint8Array>) => void,
  ): void {
    this.#answer('readSnapshot', done, () => {
      if (this.#open === null) throw new Error('no snapshot is open');
      return this.#open.slice(offset, offset + length);
    });
  }

  closeSnapshot(): void {
    this.calls.push('closeSnapshot');
    this.#open = null;
  }

  beginStage(snapshot: StagedSnapshot, done: (outcome: SnapshotOutcome<null>) => void): void {
    this.#answer('beginStage', done, () => {
      this.#stage = { snapshot, bytes: [], isFinished: false };
      return null;
    });
  }

  writeStage(
    offset: number,
    data: Uint8Array,
    done: (outcome: SnapshotOutcome<null>) => void,
  ): void {
    this.#answer('writeStage', done, () => {
      if (this.#stage?.bytes.length !== offset) throw new Error('written out of order (SM7)');
      this.#stage.bytes.push(...data);
      return null;
    });
  }

  finishStage(done: (outcome: SnapshotOutcome<null>) => void): void {
    this.#answer('finishStage', done, () => {
      if (this.#stage === null) throw new Error('nothing is staged');
      if (hashOf(Uint8Array.from(this.#stage.bytes)) !== this.#stage.snapshot.hash) return 'wrong';
      this.#stage.isFinished = true;
      return null;
    });
  }

  discardStage(): void {
    this.calls.push('discardStage');
    this.#stage = null;
  }

  restore(file: number, done: (outcome: SnapshotOutcome<LogIndex>) => void): void {
    this.#answer('restore', done, () => {
      const stage = this.#stage;
      if (stage?.snapshot.file !== file || !stage.isFinished)
        throw new Error('no such stage (SM8)');
      this.applied = Array.from({ length: stage.snapshot.index }, (_, i) => i + 1);
      this.quarantined = false;
      return stage.snapshot.index;
    });
  }

  quarantine(done: (outcome: SnapshotOutcome<null>) => void): void {
    this.#answer('quarantine', done, () => {
      this.quarantined = true;
      return null;
    });
  }

  skip(index: LogIndex): void {
    this.calls.push(`skip ${index}`);
    this.skipped.add(index);
  }

  adoptedBuild(done: (outcome: SnapshotOutcome<AdoptedBuild>) => void): void {
    this.#answer('adoptedBuild', done, () => this.adopted);
  }

  reopen(done: (outcome: SnapshotOutcome<LogIndex>) => void): void {
    this.#answer('reopen', done, () => {
      this.skipped.clear();
      if (this.forgetsOnReopening) this.applied = [];
      return this.appliedIndex as LogIndex;
    });
  }

  /** `work` answers 'wrong' where it refuses; `refuses` names a call that is refused once. */
  #answer<Result>(
    name: string,
    done: (outcome: SnapshotOutcome<Result>) => void,
    work: () => Result | 'wrong',
  ): void {
    this.calls.push(name);
    this.pending.push(() => {
      if (this.refuses === name) {
        this.refuses = null;
        done({ type: 'refused', reason: 'the test says so' });
        return;
      }
      const result = work();
      if (result === 'wrong') done({ type: 'refused', reason: 'wrong bytes' });
      else done({ type: 'done', result });
    });
  }
}

function hashOf(bytes: Uint8Array): string {
  let hash = 7;
  for (const byte of bytes) hash = (Math.imul(hash, 31) + byte) | 0;
  return `${bytes.length}x${hash >>> 0}`;
}
