import { describe, expect, it } from 'vitest';
import { RUNTIME_LIMITS, type RuntimeLimits } from '../../src/node/limits.ts';
import { Machine } from '../../src/node/machine.ts';
import type { Raft } from '../../src/raft/raft.ts';
import { A, bytes, configuration, core, elect, index } from '../raft/fixtures.ts';
import { MemoryMachine } from './memory-machine.ts';

const SMALL: RuntimeLimits = {
  ...RUNTIME_LIMITS,
  logCompactEntries: 8,
  logKeepEntries: 2,
  logCompactBytes: 10_000,
  logKeepBytes: 1_000,
  logHeldBytes: 40_000,
};

const ROOMY = { maxApplyEntries: 100, maxApplyBytes: 100_000, maxUncommittedBytes: 1_000_000 };

/** A server that decides alone, with a machine that answers when told to. */
class Bench {
  readonly raft: Raft;
  readonly stateMachine = new MemoryMachine();
  readonly machine: Machine;
  readonly failures: string[] = [];
  heldFrom = Infinity;
  released = 0;
  nowMs = 0;

  constructor(limits: RuntimeLimits = SMALL, quarantined = false) {
    this.raft = elect(core({ configuration: configuration([A]), limits: ROOMY }));
    if (quarantined) this.raft.suspendApply();
    this.machine = new Machine({
      raft: this.raft,
      stateMachine: this.stateMachine,
      limits,
      lastStampMs: () => 77,
      heldFrom: () => this.heldFrom,
      releaseLog: () => {
        this.released += 1;
      },
      onApplied: () => undefined,
      onRestored: () => undefined,
      onFailed: (reason) => this.failures.push(reason),
      input: (step) => step(),
    });
    this.turn();
  }

  /** Everything that is ready, with a disk that takes no time; then what the machine was asked. */
  turn(): void {
    this.nowMs += 1_000;
    this.machine.check(this.nowMs);
    for (let ready = this.raft.ready(); ready !== null; ready = this.raft.ready()) {
      if (ready.record !== null) this.raft.recordDurable();
      if (ready.committedEntries.length > 0) this.machine.apply(ready.committedEntries);
      if (ready.snapshot !== null) this.machine.restore(ready.snapshot);
    }
    this.stateMachine.settle();
  }

  /** A snapshot of what is applied, or of one entry more, is staged and taken into the log. */
  install({ isNewer = false } = {}): number {
    this.raft.resign();
    const described = this.raft.describeSnapshot(this.raft.appliedIndex);
    if (described === null) throw new Error('nothing is applied');
    const at = index(described.index + (isNewer ? 1 : 0));
    const state = { file: 1, hash: '0x7', stampMs: 0 };
    const staged = { file: 1, index: at, sizeBytes: 0, hash: '0x7' };
    this.stateMachine.beginStage(staged, () => undefined);
    this.stateMachine.finishStage(() => undefined);
    this.stateMachine.settle();
    expect(this.raft.installSnapshot({ ...described, index: at, state })).toBe(true);
    return at;
  }

  write(count: number, size = 1): void {
    for (let i = 0; i < count; i += 1) this.raft.propose([bytes(size)]);
    this.turn();
    this.turn();
  }
}

