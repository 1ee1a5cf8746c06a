import { describe, expect, it } from 'vitest';
import { RUNTIME_LIMITS, type RuntimeLimits } from '../../src/node/limits.ts';
import type { NodeMessage } from '../../src/node/messages.ts';
import { SnapshotExchange } from '../../src/node/snapshot-exchange.ts';
import type { InstallSnapshot } from '../../src/raft/messages.ts';
import type { Raft } from '../../src/raft/raft.ts';
import type { NodeId, ReadRequestId } from '../../src/raft/types.ts';
import { A, B, bytes, configuration, core, elect, index, seededRandom } from '../raft/fixtures.ts';
import { MemoryMachine } from './memory-machine.ts';

const LIMITS: RuntimeLimits = {
  ...RUNTIME_LIMITS,
  snapshotChunkBytes: 4,
  snapshotWindowChunks: 2,
  snapshotResendMs: 100,
  snapshotGiveUpMs: 1_000,
};
const BOTH = configuration([A], [], [B]);
const ENTRIES = 40;

/** One server: a core, a state machine that answers when told to, and its exchange. */
class Side {
  readonly raft: Raft;
  readonly stateMachine = new MemoryMachine();
  readonly exchange: SnapshotExchange;
  readonly failures: string[] = [];
  isTrusted = true;

  constructor(raft: Raft, send: (message: NodeMessage) => void, now: () => number) {
    this.raft = raft;
    this.exchange = new SnapshotExchange({
      raft,
      stateMachine: this.stateMachine,
      limits: LIMITS,
      lastStampMs: () => 7,
      isTrusted: () => this.isTrusted,
      isMachineIdle: () => !raft.isStateMachineBusy,
      send,
      onFailed: (reason) => this.failures.push(reason),
      input: (step) => step(now()),
    });
  }
}

/** A leads alone and has compacted its log; B is a learner with nothing. */
class Bench {
  nowMs = 0;
  readonly wire: NodeMessage[] = [];
  /** Chunks and answers that were sent. */
  readonly traffic: NodeMessage[] = [];
  /** False: the message is lost. */
  passes: (message: NodeMessage) => boolean = () => true;
  connected = true;
  readonly leader: Side;
  follower: Side;

  constructor() {
    const limits = { maxApplyEntries: 100, maxApplyBytes: 100_000, maxUncommittedBytes: 100_000 };
    const raft = elect(core({ configuration: BOTH, limits }));
    this.leader = new Side(raft, this.#send, this.#now);
    this.follower = this.newFollower();
    for (let i = 0; i < ENTRIES; i += 1) raft.propose([bytes(1)]);
    this.connected = false;
    this.turn();
    this.turn();
    raft.compact(index(raft.appliedIndex - 2), { file: 0, hash: '', stampMs: 0 });
    this.turn();
    this.connected = true;
    this.wire.length = 0;
    this.traffic.length = 0;
  }

  newFollower(): Side {
    const raft = core({ nodeId: B, entries: [] });
    return new Side(raft, this.#send, this.#now);
  }

  readonly #now = (): number => this.nowMs;
  readonly #send = (message: NodeMessage): void => {
    if (message.type.startsWith('install')) this.traffic.push(message);
    this.wire.push(message);
  };

  /** What is on the wire arrives, everybody does what is ready, and state machines answer. */
  turn(): void {
    this.nowMs += 10;
    for (const message of this.wire.splice(0)) {
      if (this.connected && this.passes(message)) this.#deliver(message);
    }
    for (const side of [this.leader, this.follower]) this.#work(side);
  }

  turnUntil(condition: () => boolean): void {
    for (let turns = 0; !condition(); turns += 1) {
      if (turns > 5_000) throw new Error('it never comes true');
      this.turn();
    }
  }

  get chunks(): InstallSnapshot[] {
    return this.traffic.filter((message) => message.type === 'install-snapshot');
  }

  #deliver(message: NodeMessage): void {
    const { raft, exchange } = message.to === A ? this.leader : this.follower;
    const isOfSnapshots =
      message.type === 'install-snapshot' ||
      message.type === 'install-snapshot-response' ||
      message.type === 'snapshot-request';
    if (isOfSnapshots) exchange.receive(message, this.nowMs);
    else if ('term' in message && message.type !== 'announce') raft.step(message);
  }

  #work({ raft, stateMachine, exchange }: Side): void {
    raft.tick(this.nowMs);
    exchange.install();
    for (let ready = raft.ready(); ready !== null; ready = raft.ready()) {
      this.wire.push(...ready.messages);
      if (ready.record !== null) {
        raft.recordDurable();
        this.wire.push(...ready.messagesAfterRecord);
      }
      const last = ready.committedEntries.at(-1);
      for (const entry of ready.committedEntries) stateMachine.applied.push(entry.index);
      if (last !== undefined) raft.applied(last.index);
      if (ready.snapshot !== null) {
        stateMachine.restore(ready.snapshot.state.file, () => raft.restored());
      }
    }
    const connected = new Set<NodeId>(this.connected ? [A, B] : []);
    exchange.check(this.nowMs, connected);
    stateMachine.settle();
  }
}

