import { describe, expect, it } from 'vitest';
import { BuildWatch } from '../../src/node/build-watch.ts';
import { encodeCommand } from '../../src/node/command.ts';
import type { LogIndex, NodeId, Term } from '../../src/raft/types.ts';
import { A, B, C, configuration } from '../raft/fixtures.ts';

const SILENCE_MS = 1_000;

/** The log is a list of builds, each adopted by the entry there; '' is another entry. */
class Bench {
  readonly raft = {
    nodeId: A,
    role: 'leader' as 'leader' | 'follower',
    term: 3 as Term,
    appliedIndex: 0 as LogIndex,
    commitIndex: 0 as LogIndex,
    lastIndex: 0 as LogIndex,
    configuration: configuration([A, B, C]),
    entryAt: (index: LogIndex) => {
      const build = this.log[index - 1];
      if (build === undefined || build === '') return null;
      const data = encodeCommand({ type: 'adopt-build', stampMs: 1, build });
      return { type: 'command', index, term: 1 as Term, data } as const;
    },
    transferLeadership: (to: NodeId | null) => {
      this.transferred.push(to);
      return 'started' as const;
    },
  };
  readonly log: readonly string[];
  readonly transferred: (NodeId | null)[] = [];
  readonly proposed: string[] = [];
  readonly builds = new Map<NodeId, string>();
  readonly contacts = new Map<NodeId, number>();
  readonly quarantined = new Set<NodeId>();
  isTaken = true;
  readonly watch: BuildWatch;

  constructor(own: string, adopted: string, log: readonly string[] = [], committed = log.length) {
    this.log = log;
    this.raft.commitIndex = committed as LogIndex;
    this.raft.lastIndex = log.length as LogIndex;
    this.watch = new BuildWatch({
      build: { own, adopted: { build: adopted, goesOn: false } },
      raft: this.raft,
      intervalMs: 100,
      voterSilenceMs: SILENCE_MS,
      hearsay: {
        contactMs: (id) => this.contacts.get(id) ?? null,
        buildOf: (id) => this.builds.get(id) ?? null,
        isQuarantined: (id) => this.quarantined.has(id),
      },
      proposals: {
        adoptBuild: (build) => {
          if (this.isTaken) this.proposed.push(build);
          return this.isTaken;
        },
      },
    });
  }

  hear(b: string, c: string): this {
    this.builds.set(B, b).set(C, c);
    return this;
  }
}

describe('an adoption', () => {
  it('is proposed once, as soon as every voter is heard and has the leader’s build', () => {
    const bench = new Bench('2', '1');
    bench.watch.check(1);
    bench.builds.set(B, '2');
    bench.watch.check(2);
    bench.hear('2', '1').watch.check(3);
    expect(bench.proposed).toEqual([]);
    bench.isTaken = false;
    bench.hear('2', '2').watch.check(4);
    bench.isTaken = true;
    bench.watch.check(5);
    bench.watch.check(6);
    expect(bench.proposed).toEqual(['2']);
  });

  it.each([
    ['the state has come to it', '2', []],
    ['it is in the log and not committed', '1', ['', '2']],
  ])('is not proposed where %s', (_, adopted, log) => {
    const bench = new Bench('2', adopted, log, 0).hear('2', '2');
    bench.watch.check(1);
    expect(bench.proposed).toEqual([]);
  });

  it('is proposed again by the leader of a later term where it was lost', () => {
    const bench = new Bench('2', '1').hear('2', '2');
    bench.watch.check(1);
    bench.raft.term = 4 as Term;
    bench.watch.check(2);
    bench.raft.role = 'follower';
    bench.raft.term = 5 as Term;
    bench.watch.check(3);
    expect(bench.proposed).toEqual(['2', '2']);
  });

  it('by an outdated leader does not wait for a voter that stays away', () => {
    const bench = new Bench('1', '2');
    bench.builds.set(B, '1');
    bench.contacts.set(C, 500);
    bench.watch.check(100);
    bench.watch.check(500 + SILENCE_MS - 1);
    expect(bench.proposed).toEqual([]);
    bench.watch.check(500 + SILENCE_MS);
    expect(bench.proposed).toEqual(['1']);
  });

  it.each([
    ['one that is not outdated', '2', '1', null],
    ['an outdated one where that voter is heard with another build', '1', '2', '3'],
  ])('does wait for it by %s', (_, own, adopted, heard) => {
    const bench = new Bench(own, adopted);
    bench.builds.set(B, own);
    if (heard !== null) bench.builds.set(C, heard);
    bench.watch.check(1);
    bench.watch.check(10 * SILENCE_MS);
    expect(bench.proposed).toEqual([]);
  });

  it('by a leader that never heard a voter waits from when it began to lead', () => {
    const bench = new Bench('1', '2');
    bench.builds.set(B, '1');
    bench.watch.check(5_000);
    expect(bench.proposed).toEqual([]);
    bench.watch.check(5_000 + SILENCE_MS);
    expect(bench.proposed).toEqual(['1']);
  });
});

describe('a node is outdated', () => {
  it.each([
    ['whose state has come to a later build', '1', '2', [], true],
    ['not where its own build is later', '3', '2', [], false],
    ['whose next entry is for a later build', '1', '1', ['2'], true],
    ['not yet where others come before that', '1', '1', ['', '2'], false],
    ['not where the log comes back to its build', '1', '2', ['', '3', '1'], false],
    ['where the log goes on from there to a later one', '1', '1', ['2', '', '3'], true],
    ['not where builds are not told apart', '', '2', ['3'], false],
  ])('%s', (_, own, adopted, log, isOutdated) => {
    const { watch } = new Bench(own, adopted, log);
    expect(watch.isOutdated()).toBe(isOutdated);
  });

  it('only by what is committed', () => {
    const bench = new Bench('1', '1', ['2'], 0);
    expect(bench.watch.barrier()).toBe(Infinity);
    bench.raft.commitIndex = 1 as LogIndex;
    expect(bench.watch.barrier()).toBe(1);
    expect(bench.watch.status).toEqual({ own: '1', adopted: '2', outdated: true });
  });

  it('and hands over to a voter that is up to date, at intervals', () => {
    const bench = new Bench('1', '2').hear('1', '3');
    bench.quarantined.add(C);
    bench.watch.check(1);
    expect(bench.transferred).toEqual([]);
    bench.quarantined.clear();
    bench.watch.check(50);
    bench.watch.check(101);
    bench.watch.check(150);
    expect(bench.transferred).toEqual([C]);
  });
});
