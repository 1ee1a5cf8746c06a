/** The LogStore port's rules (src/node/ports.ts), for the simulated disk. */

import { describe, expect, test } from 'vitest';
import { EMPTY_CONFIGURATION } from '../../src/raft/configuration.ts';
import type { Entry, LogIndex, LogRecord, NodeId, Snapshot, Term } from '../../src/raft/types.ts';
import { Disk } from '../../src/simulation/disk.ts';
import { EventLoop } from '../../src/simulation/event-loop.ts';
import { EventQueue } from '../../src/simulation/event-queue.ts';
import { Random } from '../../src/simulation/random.ts';

function entry(index: number, term: number): Entry {
  return { type: 'noop', index: index as LogIndex, term: term as Term };
}

function record(term: number | null, ...entries: readonly Entry[]): LogRecord {
  const hardState = term === null ? null : { term: term as Term, votedFor: 'x' as NodeId };
  return { hardState, snapshot: null, entries };
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

/** A whole record: the log begins behind `index`. */
function whole(index: number, ...entries: readonly Entry[]): LogRecord {
  const snapshot: Snapshot = {
    index: index as LogIndex,
    term: 1 as Term,
    configuration: EMPTY_CONFIGURATION,
    state: { file: 0, hash: '', stampMs: 0 },
  };
  return { ...record(1, ...entries), snapshot };
}

describe('Disk', () => {
  test('LS1, LS3: what was reported durable is loaded, cut and replaced as recorded', () => {
    const test = new TestDisk();
    const first = test.open();
    expect(first.log).toEqual({
      hardState: { term: 0, votedFor: null },
      snapshot: null,
      entries: [],
    });
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
      snapshot: null,
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

  test('a crash between the two copies leaves the record in one: the next start finds it', () => {
    const found = new Set<number>();
    for (let seed = 0; seed < 60; seed += 1) {
      const test = new TestDisk(seed);
      test.disk.conditions = { writeMinUs: 1_000, writeMaxUs: 1_000 };
      test.open().append(record(1, entry(1, 1)));
      test.pass(400);
      test.crash();
      const before = test.disk.lastIndex;
      const { log } = test.open();
      if (before === 0) found.add(log.entries.length);
      expect(test.disk.journal.lastTrace).toBe(test.disk.indexedDb.lastTrace);
      expect(test.disk.journal.isWhole).toBe(test.disk.indexedDb.isWhole);
    }
    expect([...found].toSorted()).toEqual([0, 1]);
  });

  test.each(['journal', 'indexeddb'] as const)('%s lost or damaged: the other mends it', (name) => {
    for (let seed = 0; seed < 20; seed += 1) {
      const test = new TestDisk(seed);
      const { append } = test.open();
      for (const index of [1, 2, 3]) {
        append(record(1, entry(index, 1)));
        test.pass();
      }
      const hurt = () => (seed % 2 === 0 ? test.disk.wipeCopy(name) : test.disk.corruptCopy(name));
      test.crash();
      expect(hurt()).toBe(true);
      expect(test.open().log.entries).toHaveLength(3);
      expect(test.disk.counters.copiesMended).toBe(1);
      test.crash();
      expect(hurt()).toBe(true);
    }
  });

  test('the second copy is not lost before the first is mended', () => {
    const test = new TestDisk();
    test.open().append(record(1));
    test.pass();
    test.crash();
    expect(test.disk.wipeCopy('journal')).toBe(true);
    expect(test.disk.wipeCopy('indexeddb')).toBe(false);
    expect(test.disk.corruptCopy('indexeddb')).toBe(false);
  });

  test('LS7: a whole record replaces everything, and the space is given back', () => {
    const test = new TestDisk();
    const { append } = test.open();
    for (let index = 1; index <= 40; index += 1) {
      append(record(1, entry(index, 1)));
      test.pass();
    }
    const { bytes } = test.disk.journal;
    append(whole(38, entry(39, 1), entry(40, 1)));
    test.pass(2_000_000);
    expect(test.disk.journal.bytes).toBeLessThan(bytes / 8);
    expect(test.disk.indexedDb.bytes).toBe(test.disk.journal.bytes);
    append(record(null, entry(41, 1)));
    test.pass();
    test.crash();
    const { log } = test.open();
    expect(log.snapshot?.index).toBe(38);
    expect(log.entries.map(({ index }) => index)).toEqual([39, 40, 41]);
    expect([test.disk.baseIndex, test.disk.lastIndex]).toEqual([38, 41]);
  });

  test('LS2, LS7: a crash during a whole record keeps the old log or the new one', () => {
    const bases = new Set<number>();
    for (let seed = 0; seed < 60; seed += 1) {
      const test = new TestDisk(seed);
      const { append } = test.open();
      append(record(1, entry(1, 1), entry(2, 1)));
      test.pass();
      test.disk.conditions = { writeMinUs: 1_000, writeMaxUs: 1_000 };
      append(whole(1, entry(2, 1)));
      test.pass(400);
      test.crash();
      const { log } = test.open();
      bases.add(log.snapshot?.index ?? 0);
      expect(test.disk.lastIndex).toBe(2);
    }
    expect([...bases].toSorted()).toEqual([0, 1]);
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
    expect(() => append(record(null, entry(2, 1)))).toThrow('record begins at 2');
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
