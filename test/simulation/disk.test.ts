/** The LogStore port's rules (src/node/ports.ts), for the simulated disk. */

import { describe, expect, test } from 'vitest';
import type { Entry, LogIndex, LogRecord, NodeId, Term } from '../../src/raft/types.ts';
import { Disk } from '../../src/simulation/disk.ts';
import { EventLoop } from '../../src/simulation/event-loop.ts';
import { EventQueue } from '../../src/simulation/event-queue.ts';
import { Random } from '../../src/simulation/random.ts';

function entry(index: number, term: number): Entry {
  return { type: 'noop', index: index as LogIndex, term: term as Term };
}

function record(term: number | null, ...entries: readonly Entry[]): LogRecord {
  const hardState = term === null ? null : { term: term as Term, votedFor: 'x' as NodeId };
  return { hardState, entries };
}

class TestDisk {
  readonly queue = new EventQueue();
  readonly disk: Disk;
  loop: EventLoop;
  results: (string | null)[] = [];

  constructor(seed = 1) {
    this.disk = new Disk(this.queue, Random.fromSeed(seed));
    this.loop = this.newLoop();
  }

  newLoop(): EventLoop {
    return new EventLoop(this.queue, Random.fromSeed(1), () => undefined);
  }

  open() {
    const { log, store } = this.disk.open(this.loop);
    const append = (written: LogRecord) =>
      store.append(written, (error) => this.results.push(error));
    return { log, append };
  }

  crash(): void {
    this.loop.end();
    this.disk.crash();
    this.loop = this.newLoop();
  }

  pass(durationUs = 1_000_000): void {
    const untilUs = this.queue.nowUs + durationUs;
    while (this.queue.step(untilUs)) continue;
  }
}

describe('Disk', () => {
  test('LS1, LS3: what was reported durable is loaded, cut and replaced as recorded', () => {
    const test = new TestDisk();
    const first = test.open();
    expect(first.log).toEqual({ hardState: { term: 0, votedFor: null }, entries: [] });
    for (const written of [
      record(1, entry(1, 1), entry(2, 1), entry(3, 1)),
      record(2),
      record(null, entry(2, 2)),
    ]) {
      first.append(written);
      expect(test.results).not.toContain(undefined);
      test.pass();
    }
    expect(test.results).toEqual([null, null, null]);
    test.crash();
    expect(test.open().log).toEqual({
      hardState: { term: 2, votedFor: 'x' },
      entries: [entry(1, 1), entry(2, 2)],
    });
  });

  test('done is never called before append has returned', () => {
    const test = new TestDisk();
    test.disk.conditions = { writeMinUs: 0, writeMaxUs: 0 };
    test.open().append(record(1));
    expect(test.results).toEqual([]);
    test.pass(0);
    expect(test.results).toEqual([null]);
  });

  test('LS2: a crash during a write shows all of the record or nothing, and both happen', () => {
    const outcomes = new Set<string>();
    for (let seed = 0; seed < 60; seed += 1) {
      const test = new TestDisk(seed);
      test.disk.conditions = { writeMinUs: 1_000, writeMaxUs: 1_000 };
      test.open().append(record(3, entry(1, 3), entry(2, 3)));
      test.pass(500);
      test.crash();
      test.pass();
      expect(test.results).toEqual([]);
      const { log } = test.open();
      outcomes.add(`term ${log.hardState.term}, ${log.entries.length} entries`);
    }
    expect([...outcomes].toSorted()).toEqual(['term 0, 0 entries', 'term 3, 2 entries']);
  });

  test('LS4: behind a failure everything fails and nothing is written, until it is opened', () => {
    const lengths = new Set<number>();
    for (let seed = 0; seed < 40; seed += 1) {
      const test = new TestDisk(seed);
      const { append } = test.open();
      test.disk.failNext = true;
      append(record(1, entry(1, 1)));
      test.pass();
      append(record(2));
      test.pass();
      expect(test.results).toEqual(['simulated disk failure', 'simulated disk failure']);
      expect(test.disk.failed).toBe(true);
      test.crash();
      const again = test.open();
      expect(again.log.hardState.term).toBeLessThan(2);
      lengths.add(again.log.entries.length);
      again.append(record(2));
      test.pass();
      expect(test.results.at(-1)).toBeNull();
    }
    // The record that failed may be on disk after all.
    expect([...lengths].toSorted()).toEqual([0, 1]);
  });

  test('LS6: one server at a time', () => {
    const test = new TestDisk();
    test.open();
    test.loop = test.newLoop();
    expect(() => test.open()).toThrow('LS6');
  });

  test('it refuses what no server may ask', () => {
    const test = new TestDisk();
    const { append } = test.open();
    expect(() => append(record(null, entry(2, 1)))).toThrow('log ends at 0');
    expect(() => append(record(null, entry(1, 1), entry(3, 1)))).toThrow('at 2');
    append(record(1));
    expect(() => append(record(1))).toThrow('two records in flight');
    test.crash();
    expect(() => append(record(1))).toThrow('crashed server');
  });

  test('equal logs have equal chained digests, different ones do not', () => {
    const chainOf = (...entries: readonly Entry[]) => {
      const disk = new TestDisk().disk;
      disk.format(record(1, ...entries));
      return disk.chainAt(2 as LogIndex);
    };
    expect(chainOf(entry(1, 1), entry(2, 1))).toBe(chainOf(entry(1, 1), entry(2, 1)));
    expect(chainOf(entry(1, 1), entry(2, 2))).not.toBe(chainOf(entry(1, 1), entry(2, 1)));
    expect(chainOf(entry(1, 1))).toBeNull();
  });

  test('entries are frozen once they are on disk', () => {
    const test = new TestDisk();
    const written = record(1, entry(1, 1));
    test.open().append(written);
    expect(() => Object.assign(written.entries[0] ?? {}, { term: 9 })).toThrow(TypeError);
  });
});
