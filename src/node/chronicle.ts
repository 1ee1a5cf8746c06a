/**
 * What happened to this node lately, for people to look at: what the core noted, what the runtime
 * tells, and what shows by comparing. It is kept also while nobody looks, so observing costs next to
 * nothing where nothing happened.
 */

import { membersOf } from '../raft/configuration.ts';
import type { Raft } from '../raft/raft.ts';
import type { Configuration, LogIndex, NodeId, Term } from '../raft/types.ts';
import { replaces, type NodeEvent, type NodeEventDetail } from './inspection.ts';
import { MAX_NODE_EVENTS } from './limits.ts';

type ChronicleRaft = Pick<
  Raft,
  'term' | 'configuration' | 'firstIndex' | 'isRestoring' | 'takeEvents'
>;

export class Chronicle {
  readonly #raft: ChronicleRaft;
  readonly #wallClock: () => number;
  /** The last MAX_NODE_EVENTS, in order. */
  readonly #events: NodeEvent[] = [];
  #lastNumber = 0;
  #configuration: Configuration;
  #firstIndex: LogIndex;
  #isQuarantined: boolean;

  constructor(raft: ChronicleRaft, wallClock: () => number, isQuarantined: boolean) {
    this.#raft = raft;
    this.#wallClock = wallClock;
    this.#configuration = raft.configuration;
    this.#firstIndex = raft.firstIndex;
    this.#isQuarantined = isQuarantined;
  }

  /** The number of the last event; 0 before any. */
  get lastNumber(): number {
    return this.#lastNumber;
  }

  /** Those behind that number, as far as they are kept. */
  since(number: number): readonly NodeEvent[] {
    return this.#events.filter((event) => event.number > number);
  }

  /** To be called after every input. */
  observe(isQuarantined: boolean): void {
    this.#takeEvents();
    if (this.#raft.configuration !== this.#configuration) this.#noteMembers();
    if (this.#raft.firstIndex !== this.#firstIndex) this.#noteBeginning();
    if (isQuarantined === this.#isQuarantined) return;
    this.#isQuarantined = isQuarantined;
    this.note({ type: isQuarantined ? 'quarantined' : 'quarantine-over' });
  }

  note(detail: NodeEventDetail): void {
    this.#takeEvents();
    this.#add(detail, this.#raft.term);
  }

  #takeEvents(): void {
    const events = this.#raft.takeEvents();
    if (events !== null) for (const { term, ...detail } of events) this.#add(detail, term);
  }

  #add(detail: NodeEventDetail, term: Term): void {
    this.#lastNumber += 1;
    const number = this.#lastNumber;
    const event: NodeEvent = { ...detail, number, atMs: this.#wallClock(), term };
    if (replaces(event, this.#events.at(-1))) this.#events.pop();
    this.#events.push(event);
    if (this.#events.length > MAX_NODE_EVENTS) this.#events.shift();
  }

  #noteMembers(): void {
    const before = this.#configuration;
    const after = this.#raft.configuration;
    this.#configuration = after;
    const former = membersOf(before);
    // Who hears of its cluster for the first time has seen nobody join.
    if (former.length === 0) return;
    const present = membersOf(after);
    for (const member of present) {
      const voter = isVoting(after, member);
      if (!former.includes(member)) this.note({ type: 'member-joined', member, voter });
      else if (isVoting(before, member) !== voter) {
        this.note({ type: voter ? 'member-promoted' : 'member-demoted', member });
      }
    }
    for (const member of former) {
      if (!present.includes(member)) this.note({ type: 'member-removed', member });
    }
  }

  /** Where a snapshot takes the log's place, that is told when the state is its. */
  #noteBeginning(): void {
    const { firstIndex, isRestoring } = this.#raft;
    this.#firstIndex = firstIndex;
    if (isRestoring) return;
    this.note({ type: 'log-compacted', toIndex: (firstIndex - 1) as LogIndex });
  }
}

/** Who leaves altogether is a voter until it is out. */
function isVoting({ voters, learners }: Configuration, member: NodeId): boolean {
  return voters.includes(member) || !learners.includes(member);
}
