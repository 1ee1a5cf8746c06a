import { describe, expect, it } from 'vitest';
import { encodeCommand } from '../../src/node/command.ts';
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
  /** The first entry that is for another build. */
  barrier = Infinity;
  readonly builds = {
    barrier: () => this.barrier,
    isOutdated: () => this.barrier <= this.raft.appliedIndex + 1,
    onAdopted: (build: string) => this.adopted.push(build),
  };
  readonly adopted: string[] = [];
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
      builds: this.builds,
      lastStampMs: () => 77,
      heldFrom: () => this.heldFrom,
      releaseLog: () => {
        this.released += 1;
      },
      onApplied: () => undefined,
      onRestored: () => undefined,
      onReopened: () => undefined,
      onFailed: (reason) => this.failures.push(reason),
      input: (step) => step(),
    });
    this.turn();
  }

  /** Everything that is ready, with a disk that takes no time; then what the machine was asked. */
  turn(): void {
    this.nowMs += 1_000;
    this.machine.check(this.nowMs);
    this.handOut();
    this.stateMachine.settle();
  }

  /** The same, with a machine that takes its time. */
  handOut(): void {
    for (let ready = this.raft.ready(); ready !== null; ready = this.raft.ready()) {
      if (ready.record !== null) this.raft.recordDurable();
      if (ready.committedEntries.length > 0) this.machine.apply(ready.committedEntries);
      if (ready.snapshot !== null) this.machine.restore(ready.snapshot);
    }
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

  it.each(['stuck', 'barrier'] as const)(
    'is not lifted by what comes of the entries that were being applied (%s)',
    (trouble) => {
      const bench = new Bench();
      const { machine, raft, stateMachine } = bench;
      bench.write(3);
      const applied = raft.appliedIndex;
      if (trouble === 'stuck') stateMachine.stuckAt = applied + 2;
      else bench.barrier = applied + 2;
      raft.propose([bytes(1), bytes(1), bytes(1)]);
      bench.handOut();
      machine.quarantine();
      stateMachine.settle();
      stateMachine.stuckAt = 0;
      bench.barrier = Infinity;
      for (let turn = 0; turn < 4; turn += 1) bench.turn();
      expect([machine.isQuarantined, stateMachine.quarantined]).toEqual([true, true]);
      expect([machine.isOutdated, machine.stalledAt]).toEqual([false, null]);
      expect(raft.appliedIndex).toBeLessThan(raft.commitIndex);

      bench.install();
      for (let turn = 0; turn < 4; turn += 1) bench.turn();
      expect([machine.isQuarantined, stateMachine.quarantined]).toEqual([false, false]);
      expect(bench.failures).toEqual([]);
    },
  );

  it('a state that is lost when the node starts is marked as well: readers ask it directly', () => {
    const bench = new Bench(SMALL, true);
    bench.turn();
    expect(bench.stateMachine.quarantined).toBe(true);
  });
});

describe('an entry that cannot be applied', () => {
  const skip = (at: number): Uint8Array => encodeCommand({ type: 'skip', index: index(at) });

  it('is tried again by itself behind a reopening; then the node waits for a skip of it', () => {
    const bench = new Bench();
    bench.stateMachine.stuckAt = 5;
    bench.write(8);
    for (let turn = 0; turn < 8; turn += 1) bench.turn();
    const { stateMachine, machine, raft } = bench;
    expect(stateMachine.calls.filter((call) => call === 'reopen')).toHaveLength(2);
    expect([raft.appliedIndex, machine.stalledAt?.index]).toEqual([4, 5]);
    expect([machine.isQuarantined, stateMachine.quarantined]).toEqual([false, false]);

    raft.propose([skip(7)]);
    for (let turn = 0; turn < 4; turn += 1) bench.turn();
    expect(machine.stalledAt?.index).toBe(5);
    raft.propose([skip(5)]);
    for (let turn = 0; turn < 6; turn += 1) bench.turn();
    expect(machine.stalledAt).toBeNull();
    expect(raft.appliedIndex).toBe(raft.commitIndex);
    expect(stateMachine.applied).toEqual(Array.from({ length: raft.commitIndex }, (_, i) => i + 1));
    expect(stateMachine.skipped.has(index(5))).toBe(true);
    expect([machine.isSkipped(index(5)), machine.isSkipped(index(6))]).toEqual([true, false]);
    expect(bench.failures).toEqual([]);
  });

  it('is no trouble any more where the reopening has helped', () => {
    const bench = new Bench();
    bench.stateMachine.stuckAt = 5;
    bench.write(2);
    bench.raft.propose([bytes(1), bytes(1), bytes(1)]);
    bench.turn();
    bench.stateMachine.stuckAt = 0;
    for (let turn = 0; turn < 4; turn += 1) bench.turn();
    expect(bench.machine.stalledAt).toBeNull();
    expect(bench.raft.appliedIndex).toBe(bench.raft.commitIndex);
  });

  it('ends the node where what was applied is gone behind the reopening', () => {
    const bench = new Bench();
    bench.stateMachine.stuckAt = 5;
    bench.write(3);
    bench.stateMachine.forgetsOnReopening = true;
    bench.write(3);
    for (let turn = 0; turn < 3; turn += 1) bench.turn();
    expect(bench.failures[0]).toContain('it could not be opened again');
  });
});

describe('an entry for another build', () => {
  it('is not applied, nor what is behind it, until the log comes to this build', () => {
    const bench = new Bench();
    bench.barrier = 5;
    bench.write(8);
    bench.turn();
    const { machine, raft, stateMachine } = bench;
    expect([raft.appliedIndex, machine.isOutdated]).toEqual([4, true]);
    expect([machine.isQuarantined, machine.stalledAt]).toEqual([false, null]);
    expect(stateMachine.calls).not.toContain('reopen');

    bench.barrier = Infinity;
    bench.turn();
    bench.turn();
    expect([raft.appliedIndex, machine.isOutdated]).toEqual([raft.commitIndex, false]);
    expect(stateMachine.applied).toEqual(Array.from({ length: raft.commitIndex }, (_, i) => i + 1));
  });

  it('holds a node up from its start on where its state has come to that build', () => {
    const bench = new Bench();
    bench.write(4);
    bench.barrier = 0;
    bench.turn();
    expect(bench.machine.isOutdated).toBe(true);
    bench.write(1);
    expect(bench.raft.appliedIndex).toBeLessThan(bench.raft.commitIndex);

    // Its state may still turn out to be wrong, and is replaced then like any other.
    bench.machine.quarantine();
    expect([bench.machine.isQuarantined, bench.machine.isOutdated]).toEqual([true, false]);
    bench.turn();
    bench.stateMachine.adopted = { build: 'later', goesOn: false };
    bench.install();
    for (let turn = 0; turn < 4; turn += 1) bench.turn();
    expect(bench.adopted).toEqual(['later']);
    expect([bench.machine.isQuarantined, bench.machine.isOutdated]).toEqual([false, true]);
  });
});