const isCaughtUp =
  ({ leader, follower }: Bench) =>
  (): boolean =>
    follower.raft.appliedIndex === leader.raft.lastIndex;

describe('paper Figure 13: a follower behind the log’s beginning', () => {
  it('is sent the state in chunks, and goes on behind it', () => {
    const bench = new Bench();
    bench.turnUntil(isCaughtUp(bench));
    expect(bench.follower.stateMachine.applied).toEqual(bench.leader.stateMachine.applied);
    const offsets = bench.chunks.filter(({ data }) => data.length > 0).map(({ offset }) => offset);
    const expected = Array.from({ length: Math.ceil(42 / 4) }, (_, i) => i * 4);
    expect(offsets).toEqual(expected.slice(0, offsets.length));
    expect(bench.follower.raft.snapshot?.state).toMatchObject({ file: 1, stampMs: 7 });
    bench.turnUntil(() => bench.leader.raft.progress(B)?.state === 'replicate');
    bench.turnUntil(() => !bench.leader.stateMachine.isOpen);
    expect([bench.leader.failures, bench.follower.failures]).toEqual([[], []]);
  });

  it('has at most a window of chunks under way', () => {
    const bench = new Bench();
    let most = 0;
    let acknowledged = 0;
    bench.passes = (message) => {
      if (message.type === 'install-snapshot-response') {
        acknowledged = Math.max(acknowledged, message.offset);
      }
      if (message.type === 'install-snapshot') {
        most = Math.max(most, message.offset + message.data.length - acknowledged);
      }
      return true;
    };
    bench.turnUntil(isCaughtUp(bench));
    const window = LIMITS.snapshotChunkBytes * LIMITS.snapshotWindowChunks;
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(window);
  });

  it('asks for nothing twice but what was lost', () => {
    const bench = new Bench();
    let lost = 0;
    bench.passes = (message) => {
      const isThird = message.type === 'install-snapshot' && message.offset === 8;
      if (!isThird || lost > 0) return true;
      lost += 1;
      return false;
    };
    bench.turnUntil(isCaughtUp(bench));
    expect(lost).toBe(1);
    const first = bench.chunks.filter(({ offset, data }) => offset === 0 && data.length > 0);
    expect(first).toHaveLength(1);
  });

  it('over a link slower than its patience next to nothing is sent again', () => {
    const bench = new Bench();
    const queue: InstallSnapshot[] = [];
    const turnsPerChunk = 2 + LIMITS.snapshotResendMs / 10;
    for (let turns = 1; !isCaughtUp(bench)(); turns += 1) {
      if (turns > 5_000) throw new Error('it never arrives');
      for (const message of bench.wire.splice(0)) {
        if (message.type === 'install-snapshot') queue.push(message);
        else bench.wire.push(message);
      }
      // A question takes no time, a chunk takes many turns, and all keep their order.
      while (queue[0]?.data.length === 0) bench.wire.push(...queue.splice(0, 1));
      if (turns % turnsPerChunk === 0) bench.wire.push(...queue.splice(0, 1));
      bench.turn();
    }
    const offsets = bench.chunks.filter(({ data }) => data.length > 0).map(({ offset }) => offset);
    expect(offsets.length).toBeLessThanOrEqual(new Set(offsets).size + LIMITS.snapshotWindowChunks);
  });

  it('every message may be lost now and then', () => {
    for (let seed = 1; seed < 20; seed += 1) {
      const bench = new Bench();
      const random = seededRandom(seed);
      bench.passes = () => random() > 0.3;
      bench.turnUntil(isCaughtUp(bench));
      expect(bench.follower.stateMachine.applied).toEqual(bench.leader.stateMachine.applied);
    }
  });

  it('goes on where it was when the link is made anew', () => {
    const bench = new Bench();
    bench.turnUntil(() => (bench.follower.stateMachine.stagedBytes ?? 0) >= 20);
    const { length } = bench.chunks;
    bench.connected = false;
    for (let i = 0; i < 20; i += 1) bench.turn();
    bench.leader.raft.linkReset(B);
    bench.connected = true;
    bench.turnUntil(isCaughtUp(bench));
    // The copy was closed meanwhile, but it is still of the same state: nothing begins anew.
    const again = bench.chunks.slice(length).filter(({ data }) => data.length > 0);
    expect(again[0]?.offset).toBeGreaterThanOrEqual(20);
  });

  it('what is staged is given up where it is of no use any more', () => {
    const bench = new Bench();
    bench.turnUntil(() => (bench.follower.stateMachine.stagedBytes ?? 0) >= 20);
    bench.connected = false;
    const { raft, exchange, stateMachine } = bench.follower;
    const described = bench.leader.raft.describeSnapshot(bench.leader.raft.appliedIndex);
    if (described === null) throw new Error('nothing is applied');
    // As if the entries had come some other way.
    raft.installSnapshot({ ...described, state: { file: 9, hash: '', stampMs: 0 } });
    exchange.install();
    expect([exchange.receiveProgress, stateMachine.stagedBytes]).toEqual([null, null]);
  });

  it('a follower that crashed begins anew', () => {
    const bench = new Bench();
    bench.turnUntil(() => (bench.follower.stateMachine.stagedBytes ?? 0) >= 20);
    bench.follower = bench.newFollower();
    bench.leader.raft.linkReset(B);
    bench.turnUntil(isCaughtUp(bench));
    expect(bench.follower.stateMachine.applied).toEqual(bench.leader.stateMachine.applied);
  });

  it('bytes that were garbled are staged again from the start', () => {
    const bench = new Bench();
    let garbled = 0;
    bench.passes = (message) => {
      if (message.type === 'install-snapshot' && message.offset === 4 && garbled === 0) {
        garbled += 1;
        message.data[0] = 0xff;
      }
      return true;
    };
    bench.turnUntil(isCaughtUp(bench));
    expect(garbled).toBe(1);
    expect(bench.follower.stateMachine.calls.filter((call) => call === 'beginStage')).toHaveLength(
      2,
    );
    expect(bench.follower.stateMachine.applied).toEqual(bench.leader.stateMachine.applied);
  });

  it('the log is kept for it meanwhile', () => {
    const bench = new Bench();
    bench.turnUntil(() => (bench.follower.stateMachine.stagedBytes ?? 0) >= 8);
    const held = bench.leader.exchange.heldFrom(new Set([A, B]));
    expect(held).toBeLessThanOrEqual(bench.leader.raft.appliedIndex);
    expect(held).toBeGreaterThanOrEqual(bench.leader.raft.firstIndex - 1);
    bench.turnUntil(() => !bench.leader.stateMachine.isOpen);
    expect(bench.leader.exchange.heldFrom(new Set())).toBe(Infinity);
  });

  it('a node whose state is not to be trusted sends it to nobody', () => {
    const bench = new Bench();
    bench.leader.isTrusted = false;
    for (let i = 0; i < 50; i += 1) bench.turn();
    expect(bench.chunks).toEqual([]);
    expect(bench.leader.stateMachine.isOpen).toBe(false);
  });

  it('what was being read when a newer term began is not sent as a leader of that term', () => {
    const bench = new Bench();
    const { raft, stateMachine } = bench.leader;
    bench.turnUntil(() => (bench.follower.stateMachine.stagedBytes ?? 0) >= 8);
    const settle = stateMachine.settle.bind(stateMachine);
    stateMachine.settle = () => undefined;
    bench.turnUntil(() => stateMachine.pending.length > 0);
    expect(stateMachine.calls.at(-1)).toBe('readSnapshot');
    const before = bench.chunks.length;
    const term = (raft.term + 1) as typeof raft.term;
    raft.step({
      type: 'read-index-request',
      from: B,
      to: A,
      term,
      requestId: 1 as ReadRequestId,
      confirm: true,
    });
    expect([raft.role, raft.term]).toEqual(['follower', term]);
    settle();
    expect(bench.chunks).toHaveLength(before);
  });

  it('who leads no more sends nothing more', () => {
    const bench = new Bench();
    bench.turnUntil(() => (bench.follower.stateMachine.stagedBytes ?? 0) >= 8);
    bench.leader.raft.resign();
    bench.leader.exchange.check(bench.nowMs, new Set([A, B]));
    expect(bench.leader.stateMachine.isOpen).toBe(false);
    const { length } = bench.chunks;
    bench.leader.exchange.check(bench.nowMs + 10_000, new Set([A, B]));
    expect(bench.chunks).toHaveLength(length);
  });
});

describe('a follower that asks, since its state is lost', () => {
  it('is sent one though its log is whole, no older than it asks for', () => {
    const bench = new Bench();
    bench.turnUntil(isCaughtUp(bench));
    bench.turnUntil(() => !bench.leader.stateMachine.isOpen);
    const { raft } = bench.follower;
    raft.suspendApply();
    const atLeast = raft.appliedIndex;
    bench.wire.push({ type: 'snapshot-request', from: B, to: A, atLeast });
    bench.turnUntil(() => !raft.isApplySuspended);
    expect(raft.snapshot?.index).toBeGreaterThanOrEqual(atLeast);
    expect(raft.snapshot?.state.file).toBe(2);
    bench.leader.raft.propose([bytes(1)]);
    bench.turnUntil(isCaughtUp(bench));
  });
});
