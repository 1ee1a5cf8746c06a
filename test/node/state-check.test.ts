import { describe, expect, it } from 'vitest';
import type { NodeMessage } from '../../src/node/messages.ts';
import { StateChecks } from '../../src/node/state-check.ts';
import { MAX_OPEN_STATE_CHECKS } from '../../src/node/limits.ts';
import type { NodeId } from '../../src/raft/types.ts';
import { A, B, C, D, configuration, core, elect, index } from '../raft/fixtures.ts';

const INTERVAL_MS = 30_000;

class Bench {
  readonly raft = elect(core());
  readonly sent: NodeMessage[] = [];
  readonly deviant: number[] = [];
  readonly diverged: number[] = [];
  proposed = 0;
  away: NodeId | null = null;
  readonly checks = new StateChecks({
    raft: this.raft,
    intervalMs: INTERVAL_MS,
    send: (message) => this.sent.push(message),
    propose: () => {
      this.proposed += 1;
      return true;
    },
    onDeviant: (at) => this.deviant.push(at),
    onDiverged: (at) => this.diverged.push(at),
    isAwaited: (voter) => voter !== this.away,
  });

  hear(from: NodeId, at: number, hash: string): void {
    this.checks.onStateHash({ type: 'state-hash', from, to: A, index: index(at), hash });
  }
}

