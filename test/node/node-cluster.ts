/**
 * A few production runtimes in one virtual time, over a network that only delays and blocks, with
 * disks that never fail: for tests of who belongs and who votes. The simulator is for everything else.
 */

import { RUNTIME_LIMITS, type RuntimeLimits } from '../../src/node/limits.ts';
import { foundingRecord } from '../../src/node/membership.ts';
import type { AdministrationOutcome } from '../../src/node/administration.ts';
import type { Administration, Admission, NodeMessage } from '../../src/node/messages.ts';
import { Node } from '../../src/node/node.ts';
import type { StopCode } from '../../src/node/node-options.ts';
import type { CommandOutcome } from '../../src/node/command.ts';
import type { LoadedLog, SnapshotOutcome, StateMachine } from '../../src/node/ports.ts';
import { membersOf } from '../../src/raft/configuration.ts';
import type {
  Configuration,
  Entry,
  LogIndex,
  LogRecord,
  NodeId,
  Term,
} from '../../src/raft/types.ts';

const LATENCY_MS = 5;
const WRITE_MS = 2;

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

export interface Member {
  readonly nodeId: NodeId;
  readonly profileId: string;
  readonly key: string;
  /** What it proves to whoever it links with. */
  admission: Admission;
  node: Node | null;
  log: LoadedLog;
  appliedIndex: LogIndex;
  stopped: { readonly code: StopCode; readonly reason: string } | null;
  /** Who may have a link, as its transport was told last. */
  access: { readonly configuration: Configuration; readonly committedIndex: LogIndex } | null;
}

const EMPTY_LOG: LoadedLog = {
  hardState: { term: 0 as Term, votedFor: null },
  snapshot: null,
  entries: [],
};

export function nodeIdOf(number: number): NodeId {
  return `node${'a'.repeat(8)}${'abcdefghijklmnopqrstuvwxyz'[number] ?? 'z'}` as NodeId;
}

export class NodeCluster {
  nowMs = 0;
  readonly members: Member[] = [];
  /** Everything that was sent, delivered or not. */
  readonly sent: NodeMessage[] = [];
  readonly #limits: RuntimeLimits;
  readonly #blocked = new Set<NodeId>();
  #timers: Timer[] = [];
  /** What frozen nodes have not got to see yet, in order. */
  readonly #heldByNode = new Map<NodeId, (() => void)[]>();
  #order = 0;
  readonly #random = randomOf(12_345);

  /** Nodes 0 to count - 1, in the profiles given ('' for unknown), grown and at rest. */
  constructor(profiles: readonly string[], limits: Partial<RuntimeLimits> = {}) {
    this.#limits = { ...RUNTIME_LIMITS, ...limits };
    for (const profile of profiles) this.add(profile);
    this.passMs(20_000);
  }

  /**
   * A new node, started; the first founds, others ask it, or `contacts`, to be taken in: the first of
   * them speaks for it unless it has another `admission`.
   */
  add(
    profileId: string,
    contacts: readonly NodeId[] = [nodeIdOf(0)],
    admission: Admission = { type: 'voucher', by: contacts[0] ?? nodeIdOf(0) },
  ): Member {
    const number = this.members.length;
    const nodeId = nodeIdOf(number);
    const key = `key${number}`;
    const founded = foundingRecord(nodeId, '', key);
    const log = number === 0 ? afterRecord(EMPTY_LOG, founded) : EMPTY_LOG;
    const member = {
      nodeId,
      profileId,
      key,
      admission,
      node: null,
      log,
      appliedIndex: 0 as LogIndex,
      stopped: null,
      access: null,
    } satisfies Member;
    this.members.push(member);
    this.start(member, number === 0 ? [] : contacts);
    return member;
  }

