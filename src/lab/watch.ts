/**
 * Looks at a world as it runs and tells what happens in it: from its trace, from the messages on their way,
 * and from what has changed in each server since the event before. It changes nothing.
 */

import type { Raft } from '../raft/raft.ts';
import type { LogIndex, NodeId, Role } from '../raft/types.ts';
import type { Flight } from '../simulation/flights.ts';
import type { Server } from '../simulation/server.ts';
import type { TraceKind } from '../simulation/trace.ts';
import type { World } from '../simulation/world.ts';
import { ElectionTimers } from './election-timers.ts';
import { EventList } from './event-list.ts';
import { nameOf, type Names } from './names.ts';
import type { LabEventType } from './protocol.ts';
import { configurationText, messageTerm, messageText, messageType } from './words.ts';

/** Terms of the end of a log that are remembered, to tell where it was cut. */
const TAIL_ENTRIES = 256;

/** A server's core as it was seen last. */
interface Seen {
  readonly raft: Raft;
  role: Role;
  term: number;
  votedFor: NodeId | null;
  commitIndex: number;
  firstIndex: number;
  lastIndex: number;
  lastTerm: number;
  configurationIndex: number;
  /** Terms of the last entries, the last one last. */
  tail: readonly number[];
}

/** Kinds of the trace that are told as they are; roles are told of servers. */
const TRACED: Partial<Record<TraceKind, LabEventType>> = {
  disk: 'durable',
  apply: 'apply',
  start: 'start',
  crash: 'crash',
  stop: 'stop',
  fault: 'fault',
  invoke: 'request',
  complete: 'answer',
  phase: 'phase',
  snapshot: 'snapshot',
};
const NOT_NOTABLE: ReadonlySet<LabEventType> = new Set(['durable', 'apply', 'link-up']);
const NODE_ID = /\bnode[a-z2-7]{12}\b/g;
const BY_HAND = 'by hand: ';

export class Watch {
  readonly events = new EventList();
  readonly timers = new ElectionTimers();
  /** The last one that the trace told; '' before any. */
  phase = '';
  readonly #world: World;
  readonly #names: Names;
  readonly #seen: Seen[] = [];
  readonly #notable = new WeakSet<Flight>();

  constructor(world: World, names: Names) {
    this.#world = world;
    this.#names = names;
    world.trace.onEvent = (_timeUs, kind, node, describe) => this.#traced(kind, node, describe);
    world.network.flights.onSent = (flight) => this.#sent(flight);
    world.network.flights.onArrived = (flight) => this.#arrived(flight);
  }

  /** To be called after every event of the world. */
  look(): void {
    for (const server of this.#world.servers) {
      this.timers.observe(server, this.#world.queue.nowUs);
      this.#lookAt(server);
    }
  }

  tell(
    type: LabEventType,
    server: number | null,
    text: string,
    isNotable = true,
    flight: number | null = null,
  ): void {
    const atUs = this.#world.queue.nowUs;
    this.events.add({ atUs, type, server, flight, text, isNotable });
  }

  #traced(kind: TraceKind, node: number, describe: () => string): void {
    const server = node < 0 ? null : node;
    if (kind === 'link' || kind === 'pause') {
      this.#tracedChange(kind, server, describe());
      return;
    }
    const type = TRACED[kind];
    if (type === undefined) return;
    const text = this.#named(describe());
    if (type === 'phase') this.phase = text;
    const isByHand = type === 'fault' && text.startsWith(BY_HAND);
    if (isByHand) this.tell('hand', server, text.slice(BY_HAND.length));
    else this.tell(type, server, traceText(type, server, text), !NOT_NOTABLE.has(type));
  }