describe('a state check', () => {
  it('is put into the log by the leader, once an interval', () => {
    const bench = new Bench();
    bench.checks.check(1_000);
    expect(bench.checks.nextDeadlineMs()).toBe(1_000 + INTERVAL_MS);
    bench.checks.check(1_000 + INTERVAL_MS - 1);
    expect(bench.proposed).toBe(0);
    bench.checks.check(1_000 + INTERVAL_MS);
    expect(bench.proposed).toBe(1);
  });

  it('is told to all other members by everybody who applied it', () => {
    const bench = new Bench();
    bench.checks.onChecked(index(7), 'aa');
    expect(bench.sent).toEqual([
      { type: 'state-hash', from: A, to: B, index: 7, hash: 'aa' },
      { type: 'state-hash', from: A, to: C, index: 7, hash: 'aa' },
    ]);
  });

  it('a strict majority decides: a node that has something else is deviant', () => {
    const bench = new Bench();
    bench.hear(B, 7, 'bb');
    bench.checks.onChecked(index(7), 'aa');
    expect(bench.deviant).toEqual([]);
    bench.hear(C, 7, 'bb');
    expect([bench.deviant, bench.diverged]).toEqual([[7], []]);
  });

  it('who applies the entry last learns it at once', () => {
    const bench = new Bench();
    bench.hear(B, 7, 'bb');
    bench.hear(C, 7, 'bb');
    bench.checks.onChecked(index(7), 'aa');
    expect(bench.deviant).toEqual([7]);
  });

  it('a state that was replaced is not judged any more, however late the others’ hashes come', () => {
    const bench = new Bench();
    bench.checks.onChecked(index(7), 'aa');
    bench.hear(B, 7, 'bb');
    bench.checks.onRestored();
    bench.hear(C, 7, 'bb');
    bench.hear(B, 7, 'bb');
    expect([bench.deviant, bench.diverged]).toEqual([[], []]);
  });

  it('somebody else’s deviation is not this node’s business', () => {
    const bench = new Bench();
    bench.checks.onChecked(index(7), 'aa');
    bench.hear(B, 7, 'aa');
    bench.hear(C, 7, 'cc');
    expect([bench.deviant, bench.diverged, bench.checks.agreed]).toEqual([[], [], 0]);
  });

  it('where no hash can reach a majority any more, the states have diverged', () => {
    const bench = new Bench();
    bench.checks.onChecked(index(7), 'aa');
    bench.hear(B, 7, 'bb');
    expect(bench.diverged).toEqual([]);
    bench.hear(C, 7, 'cc');
    expect([bench.deviant, bench.diverged]).toEqual([[], [7]]);
  });

  it('different slices are not compared, and strangers do not vote', () => {
    const bench = new Bench();
    bench.checks.onChecked(index(7), 'aa');
    bench.hear(B, 8, 'bb');
    bench.hear(C, 8, 'bb');
    bench.hear(D, 7, 'dd');
    expect([bench.deviant, bench.diverged]).toEqual([[], []]);
  });

  it('what a majority had stays right, though a node applies the check again to another state', () => {
    const bench = new Bench();
    bench.checks.onChecked(index(7), 'aa');
    bench.hear(B, 7, 'bb');
    bench.hear(C, 7, 'aa');
    bench.hear(C, 7, 'cc');
    expect([bench.deviant, bench.diverged]).toEqual([[], []]);
    bench.checks.onChecked(index(7), 'dd');
    expect([bench.deviant, bench.diverged]).toEqual([[7], []]);
  });

  it('of those that most members have answered the newest is shown', () => {
    const bench = new Bench();
    expect(bench.checks.bestKnown).toBeNull();
    bench.hear(B, 7, 'aa');
    bench.checks.onChecked(index(7), 'aa');
    bench.hear(C, 7, 'cc');
    bench.checks.onChecked(index(9), 'dd');
    expect(bench.checks.bestKnown).toEqual({
      index: 7,
      hashes: [
        { nodeId: B, hash: 'aa' },
        { nodeId: A, hash: 'aa' },
        { nodeId: C, hash: 'cc' },
      ],
    });
    bench.hear(B, 9, 'dd');
    bench.hear(C, 9, 'dd');
    expect(bench.checks.bestKnown?.index).toBe(9);
  });

  it('a copy of an answer counts once', () => {
    const bench = new Bench();
    bench.checks.onChecked(index(7), 'aa');
    bench.hear(B, 7, 'bb');
    bench.hear(B, 7, 'bb');
    expect(bench.deviant).toEqual([]);
  });

  it('of a round follows on the answers to the one before, of all who are heard', () => {
    const bench = new Bench();
    const { checks } = bench;
    checks.check(1_000);
    checks.goesOn = true;
    checks.check(1_001);
    checks.check(1_002);
    expect(bench.proposed).toBe(1);
    checks.onChecked(index(7), 'aa');
    bench.hear(B, 7, 'aa');
    checks.check(1_003);
    expect(bench.proposed).toBe(1);
    bench.hear(C, 7, 'aa');
    checks.check(1_004);
    expect(bench.proposed).toBe(2);

    bench.away = C;
    checks.onChecked(index(8), 'aa');
    checks.check(1_005);
    expect(bench.proposed).toBe(2);
    bench.hear(B, 8, 'aa');
    checks.check(1_006);
    expect(bench.proposed).toBe(3);

    checks.goesOn = false;
    checks.onChecked(index(9), 'aa');
    bench.hear(B, 9, 'aa');
    checks.check(1_007);
    expect(bench.proposed).toBe(3);
    checks.check(1_006 + INTERVAL_MS);
    expect(bench.proposed).toBe(4);
  });

  it('only the latest ones are remembered', () => {
    const bench = new Bench();
    bench.hear(B, 1, 'bb');
    for (let at = 2; at <= MAX_OPEN_STATE_CHECKS + 1; at += 1) bench.hear(B, at, 'bb');
    bench.hear(C, 1, 'bb');
    bench.checks.onChecked(index(1), 'aa');
    expect(bench.deviant).toEqual([]);
  });

  it('a learner that differs from the voters is deviant as well', () => {
    const raft = core({ configuration: configuration([B, C, D], [], [A]) });
    const deviant: number[] = [];
    const checks = new StateChecks({
      raft,
      intervalMs: INTERVAL_MS,
      send: () => undefined,
      propose: () => false,
      onDeviant: (at) => deviant.push(at),
      onDiverged: () => undefined,
      isAwaited: () => true,
    });
    checks.onChecked(index(7), 'aa');
    for (const from of [B, C]) {
      checks.onStateHash({ type: 'state-hash', from, to: A, index: index(7), hash: 'bb' });
    }
    expect(deviant).toEqual([7]);
  });
});