  start(member: Member, contacts: readonly NodeId[] = []): void {
    member.stopped = null;
    const node = new Node({
      clusterId: 'cluster',
      nodeId: member.nodeId,
      loaded: member.log,
      appliedIndex: member.appliedIndex,
      quarantined: false,
      contacts,
      profileId: member.profileId,
      key: member.key,
      ports: {
        logStore: {
          append: (record, done) => {
            this.#after(WRITE_MS, () => {
              if (member.node !== node) return;
              member.log = afterRecord(member.log, record);
              done(null);
            });
          },
        },
        stateMachine: stateMachine((entries, done) => {
          this.#after(1, () => {
            if (member.node !== node) return;
            member.appliedIndex = entries.at(-1)?.index ?? member.appliedIndex;
            done(outcomesOf(entries));
          });
        }),
        transport: {
          send: (message) => this.#send(message),
          setPeers: () => undefined,
          flush: () => undefined,
          setAccess: (configuration, committedIndex) => {
            member.access = { configuration, committedIndex };
          },
        },
        clock: {
          now: () => this.nowMs,
          wallClock: () => this.nowMs,
          setTimer: (delayMs, callback) => {
            let isLive = true;
            this.#after(delayMs, () => {
              this.#unlessFrozen(member, () => {
                if (isLive && member.node === node) callback();
              });
            });
            return () => {
              isLive = false;
            };
          },
          random: this.#random,
        },
      },
      limits: this.#limits,
      onStopped: (code, reason) => {
        member.stopped = { code, reason };
        this.#detach(member);
      },
    });
    member.node = node;
    node.start();
    for (const other of this.members) {
      if (other !== member && this.#isLinked(other, member)) this.#link(other, member, true);
    }
  }

  crash(...members: readonly Member[]): void {
    for (const member of members) this.#detach(member);
  }

  /** Asks through `member`, waits for the answer, and for its effects. */
  administer(member: Member, administration: Administration): AdministrationOutcome {
    const outcomes: AdministrationOutcome[] = [];
    this.nodeOf(member).administer(administration, null, (outcome) => outcomes.push(outcome));
    this.waitFor(() => outcomes.length > 0, 20_000, 'an answer');
    this.passMs(1_000);
    const [outcome, ...more] = outcomes;
    if (outcome === undefined || more.length > 0) throw new Error('not answered once');
    return outcome;
  }

  /** Cuts nodes off from everybody, or lets them back. */
  isolate(...members: readonly Member[]): void {
    for (const member of members) {
      this.#blocked.add(member.nodeId);
      for (const other of this.members) {
        if (other !== member && other.node !== null && member.node !== null) {
          this.#link(other, member, false);
        }
      }
    }
  }

  reconnect(...members: readonly Member[]): void {
    for (const member of members) {
      this.#blocked.delete(member.nodeId);
      for (const other of this.members) {
        if (other !== member && this.#isLinked(other, member)) this.#link(other, member, true);
      }
    }
  }

  /** Nothing of the node runs; what comes for it waits. */
  freeze(member: Member): void {
    this.#heldByNode.set(member.nodeId, []);
  }

  /** What came meanwhile reaches it now: messages and timers, as they came, `between` behind each. */
  thaw(member: Member, between: () => void = () => undefined): void {
    const held = this.#heldByNode.get(member.nodeId) ?? [];
    this.#heldByNode.delete(member.nodeId);
    for (const run of held) {
      run();
      between();
    }
  }

  #unlessFrozen(member: Member, run: () => void): void {
    const held = this.#heldByNode.get(member.nodeId);
    if (held === undefined) run();
    else held.push(run);
  }

  passMs(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (;;) {
      const next = this.#takeTimer(untilMs);
      if (next === null) break;
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.run();
    }
    this.nowMs = untilMs;
  }

  waitFor(condition: () => boolean, limitMs: number, what: string): void {
    const untilMs = this.nowMs + limitMs;
    while (!condition()) {
      if (this.nowMs >= untilMs) throw new Error(`${what}: not within ${limitMs} ms`);
      this.passMs(10);
    }
  }

  member(number: number): Member {
    const member = this.members[number];
    if (member === undefined) throw new RangeError(`no node ${number}`);
    return member;
  }

  nodeOf(member: Member): Node {
    if (member.node === null) throw new Error(`${member.nodeId} is down`);
    return member.node;
  }

  /** The one that leads the highest term, waiting for one. */
  leader(): Member {
    let leader: Member | null = null;
    const term = (member: Member): number => member.node?.raft.term ?? 0;
    this.waitFor(
      () => {
        const leading = this.members.filter(
          (member) => member.node?.raft.role === 'leader' && !this.#blocked.has(member.nodeId),
        );
        leader = leading.toSorted((a, b) => term(b) - term(a))[0] ?? null;
        return leader !== null;
      },
      15_000,
      'a leader',
    );
    if (leader === null) throw new Error('no leader');
    return leader;
  }

  configuration() {
    return this.nodeOf(this.leader()).raft.configuration;
  }

  voters(): readonly NodeId[] {
    return this.configuration().voters;
  }

  isMember(member: Member): boolean {
    return membersOf(this.configuration()).includes(member.nodeId);
  }

  #detach(member: Member): void {
    const { node } = member;
    member.node = null;
    if (node === null) return;
    for (const other of this.members) {
      if (other !== member) other.node?.linkChanged(member.nodeId, false);
    }
  }

  #isLinked(a: Member, b: Member): boolean {
    const isCut = this.#blocked.has(a.nodeId) || this.#blocked.has(b.nodeId);
    return a.node !== null && b.node !== null && !isCut;
  }

  #link(a: Member, b: Member, connected: boolean): void {
    a.node?.linkChanged(b.nodeId, connected);
    b.node?.linkChanged(a.nodeId, connected);
  }

  #send(sent: NodeMessage): void {
    const message = this.#asProved(sent);
    this.sent.push(message);
    const from = this.members.find((member) => member.nodeId === message.from);
    const to = this.members.find((member) => member.nodeId === message.to);
    if (from === undefined || to === undefined || !this.#isLinked(from, to)) return;
    const receiver = to.node;
    this.#after(LATENCY_MS, () => {
      if (to.node !== receiver || !this.#isLinked(from, to)) return;
      this.#unlessFrozen(to, () => receiver?.receive(message));
    });
  }

  /** TR6: what a node says of itself when it asks to join is what it proved. */
  #asProved(message: NodeMessage): NodeMessage {
    if (message.type !== 'join-request' || message.from !== message.nodeId) return message;
    const sender = this.members.find(({ nodeId }) => nodeId === message.from);
    if (sender === undefined) return message;
    return { ...message, key: sender.key, admission: sender.admission };
  }

  #after(delayMs: number, run: () => void): void {
    this.#order += 1;
    this.#timers.push({ atMs: this.nowMs + delayMs, order: this.#order, run });
  }

  #takeTimer(untilMs: number): Timer | null {
    let next: Timer | null = null;
    for (const timer of this.#timers) {
      if (timer.atMs > untilMs) continue;
      if (next === null || timer.atMs < next.atMs) next = timer;
    }
    if (next !== null) this.#timers = this.#timers.filter((timer) => timer !== next);
    return next;
  }
}