  #tracedChange(kind: 'link' | 'pause', server: number | null, text: string): void {
    const who = server === null ? '' : nameOf(server);
    if (kind === 'pause') {
      const isOver = text === 'resume';
      this.tell(isOver ? 'thaw' : 'freeze', server, `${who} ${isOver ? 'goes on' : 'freezes'}`);
      return;
    }
    const isUp = text.endsWith(' up');
    const peer = this.#named(text.slice(0, text.indexOf(' ')));
    const what = isUp ? `${who} has a link to ${peer}` : `${who} notices that ${peer} is gone`;
    this.tell(isUp ? 'link-up' : 'link-down', server, what, !isUp);
  }

  #named(text: string): string {
    return text.replaceAll(NODE_ID, (id) => this.#names.nameOf(id as NodeId));
  }

  #sent(flight: Flight): void {
    if (this.#isNotable(flight)) this.#notable.add(flight);
    this.#flight(flight.isLost ? 'lose' : 'send', flight);
  }

  #arrived(flight: Flight): void {
    this.#flight(flight.isLost ? 'lose' : 'deliver', flight);
  }

  #flight(type: 'send' | 'deliver' | 'lose', flight: Flight): void {
    const { message, id } = flight;
    const from = this.#names.numberOf(message.from);
    const to = this.#names.numberOf(message.to);
    const term = messageTerm(message);
    const of = term === null ? '' : ` of term ${term}`;
    const what = `${messageType(message)}${of} ${nameOf(from)} → ${nameOf(to)}`;
    const text = `${what}${type === 'lose' ? ' is lost' : ''}: ${messageText(message, this.#names)}`;
    this.tell(type, type === 'deliver' ? to : from, text, this.#notable.has(flight), id);
  }

  /** It is no heartbeat, nor its answer, nor for display. */
  #isNotable({ message }: Flight): boolean {
    const type = messageType(message);
    if (type === 'heartbeat' || type === 'announce' || type === 'state-hash') return false;
    if (message.type !== 'append-entries-response' || !message.success) return true;
    const leader = this.#world.servers[this.#names.numberOf(message.to)];
    const progress = leader?.running?.node.raft.progress(message.from) ?? null;
    return progress === null || message.matchIndex > progress.matchIndex;
  }

  #lookAt(server: Server): void {
    const raft = server.running?.node.raft ?? null;
    const { number } = server;
    const seen = this.#seen[number];
    if (raft === null) {
      delete this.#seen[number];
    } else if (seen?.raft !== raft) {
      this.#seen[number] = see(raft);
    } else if (hasChanged(seen, raft)) {
      this.#compare(number, seen, raft);
      this.#seen[number] = see(raft);
    }
  }

  #compare(number: number, seen: Seen, raft: Raft): void {
    const name = nameOf(number);
    const { role, term, votedFor } = raft;
    const isVote = votedFor !== null && (votedFor !== seen.votedFor || term !== seen.term);
    if (isVote && votedFor !== raft.nodeId) {
      const candidate = this.#names.nameOf(votedFor);
      this.tell('vote', number, `${name} votes for ${candidate} in term ${term}`);
    }
    if (role !== seen.role) this.#roleChanged(number, seen, raft);
    this.#logChanged(number, seen, raft);
    if (raft.configurationIndex !== seen.configurationIndex) {
      const text = configurationText(raft.configuration, this.#names);
      this.tell('configuration', number, `${name} goes by the members ${text}`);
    }
    if (raft.commitIndex !== seen.commitIndex) {
      this.tell('commit', number, `${name} knows that ${raft.commitIndex} is committed`);
    }
  }

  #roleChanged(number: number, seen: Seen, { role, term }: Raft): void {
    const name = nameOf(number);
    switch (role) {
      case 'pre-candidate':
        this.tell(role, number, `${name} asks whether it would be elected in term ${term + 1}`);
        return;
      case 'candidate':
        this.tell(role, number, `${name} stands for election in term ${term}`);
        return;
      case 'leader':
        this.tell(role, number, `${name} leads term ${term}`);
        return;
      default: {
        const before = seen.role === 'leader' ? ', and leads no more' : '';
        const text = role === 'learner' ? 'is a learner' : 'is a follower';
        this.tell(role, number, `${name} ${text} in term ${term}${before}`);
      }
    }
  }

  #logChanged(number: number, seen: Seen, raft: Raft): void {
    const name = nameOf(number);
    const { firstIndex, lastIndex } = raft;
    if (firstIndex > seen.firstIndex) {
      this.tell('compact', number, `${name} has its log up to ${firstIndex - 1} as a snapshot`);
    }
    const kept = keptIndex(seen, raft);
    if (kept < seen.lastIndex) {
      const lost = range(kept + 1, seen.lastIndex);
      this.tell('truncate', number, `${name} gives up ${lost}: never committed`);
    }
    if (lastIndex > kept) {
      this.tell('append', number, `${name} appends ${range(kept + 1, lastIndex)}`);
    }
  }
}

function traceText(type: LabEventType, server: number | null, text: string): string {
  const name = server === null ? '' : nameOf(server);
  switch (type) {
    case 'crash':
      return `${name} crashes`;
    case 'start':
      return `${name} starts; ${text.slice(text.indexOf(': ') + 2)}`;
    case 'phase':
      return `the run begins to: ${text}`;
    default:
      return name === '' ? text : `${name}: ${text}`;
  }
}

function range(from: number, to: number): string {
  return from === to ? `${from}` : `${from} to ${to}`;
}

function hasChanged(seen: Seen, raft: Raft): boolean {
  return (
    raft.role !== seen.role ||
    raft.term !== seen.term ||
    raft.votedFor !== seen.votedFor ||
    raft.commitIndex !== seen.commitIndex ||
    raft.firstIndex !== seen.firstIndex ||
    raft.lastIndex !== seen.lastIndex ||
    raft.configurationIndex !== seen.configurationIndex ||
    raft.termAt(seen.lastIndex as LogIndex) !== seen.lastTerm
  );
}

function see(raft: Raft): Seen {
  const { role, term, votedFor, commitIndex, firstIndex, lastIndex, configurationIndex } = raft;
  const tail: number[] = [];
  for (let at = Math.max(firstIndex, lastIndex - TAIL_ENTRIES + 1); at <= lastIndex; at += 1) {
    tail.push(raft.termAt(at as LogIndex) ?? 0);
  }
  const lastTerm = raft.termAt(lastIndex) ?? 0;
  const log = { firstIndex, lastIndex, lastTerm, tail };
  return { raft, role, term, votedFor, commitIndex, configurationIndex, ...log };
}

/** Up to where the log is what it was. */
function keptIndex({ lastIndex, tail }: Seen, raft: Raft): number {
  const first = lastIndex - tail.length + 1;
  for (const [i, term] of tail.entries()) {
    const index = first + i;
    // What a snapshot stands for was the same.
    if (index >= raft.firstIndex && raft.termAt(index as LogIndex) !== term) return index - 1;
  }
  return Math.max(lastIndex, raft.firstIndex - 1);
}
