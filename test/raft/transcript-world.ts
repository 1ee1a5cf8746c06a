/**
 * Servers for transcripts: bare cores, each with a clock and a disk of its own, and one queue of
 * messages in the order they were sent. Nothing happens unless it is told to; whatever comes of it is
 * written down, line by line. Randomness is a number that each server is given, at first 0: election
 * timeouts are then the shortest.
 *
 * After each input a server's `Ready` is carried out at once, in the order that its type demands;
 * only a slow disk keeps its record until it is told to finish.
 */

import { checkServer, checkTransition, summarize } from '../../src/raft/invariants.ts';
import type { ServerSummary } from '../../src/raft/invariants.ts';
import type { Message } from '../../src/raft/messages.ts';
import { Raft } from '../../src/raft/raft.ts';
import type { Ready } from '../../src/raft/raft.ts';
import type {
  Entry,
  HardState,
  LogIndex,
  LogRecord,
  NodeId,
  Snapshot,
} from '../../src/raft/types.ts';
import { LIMITS, index, term } from './fixtures.ts';
import {
  entriesText,
  messageText,
  nameOf,
  readText,
  recordText,
  snapshotText,
} from './transcript-text.ts';

const MAX_DELIVERIES = 500;

class Disk {
  hardState: HardState = { term: term(0), votedFor: null };
  snapshot: Snapshot | null = null;
  entries: readonly Entry[] = [];

  write({ hardState, snapshot, entries }: LogRecord): void {
    if (hardState !== null) this.hardState = hardState;
    if (snapshot !== null) {
      this.snapshot = snapshot;
      this.entries = entries;
      return;
    }
    const [first] = entries;
    if (first === undefined) return;
    this.entries = [...this.entries.filter((entry) => entry.index < first.index), ...entries];
  }
}

/** A server, up or down. */
export interface Host {
  readonly disk: Disk;
  /** Null while it is down. */
  raft: Raft | null;
  before: ServerSummary | null;
  leaderBefore: NodeId | null;
  nowMs: number;
  random: number;
  isSlow: boolean;
  /** What waits for the slow disk. */
  writing: { readonly record: LogRecord; readonly behind: readonly Message[] } | null;
}

export class TranscriptWorld {
  readonly hosts = new Map<NodeId, Host>();
  /** Which group a server is in; all are in none until they are parted. */
  readonly groups = new Map<NodeId, number>();
  #queue: Message[] = [];
  #lines: string[] = [];

  /** What happened since the last call. */
  takeLines(): readonly string[] {
    const lines = this.#lines;
    this.#lines = [];
    return lines;
  }

  say(line: string): void {
    this.#lines.push(line);
  }

  add(id: NodeId, entries: readonly Entry[]): void {
    const disk = new Disk();
    disk.entries = entries;
    disk.hardState = { term: term(entries.at(-1)?.term ?? 0), votedFor: null };
    const host: Host = {
      disk,
      raft: null,
      before: null,
      leaderBefore: null,
      nowMs: 0,
      random: 0,
      isSlow: false,
      writing: null,
    };
    this.hosts.set(id, host);
    this.start(id);
  }

  host(id: NodeId): Host {
    const host = this.hosts.get(id);
    if (host === undefined) throw new Error(`no server ${nameOf(id)}`);
    return host;
  }

  raft(id: NodeId): Raft {
    const { raft } = this.host(id);
    if (raft === null) throw new Error(`${nameOf(id)} is down`);
    return raft;
  }

  start(id: NodeId): void {
    const host = this.host(id);
    const { hardState, snapshot, entries } = host.disk;
    host.raft = new Raft({
      nodeId: id,
      hardState,
      snapshot,
      entries,
      appliedIndex: snapshot?.index ?? index(0),
      nowMs: host.nowMs,
      random: (bound) => host.random % bound,
      limits: LIMITS,
    });
    host.before = summarize(host.raft);
    host.leaderBefore = null;
  }

  /** What the disk was writing is there afterwards or not. */
  crash(id: NodeId, isKept: boolean): void {
    const host = this.host(id);
    if (host.writing !== null && isKept) host.disk.write(host.writing.record);
    host.writing = null;
    host.raft = null;
  }

  /** Time passes on one server; it does what has become due. */
  tick(id: NodeId, durationMs: number): void {
    this.host(id).nowMs += durationMs;
    this.input(id, () => {});
  }

  /** Hands a server something, in its time, and carries out what comes of it. */
  input(id: NodeId, give: (raft: Raft) => void): void {
    const raft = this.raft(id);
    raft.tick(this.host(id).nowMs);
    give(raft);
    this.#carryOut(id, raft);
  }

