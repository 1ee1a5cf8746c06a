/**
 * The state machine in the hands of the runtime: one thing at a time (SM4), entries applied, the log
 * compacted behind what is durable, a received snapshot put in the state's place, and a state that is
 * not to be trusted kept from serving anybody.
 *
 * Compaction (paper section 7): when the log has grown past its bounds, the state machine is made
 * durable, and what it then holds durably is dropped from the log but for a tail, so that a follower
 * a little behind needs no snapshot. A follower that is being sent one holds compaction back, within
 * bounds: what the snapshot does not hold must still be there when it is installed.
 *
 * An entry that cannot be applied: the state machine is opened anew, since trouble with memory may be
 * this node's own, what stands before the entry is applied by itself, and the entry is tried once more.
 * Then the node is stalled: it votes and logs, and waits for a `skip` of that entry to be committed, or
 * for a snapshot.
 *
 * An entry behind the adoption of a build that this node does not have is not for it (build-watch.ts):
 * the node is outdated, and applies nothing until its page is loaded anew, or the log comes to its build.
 *
 * Quarantine: entries are not applied any more, and nothing is served; voting and logging go on, since
 * the log is sound. It ends with a snapshot from a leader.
 */

import type { Raft } from '../raft/raft.ts';
import type { Entry, LogIndex, Snapshot } from '../raft/types.ts';
import type { AdoptedBuild } from './build.ts';
import type { BuildWatch } from './build-watch.ts';
import type { RuntimeLimits } from './limits.ts';
import type { ApplyOutcome, SnapshotOutcome, StateMachine } from './ports.ts';
import { SkippedEntries } from './skipped-entries.ts';

export interface MachineOptions {
  readonly raft: Raft;
  readonly stateMachine: StateMachine;
  readonly limits: RuntimeLimits;
  readonly builds: Pick<BuildWatch, 'barrier' | 'isOutdated' | 'onAdopted'>;
  /** The latest stamp of any entry stored here. */
  readonly lastStampMs: () => number;
  /** Up to where the log is needed for snapshots under way; Infinity where none is. */
  readonly heldFrom: () => number;
  /** The log is too long to be held back: whatever holds it back is given up. */
  readonly releaseLog: () => void;
  readonly onApplied: (
    entries: readonly Entry[],
    outcome: ApplyOutcome & { type: 'applied' },
  ) => void;
  readonly onRestored: (adopted: AdoptedBuild) => void;
  /** Snapshots that were open or being received are gone. */
  readonly onReopened: () => void;
  /** The node must stop. */
  readonly onFailed: (reason: string) => void;
  /** Runs what an adapter calls back with as an input of the node. */
  readonly input: (step: () => void) => void;
}

/** How long after a refused checkpoint the next is tried. */
const CHECKPOINT_RETRY_MS = 500;

export class Machine {
  readonly #options: MachineOptions;
  #isBusy = false;
  /** The state machine knows, too; it serves readers that do not ask the runtime. */
  #isQuarantineStored: boolean;
  #checkpointAtMs = -Infinity;
  /** Handed out while a checkpoint was under way, in order. */
  readonly #waiting: (() => void)[] = [];
  readonly #skips: SkippedEntries;
  /** The entry that could not be applied. */
  #stuck: { readonly index: LogIndex; readonly reason: string } | null = null;
  /** Why applying waits though the state is sound; null: it does not wait. */
  #waitsFor: 'skip' | 'build' | null = null;
  /** How often the log was compacted, and the state replaced by a snapshot. */
  #compactions = 0;
  #restores = 0;

  constructor(options: MachineOptions) {
    this.#options = options;
    this.#skips = new SkippedEntries(options.raft, options.stateMachine);
    this.#isQuarantineStored = !this.isQuarantined;
  }

