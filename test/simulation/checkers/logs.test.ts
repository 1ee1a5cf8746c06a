/** The checkers of logs, snapshots and states accept what the paper allows and find planted violations. */

import { describe, expect, test } from 'vitest';
import { EMPTY_CONFIGURATION } from '../../../src/raft/configuration.ts';
import { LeaderCompleteness } from '../../../src/simulation/checkers/leader-completeness.ts';
import { LogMatching } from '../../../src/simulation/checkers/log-matching.ts';
import { LogMirror } from '../../../src/simulation/checkers/log-mirror.ts';
import { SnapshotSafety } from '../../../src/simulation/checkers/snapshot-safety.ts';
import { StateMachineSafety } from '../../../src/simulation/checkers/state-machine-safety.ts';
import { nodeIdOf } from '../../../src/simulation/server.ts';
import type { Entry, LogIndex, NodeId, Snapshot } from '../../../src/raft/types.ts';
import { at, entry, logOf, mirrorOf, of } from './entries.ts';

const A = nodeIdOf(0);
const B = nodeIdOf(1);

describe('log matching (5.3)', () => {
  const follow = (checker: LogMatching, node: NodeId, ...entries: readonly Entry[]) => {
    const mirror = mirrorOf(...entries);
    for (const { index, term } of entries) {
      checker.onEntry(node, index, term, mirror.chainAt(index) ?? 0);
    }
  };

  test('logs that part in different terms', () => {
    const checker = new LogMatching();
    follow(checker, A, entry(1, 1), entry(2, 1), entry(3, 2));
    follow(checker, B, entry(1, 1), entry(2, 3));
  });

  test('the same index and term with other content', () => {
    const checker = new LogMatching();
    follow(checker, A, entry(1, 1, 7));
    expect(() => follow(checker, B, entry(1, 1, 8))).toThrow('log matching');
  });

  test('the same entry behind other entries', () => {
    const checker = new LogMatching();
    follow(checker, A, entry(1, 1), entry(2, 3));
    expect(() => follow(checker, B, entry(1, 2), entry(2, 3))).toThrow('log matching');
  });
});

describe('the mirror of a log', () => {
  test('it follows appending, truncating and replacing at the same length', () => {
    const entries = [entry(1, 1), entry(2, 1), entry(3, 1)];
    const mirror = new LogMirror(() => null);
    expect(mirror.sync(logOf(entries)).added).toEqual(entries);
    const chain = mirror.chainAt(at(2));
    const replaced = [...entries.slice(0, 2), entry(3, 2)];
    expect(mirror.sync(logOf(replaced))).toEqual({ keptIndex: 2, added: [entry(3, 2)] });
    expect(mirror.chainAt(at(2))).toBe(chain);
    expect(mirror.sync(logOf(replaced.slice(0, 1)))).toEqual({ keptIndex: 1, added: [] });
    expect(mirror.chainAt(at(2))).toBeNull();
    expect(mirror.chainAt(at(0))).toBe(0);
  });

  const five = mirrorOf(...[1, 2, 3, 4, 5].map((index) => entry(index, 1)));
  const committed = (index: LogIndex) => five.chainAt(index);
  const compacted = (base: number, entries: readonly Entry[]) => ({
    firstIndex: at(base + 1),
    lastIndex: at(base + entries.length),
    entryAt: (index: LogIndex) => entries[index - base - 1] ?? null,
  });

  test('it follows compaction: what is left has the digests that it had', () => {
    const entries = [1, 2, 3, 4, 5].map((index) => entry(index, 1));
    const mirror = new LogMirror(committed);
    mirror.sync(logOf(entries));
    expect(mirror.sync(compacted(3, entries.slice(3)))).toEqual({ keptIndex: 5, added: [] });
    expect([mirror.baseIndex, mirror.lastIndex]).toEqual([3, 5]);
    expect([2, 3, 5].map((i) => mirror.chainAt(at(i)))).toEqual(
      [2, 3, 5].map((i) => five.chainAt(at(i))),
    );
  });

  test('it follows an installed snapshot, whatever stood there before', () => {
    const mirror = new LogMirror(committed);
    mirror.sync(logOf([entry(1, 1), entry(2, 3), entry(3, 3)]));
    const behind = entry(5, 1);
    expect(mirror.sync(compacted(4, [behind])).added).toEqual([behind]);
    expect(mirror.chainAt(at(5))).toBe(five.chainAt(at(5)));
    expect(mirror.sync(compacted(5, [])).keptIndex).toBe(5);
    expect(mirror.lastEntry).toBeNull();
  });

  test('a log that begins where nobody has been, or further back than before', () => {
    const mirror = new LogMirror(committed);
    expect(() => mirror.sync(compacted(9, []))).toThrow('nobody applied');
    mirror.sync(compacted(3, []));
    expect(() => mirror.sync(compacted(2, []))).toThrow('backwards');
  });
});