  /** The record that a slow disk holds is durable. */
  finishWriting(id: NodeId): void {
    const { writing } = this.host(id);
    if (writing === null) throw new Error(`${nameOf(id)} writes nothing`);
    this.say(`${nameOf(id)} has written ${recordText(writing.record)}`);
    this.#becomeDurable(id, writing.record, writing.behind);
    this.#carryOut(id, this.raft(id));
  }

  /** Takes the messages out of the queue that `selects`. */
  take(selects: (message: Message) => boolean): readonly Message[] {
    const taken = this.#queue.filter(selects);
    this.#queue = this.#queue.filter((message) => !taken.includes(message));
    return taken;
  }

  /** Puts copies of the messages that `selects` at the end of the queue. */
  copy(selects: (message: Message) => boolean): readonly Message[] {
    const copies = this.#queue.filter(selects).map((message) => ({ ...message }));
    this.#queue.push(...copies);
    return copies;
  }

  deliver(message: Message): void {
    if (this.#isLost(message)) this.say(`lost: ${messageText(message)}`);
    else this.input(message.to, (raft) => raft.step(message));
  }

  /** Delivers what is under way and whatever is sent because of it. */
  settle(): void {
    for (let count = 0; ; count += 1) {
      const message = this.#queue.shift();
      if (message === undefined) return;
      if (count > MAX_DELIVERIES) throw new Error('the servers never stop talking');
      this.deliver(message);
    }
  }

  #isLost({ from, to }: Message): boolean {
    if (this.groups.get(from) !== this.groups.get(to)) return true;
    return (this.hosts.get(to)?.raft ?? null) === null;
  }

  #carryOut(id: NodeId, raft: Raft): void {
    this.#sayChanges(id, raft);
    for (let ready = raft.ready(); ready !== null; ready = raft.ready()) {
      this.#carryOutOne(id, raft, ready);
      this.#sayChanges(id, raft);
    }
  }

  #carryOutOne(id: NodeId, raft: Raft, ready: Ready): void {
    const name = nameOf(id);
    for (const message of ready.messages) this.#send(message);
    const { record, messagesAfterRecord, committedEntries, snapshot } = ready;
    if (record !== null) {
      const { isSlow } = this.host(id);
      this.say(`${name} ${isSlow ? 'is writing' : 'writes'} ${recordText(record)}`);
      if (isSlow) this.host(id).writing = { record, behind: messagesAfterRecord };
      else this.#becomeDurable(id, record, messagesAfterRecord);
    }
    if (snapshot !== null) {
      this.say(`${name} restores the ${snapshotText(snapshot)}`);
      raft.restored();
    }
    const last = committedEntries.at(-1);
    if (last !== undefined) {
      this.say(`${name} applies ${entriesText(committedEntries)}`);
      raft.applied(last.index);
    }
    for (const state of ready.readStates) this.say(`${name}: ${readText(state)}`);
  }

  #becomeDurable(id: NodeId, record: LogRecord, behind: readonly Message[]): void {
    const host = this.host(id);
    host.writing = null;
    host.disk.write(record);
    this.raft(id).recordDurable();
    for (const message of behind) this.#send(message);
  }

  #send(message: Message): void {
    if (this.#isLost(message)) {
      this.say(`lost: ${messageText(message)}`);
      return;
    }
    this.say(messageText(message));
    this.#queue.push(message);
  }

  #sayChanges(id: NodeId, raft: Raft): void {
    const host = this.host(id);
    const { before, leaderBefore } = host;
    checkServer(raft);
    if (before !== null) checkTransition(before, raft);
    host.before = summarize(raft);
    host.leaderBefore = raft.leaderId;
    if (before === null) return;
    const { role, term: ofTerm, leaderId, commitIndex } = raft;
    const name = nameOf(id);
    if (role !== before.role || ofTerm !== before.term || leaderId !== leaderBefore) {
      const follows = role === 'leader' || role === 'candidate' || role === 'pre-candidate';
      this.say(`${name} is ${role} in term ${ofTerm}${follows ? '' : ` of ${nameOf(leaderId)}`}`);
    }
    if (commitIndex !== before.commitIndex) this.say(`${name} commits up to ${commitIndex}`);
  }
}

/** A server's whole state, for the command `status`. */
export function statusOf(raft: Raft): string {
  const { nodeId, role, term: ofTerm, leaderId, commitIndex, appliedIndex, durableIndex } = raft;
  const terms: string[] = [];
  for (let at = raft.firstIndex; at <= raft.lastIndex; at = (at + 1) as LogIndex) {
    terms.push(String(raft.termAt(at)));
  }
  const base = raft.firstIndex === 1 ? '' : ` behind ${raft.firstIndex - 1}`;
  const log = `log of terms${base} [${terms.join(' ')}], durable to ${durableIndex}`;
  const commit = `committed ${commitIndex}, applied ${appliedIndex}`;
  return `${nameOf(nodeId)} is ${role} in term ${ofTerm} of ${nameOf(leaderId)}: ${log}, ${commit}`;
}