describe('compaction (paper section 7)', () => {
  it('a short log is left alone', () => {
    const bench = new Bench();
    bench.write(4);
    bench.turn();
    expect([bench.raft.firstIndex, bench.machine.nextDeadlineMs()]).toEqual([1, Infinity]);
  });

  it('a long one is cut to its tail, up to what the state machine holds durably', () => {
    const bench = new Bench();
    bench.write(20);
    bench.turn();
    const { firstIndex, lastIndex, snapshot } = bench.raft;
    expect(bench.stateMachine.durableIndex).toBe(lastIndex);
    expect(lastIndex - firstIndex + 1).toBe(SMALL.logKeepEntries);
    expect(snapshot?.state).toEqual({ file: 0, hash: '', stampMs: 77 });
    expect(snapshot?.configuration.voters).toEqual([A]);
  });

  it('never beyond what was durable when it was asked', () => {
    const bench = new Bench();
    bench.write(20);
    const durableIndex = bench.stateMachine.appliedIndex;
    bench.machine.check(bench.nowMs + 1_000);
    expect(bench.stateMachine.calls.at(-1)).toBe('checkpoint');
    bench.raft.propose([bytes(1)]);
    bench.turn();
    expect(bench.raft.firstIndex - 1).toBeLessThanOrEqual(durableIndex);
  });

  it('of large entries a shorter tail is left', () => {
    const bench = new Bench();
    bench.write(6, 4_000);
    bench.turn();
    expect(bench.raft.firstIndex).toBe(bench.raft.lastIndex + 1);
  });

  it('what a snapshot under way does not hold stays, within bounds', () => {
    const bench = new Bench();
    bench.heldFrom = 5;
    bench.write(20);
    bench.turn();
    expect(bench.raft.firstIndex).toBe(6);
    bench.write(12, 4_000);
    bench.turn();
    expect(bench.released).toBeGreaterThan(0);
    expect(bench.raft.firstIndex).toBeGreaterThan(20);
  });

  it('a refused checkpoint is tried again later', () => {
    const bench = new Bench();
    bench.stateMachine.refuses = 'checkpoint';
    bench.write(20);
    expect(bench.raft.firstIndex).toBe(1);
    bench.turn();
    expect(bench.raft.firstIndex).toBeGreaterThan(1);
  });

  it('SM4: what the core hands out waits for the checkpoint to end', () => {
    const bench = new Bench();
    bench.heldFrom = 0;
    bench.write(20);
    bench.heldFrom = Infinity;
    bench.stateMachine.calls.length = 0;
    bench.machine.check(bench.nowMs + 5_000);
    expect(bench.stateMachine.calls).toEqual(['checkpoint']);
    bench.raft.propose([bytes(1)]);
    const ready = bench.raft.ready();
    bench.raft.recordDurable();
    expect(ready?.record).not.toBeNull();
    const committed = bench.raft.ready()?.committedEntries ?? [];
    expect(committed).toHaveLength(1);
    const before = bench.stateMachine.calls.length;
    bench.machine.apply(committed);
    expect(bench.stateMachine.calls).toHaveLength(before);
    bench.stateMachine.settle();
    expect(bench.stateMachine.calls.at(-1)).toBe('apply');
    bench.stateMachine.settle();
    expect(bench.raft.appliedIndex).toBe(bench.raft.lastIndex);
  });
});

describe('quarantine', () => {
  it('is remembered durably, and nothing more is applied or compacted', () => {
    const bench = new Bench();
    const applied = bench.raft.appliedIndex;
    bench.machine.quarantine();
    bench.write(20);
    expect(bench.stateMachine.quarantined).toBe(true);
    expect([bench.raft.appliedIndex, bench.raft.firstIndex]).toEqual([applied, 1]);
    expect(bench.machine.isQuarantined).toBe(true);
  });

  it('a mark that could not be written is tried again', () => {
    const bench = new Bench();
    bench.stateMachine.refuses = 'quarantine';
    bench.machine.quarantine();
    bench.turn();
    expect(bench.stateMachine.quarantined).toBe(false);
    bench.turn();
    expect(bench.stateMachine.quarantined).toBe(true);
  });

  it('ends with a snapshot', () => {
    const bench = new Bench();
    bench.machine.quarantine();
    bench.turn();
    const installed = bench.install();
    bench.turn();
    bench.turn();
    expect([bench.machine.isQuarantined, bench.stateMachine.quarantined]).toEqual([false, false]);
    expect(bench.raft.appliedIndex).toBe(installed);
    expect(bench.failures).toEqual([]);
    expect(index(installed)).toBe(bench.raft.snapshot?.index);
  });

  it('the state that a snapshot brought is not marked for what was found of the one before', () => {
    const bench = new Bench();
    bench.install({ isNewer: true });
    bench.raft.ready();
    bench.raft.recordDurable();
    const snapshot = bench.raft.ready()?.snapshot ?? null;
    if (snapshot === null) throw new Error('nothing is to be restored');
    bench.machine.restore(snapshot);
    bench.machine.quarantine();
    bench.stateMachine.settle();
    bench.turn();
    bench.turn();
    expect([bench.machine.isQuarantined, bench.stateMachine.quarantined]).toEqual([false, false]);
    expect(bench.raft.isApplySuspended).toBe(false);
  });

  it('a state that is lost when the node starts is marked as well: readers ask it directly', () => {
    const bench = new Bench(SMALL, true);
    bench.turn();
    expect(bench.stateMachine.quarantined).toBe(true);
  });
});