describe('snapshot safety (7)', () => {
  const checker = () => {
    const machines = new StateMachineSafety();
    for (const index of [1, 2, 3]) machines.onApplied(A, entry(index, index), null, 10 + index);
    return { machines, snapshots: new SnapshotSafety(machines) };
  };
  const snapshot = (index: number, term: number, file = 0): Snapshot => ({
    index: at(index),
    term: of(term),
    configuration: { ...EMPTY_CONFIGURATION, voters: [A] },
    state: { file, hash: '', stampMs: 0 },
  });

  test('compactions and installs are told apart by the file', () => {
    const { snapshots } = checker();
    snapshots.onDurable(A, snapshot(2, 2));
    snapshots.onDurable(A, snapshot(3, 3));
    snapshots.onDurable(B, snapshot(3, 3, 1));
    expect([snapshots.compactions, snapshots.installs]).toEqual([2, 1]);
  });

  test('one of entries that nobody applied, of another term, or further back', () => {
    const { snapshots } = checker();
    expect(() => snapshots.onDurable(A, snapshot(4, 4))).toThrow('nobody applied');
    expect(() => snapshots.onDurable(A, snapshot(3, 2))).toThrow('of term 2');
    snapshots.onDurable(A, snapshot(3, 3));
    expect(() => snapshots.onDurable(A, snapshot(2, 2))).toThrow('goes back');
  });

  test('a state that entries up to its index do not make', () => {
    const { machines } = checker();
    machines.onState(B, at(2), 12);
    expect(() => machines.onState(B, at(2), 13)).toThrow('states of');
    expect(() => machines.onState(B, at(4), 14)).toThrow('nobody is');
    machines.onState(B, at(0), 99);
  });
});

describe('leader completeness (5.4.3)', () => {
  const three = mirrorOf(entry(1, 1), entry(2, 1), entry(3, 1));
  const other = mirrorOf(entry(1, 1), entry(2, 2), entry(3, 2));
  const committed = () => {
    const checker = new LeaderCompleteness();
    checker.onLeaderCommit(A, of(1), at(2), three.chainAt(at(2)) ?? 0);
    return checker;
  };

  test('later leaders have what was committed', () => {
    const checker = committed();
    expect(checker.committedIndex).toBe(2);
    checker.onElected(B, of(2), (index) => three.chainAt(index));
    checker.onCommit(B, at(2), (index) => three.chainAt(index));
  });

  test('a leader of an earlier term, elected late, need not have it', () => {
    committed().onElected(B, of(1), (index) => other.chainAt(index));
  });

  test('a later leader without it', () => {
    const short = mirrorOf(entry(1, 1));
    for (const log of [short, other]) {
      expect(() => committed().onElected(B, of(2), (index) => log.chainAt(index))).toThrow(
        'leader completeness',
      );
    }
  });

  test('a follower that knows more than any leader committed', () => {
    expect(() => committed().onCommit(B, at(3), (index) => three.chainAt(index))).toThrow(
      'leader completeness',
    );
  });

  test('a server that takes another log for committed', () => {
    const checker = committed();
    expect(() => checker.onCommit(B, at(2), (index) => other.chainAt(index))).toThrow(
      'leader completeness',
    );
    expect(() => checker.onLeaderCommit(B, of(2), at(2), other.chainAt(at(2)) ?? 0)).toThrow(
      'leader completeness',
    );
  });
});

describe('state machine safety (5.4.3)', () => {
  const executed = (byte: number) => ({
    type: 'executed' as const,
    sessionId: at(1),
    sequence: 1,
    response: new Uint8Array([byte]),
  });

  test('the same everywhere, and again after a restart', () => {
    const checker = new StateMachineSafety();
    expect(checker.onApplied(A, entry(1, 1), executed(1), 7)).toBe(true);
    expect(checker.onApplied(B, entry(1, 1), executed(1), 7)).toBe(false);
    expect(checker.onApplied(A, entry(1, 1), executed(1), 7)).toBe(false);
    expect(checker.lastIndex).toBe(1);
  });

  test('different entries at one index', () => {
    const checker = new StateMachineSafety();
    checker.onApplied(A, entry(1, 1, 1), executed(1), 7);
    expect(() => checker.onApplied(B, entry(1, 1, 2), executed(1), 7)).toThrow('5.4.3');
  });

  test('the same entry with another outcome', () => {
    const checker = new StateMachineSafety();
    checker.onApplied(A, entry(1, 1), executed(1), 7);
    expect(() => checker.onApplied(B, entry(1, 1), executed(2), 7)).toThrow('different outcomes');
  });

  test('the same outcome with another state', () => {
    const checker = new StateMachineSafety();
    checker.onApplied(A, entry(1, 1), executed(1), 7);
    expect(() => checker.onApplied(B, entry(1, 1), executed(1), 8)).toThrow('states of');
  });

  test('another state where the first could not be looked at', () => {
    const checker = new StateMachineSafety();
    checker.onApplied(A, entry(1, 1), executed(1), null);
    expect(checker.onApplied(B, entry(1, 1), executed(1), null)).toBe(false);
    checker.onState(B, at(1), 7);
    checker.onApplied(A, entry(1, 1), executed(1), 7);
    expect(() => checker.onState(A, at(1), 8)).toThrow('states of');
  });

  test('of a database that a fault changed, the entries count alone', () => {
    const checker = new StateMachineSafety();
    expect(checker.onApplied(A, entry(1, 1), executed(9), 9, true)).toBe(false);
    expect(checker.chainAt(at(1))).not.toBeNull();
    expect(checker.onApplied(B, entry(1, 1), executed(1), 7)).toBe(true);
    expect(() => checker.onApplied(A, entry(1, 2), executed(9), 9, true)).toThrow('different');
  });

  test('an entry left out', () => {
    const checker = new StateMachineSafety();
    expect(() => checker.onApplied(A, entry(2, 1), null, 7)).toThrow('state machine safety');
  });
});