  get counters(): { readonly compactions: number; readonly snapshotsInstalled: number } {
    return { compactions: this.#compactions, snapshotsInstalled: this.#restores };
  }

  /** Nothing is to be served from the state. */
  get isQuarantined(): boolean {
    return this.#options.raft.isApplySuspended && this.#waitsFor === null;
  }

  /** The next entry is for another build. */
  get isOutdated(): boolean {
    return this.#waitsFor === 'build';
  }

  /** The entry that this node waits behind; null: it goes on. */
  get stalledAt(): { readonly index: LogIndex; readonly reason: string } | null {
    return this.#waitsFor === 'skip' && !this.#isBusy ? this.#stuck : null;
  }

  /** The entry was to be skipped, in this life. */
  isSkipped(index: LogIndex): boolean {
    return this.#skips.has(index);
  }

  /** Neither applying nor restoring nor making durable. */
  get isIdle(): boolean {
    return !this.#isBusy && !this.#options.raft.isStateMachineBusy;
  }

  /** Committed entries that the core has handed out. */
  apply(entries: readonly Entry[]): void {
    this.#whenFree(() => this.#apply(entries));
  }

  #apply(entries: readonly Entry[]): void {
    const part = this.#cut(entries);
    if (part.length === 0) {
      this.#waitFor('build');
      this.#runWaiting();
      return;
    }
    this.#skips.tell();
    this.#isBusy = true;
    this.#options.stateMachine.apply(part, (outcome) => {
      if (outcome.type === 'failed') this.#options.onFailed(outcome.reason);
      this.#options.input(() => {
        this.#isBusy = false;
        if (outcome.type === 'stuck') this.#reopen(outcome.index, outcome.reason);
        if (outcome.type !== 'applied') return;
        const last = part.at(-1);
        if (last !== undefined) this.#options.raft.applied(last.index);
        this.#options.onApplied(part, outcome);
        if (part.length < entries.length) this.#apply(entries.slice(part.length));
        else this.#runWaiting();
      });
    });
  }

  /**
   * An entry that was in the way is applied by itself, behind all that stands before it. None where the
   * first one is for another build.
   */
  #cut(all: readonly Entry[]): readonly Entry[] {
    const barrier = this.#options.builds.barrier();
    const entries = all.filter(({ index }) => index < barrier);
    const at = entries.findIndex(({ index }) => index === this.#stuck?.index);
    if (at < 0) return entries;
    return at === 0 ? entries.slice(0, 1) : entries.slice(0, at);
  }

  #reopen(index: LogIndex, reason: string): void {
    const { raft, stateMachine } = this.#options;
    const isTriedAgain = this.#stuck?.index === index;
    this.#stuck = { index, reason };
    this.#waitFor('skip');
    this.#options.onReopened();
    this.#run(
      (done: (outcome: SnapshotOutcome<LogIndex>) => void) => stateMachine.reopen(done),
      (outcome) => {
        if (outcome.type !== 'done' || outcome.result < raft.appliedIndex) {
          const found = outcome.type === 'done' ? `it is at ${outcome.result}` : outcome.reason;
          this.#options.onFailed(`it could not be opened again after ${reason}: ${found}`);
          return;
        }
        this.#skips.forget();
        if (!isTriedAgain) this.#resume();
      },
    );
  }

  /** Nothing that is found out afterwards lifts a quarantine: the state is not sound. */
  #waitFor(what: 'skip' | 'build'): void {
    if (!this.isQuarantined) this.#waitsFor = what;
    this.#options.raft.stallApply();
  }

  #resume(): void {
    if (this.#waitsFor === null) return;
    this.#waitsFor = null;
    this.#options.raft.resumeApply();
  }

  /** The log may have come to this node's build. */
  #checkBuild(): void {
    const { builds, raft } = this.#options;
    const isOutdated = builds.isOutdated();
    if (isOutdated && !raft.isApplySuspended) this.#waitFor('build');
    else if (!isOutdated && this.isOutdated) this.#resume();
  }

  /** The snapshot that the durable log names by now takes the state's place. */
  restore(snapshot: Snapshot): void {
    this.#whenFree(() => {
      this.#run(
        (done) => this.#options.stateMachine.restore(snapshot.state.file, done),
        (outcome) => {
          if (outcome.type !== 'done' || outcome.result !== snapshot.index) {
            // The log names a file that is not what it says: there is nothing to go back to.
            const reason = outcome.type === 'done' ? `it is at ${outcome.result}` : outcome.reason;
            this.#options.onFailed(`the snapshot at ${snapshot.index} cannot be opened: ${reason}`);
            return;
          }
          this.#askForBuild();
        },
      );
    });
  }

  /** What was restored may have come to another build. */
  #askForBuild(): void {
    this.#run(
      (done: (outcome: SnapshotOutcome<AdoptedBuild>) => void) =>
        this.#options.stateMachine.adoptedBuild(done),
      (outcome) => {
        if (outcome.type !== 'done') {
          this.#options.onFailed(`the snapshot's build cannot be read: ${outcome.reason}`);
          return;
        }
        this.#restores += 1;
        this.#isQuarantineStored = true;
        this.#waitsFor = null;
        this.#options.builds.onAdopted(outcome.result.build);
        this.#options.raft.restored();
        this.#options.onRestored(outcome.result);
      },
    );
  }

  /** The state differs from the majority's: it serves nobody from now on. */
  quarantine(): void {
    if (this.isQuarantined) return;
    this.#isQuarantineStored = false;
    this.#waitsFor = null;
    this.#options.raft.suspendApply();
  }

  nextDeadlineMs(): number {
    return this.isIdle && this.#isCompactionDue() ? this.#checkpointAtMs : Infinity;
  }

  check(nowMs: number): void {
    if (!this.isIdle) return;
    const { stalledAt } = this;
    if (stalledAt !== null && this.#skips.has(stalledAt.index)) this.#resume();
    this.#checkBuild();
    if (!this.#isQuarantineStored) this.#storeQuarantine();
    else if (nowMs >= this.#checkpointAtMs && this.#isCompactionDue()) this.#compact(nowMs);
  }

  /** The core hands out one thing at a time; only a checkpoint may be under way. */
  #whenFree(work: () => void): void {
    if (this.#isBusy) this.#waiting.push(work);
    else work();
  }

  #runWaiting(): void {
    if (!this.#isBusy) this.#waiting.shift()?.();
  }

  #run<Result>(
    begin: (done: (outcome: SnapshotOutcome<Result>) => void) => void,
    end: (outcome: SnapshotOutcome<Result>) => void,
  ): void {
    this.#isBusy = true;
    begin((outcome) => {
      if (outcome.type === 'failed') this.#options.onFailed(outcome.reason);
      this.#options.input(() => {
        this.#isBusy = false;
        if (outcome.type !== 'failed') end(outcome);
        this.#runWaiting();
      });
    });
  }

  #storeQuarantine(): void {
    this.#run(
      (done) => this.#options.stateMachine.quarantine(done),
      (outcome) => {
        this.#isQuarantineStored = outcome.type === 'done';
      },
    );
  }

  #isCompactionDue(): boolean {
    const { raft, limits } = this.#options;
    if (this.isQuarantined) return false;
    const base = (raft.firstIndex - 1) as LogIndex;
    const isLong =
      raft.lastIndex - base > limits.logCompactEntries ||
      raft.bytesBehind(base) > limits.logCompactBytes;
    return isLong && this.#compactionTarget(raft.appliedIndex) !== null;
  }

  /**
   * The index to compact to where the state machine holds everything up to `durableIndex` durably:
   * what the tail leaves, and what snapshots under way do not need. Null where that is nothing new.
   */
  #compactionTarget(durableIndex: LogIndex): LogIndex | null {
    const { raft, limits, heldFrom } = this.#options;
    const { appliedIndex } = raft;
    const base = raft.firstIndex - 1;
    const isHeld = raft.bytesBehind(base as LogIndex) <= limits.logHeldBytes;
    const highest = Math.min(durableIndex, appliedIndex, isHeld ? heldFrom() : Infinity);
    // The first index behind which the tail is within its bounds.
    let low = Math.max(base, appliedIndex - limits.logKeepEntries);
    let high = Math.max(low, appliedIndex);
    const unappliedBytes = raft.bytesBehind(appliedIndex);
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const tailBytes = raft.bytesBehind(middle as LogIndex) - unappliedBytes;
      if (tailBytes > limits.logKeepBytes) low = middle + 1;
      else high = middle;
    }
    const target = Math.min(low, highest);
    return target > base ? (target as LogIndex) : null;
  }

  #compact(nowMs: number): void {
    const { raft, limits, stateMachine } = this.#options;
    this.#checkpointAtMs = nowMs + CHECKPOINT_RETRY_MS;
    const base = (raft.firstIndex - 1) as LogIndex;
    if (raft.bytesBehind(base) > limits.logHeldBytes) this.#options.releaseLog();
    this.#run(
      (done: (outcome: SnapshotOutcome<LogIndex>) => void) => stateMachine.checkpoint(done),
      (outcome) => {
        if (outcome.type !== 'done') return;
        const target = this.#compactionTarget(outcome.result);
        if (target === null || this.isQuarantined) return;
        const { file = 0, hash = '' } = raft.snapshot?.state ?? {};
        const stampMs = this.#options.lastStampMs();
        if (!raft.compact(target, { file, hash, stampMs })) return;
        this.#compactions += 1;
        this.#checkpointAtMs = -Infinity;
      },
    );
  }
}