/** Whole numbers below a bound, the same for the same seed. */
export function randomOf(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state * 48_271) % 2_147_483_647;
    return Math.floor((state / 2_147_483_647) * bound);
  };
}

function afterRecord(log: LoadedLog, record: LogRecord): LoadedLog {
  const from = record.entries[0]?.index ?? Infinity;
  const kept = log.entries.filter((entry) => entry.index < from);
  return {
    hardState: record.hardState ?? log.hardState,
    snapshot: record.snapshot ?? log.snapshot,
    entries: [...kept, ...record.entries],
  };
}

function stateMachine(apply: StateMachine['apply']): StateMachine {
  const refuse = (done: (outcome: SnapshotOutcome<never>) => void): void =>
    done({ type: 'refused', reason: 'no snapshots here' });
  return {
    apply,
    checkpoint: refuse,
    openSnapshot: refuse,
    readSnapshot: (_offset, _length, done) => refuse(done),
    closeSnapshot: () => undefined,
    beginStage: (_snapshot, done) => refuse(done),
    writeStage: (_offset, _data, done) => refuse(done),
    finishStage: refuse,
    discardStage: () => undefined,
    restore: (_file, done) => refuse(done),
    quarantine: refuse,
    skip: () => undefined,
    adoptedBuild: refuse,
    reopen: refuse,
  };
}

/** No test here writes: the outcomes need only be one for each command. */
function outcomesOf(entries: readonly Entry[]) {
  const commands = entries.filter((entry) => entry.type === 'command');
  const outcomes = commands.map((): CommandOutcome => ({
    type: 'checked',
    hash: '',
    goesOn: false,
  }));
  return { type: 'applied', outcomes } as const;
}
