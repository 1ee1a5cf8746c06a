/**
 * What a story does to its world, in words that its scripts are written in. All of it goes through the same
 * acts that a person has (hand.ts), so whatever a story shows can be done by hand as well.
 *
 * Servers are numbered from 0: `S1` of the texts is 0 here.
 */

import type { Raft } from '../raft/raft.ts';
import type { LogIndex } from '../raft/types.ts';
import { whatIsMissing } from '../simulation/checkers/convergence.ts';
import type { Flight } from '../simulation/flights.ts';
import { until as waitUntil, type Script } from '../simulation/script.ts';
import type { World } from '../simulation/world.ts';
import { act, type WorldAction } from './hand.ts';
import type { LabMessageType, ServerNumber } from './protocol.ts';
import { messageType } from './words.ts';

const MILLISECOND_US = 1_000;
/** Less than any message takes: what is to be lost is seen on its way. */
const LOOK_INTERVAL_US = MILLISECOND_US;
const LIMIT_US = 30_000 * MILLISECOND_US;

/** Which messages the network loses while a script waits; what is left out does not matter. */
export interface Loss {
  readonly types: readonly LabMessageType[];
  readonly from?: readonly ServerNumber[];
  readonly to?: readonly ServerNumber[];
  /** AppendEntries with an entry of this term. */
  readonly entryTerm?: number;
}

export class Scene {
  readonly world: World;
  /** What a step has to remember for the next ones, by name. */
  readonly notes = new Map<string, number>();

  constructor(world: World) {
    this.world = world;
  }

  act(action: WorldAction): void {
    const refusal = act(this.world, action);
    if (refusal !== null) throw new Error(`${action.type}: ${refusal}`);
  }

  /** Waits for what the story says happens next; that it does not is a defect of the story. */
  *until(what: string, condition: () => boolean, losses: readonly Loss[] = []): Script {
    const { queue } = this.world;
    const limitAtUs = queue.nowUs + LIMIT_US;
    for (;;) {
      for (const loss of losses) this.#lose(loss);
      if (condition()) return;
      if (queue.nowUs >= limitAtUs) throw new Error(`${what}: not in time`);
      yield queue.nowUs + LOOK_INTERVAL_US;
    }
  }

  *pass(milliseconds: number, losses: readonly Loss[] = []): Script {
    const untilUs = this.world.queue.nowUs + milliseconds * MILLISECOND_US;
    yield* this.until('time', () => this.world.queue.nowUs >= untilUs, losses);
  }

  /** Everybody has what the leader has, and knows that it is committed. */
  *calm(): Script {
    const isCalm = yield* waitUntil(this.world, () => whatIsMissing(this.world) === null, LIMIT_US);
    if (!isCalm) throw new Error(`not calm: ${whatIsMissing(this.world)}`);
  }

  /** Of a server that is up. */
  raft(number: ServerNumber): Raft {
    const raft = this.world.server(number).running?.node.raft;
    if (raft === undefined) throw new Error(`server ${number} is down`);
    return raft;
  }

  isUp(number: ServerNumber): boolean {
    return this.world.server(number).running !== null;
  }

  follows(number: ServerNumber, leader: ServerNumber): boolean {
    const raft = this.world.server(number).running?.node.raft;
    return raft?.leaderId === this.world.server(leader).nodeId && raft.role !== 'leader';
  }

  leads(number: ServerNumber, term: number | null = null): boolean {
    const raft = this.world.server(number).running?.node.raft;
    return raft?.role === 'leader' && (term === null || raft.term === term);
  }

  /** The term of the entry that a server has on its disk at an index; null: it has none. */
  storedTerm(number: ServerNumber, index: number): number | null {
    return this.world.server(number).disk.entryAt(index as LogIndex)?.term ?? null;
  }

  /** How many servers have the entry on their disks. */
  copies(index: number, term: number): number {
    const { servers } = this.world;
    return servers.filter(({ number }) => this.storedTerm(number, index) === term).length;
  }

  note(name: string, value: number): void {
    this.notes.set(name, value);
  }

  noted(name: string): number {
    const value = this.notes.get(name);
    if (value === undefined) throw new Error(`nothing noted as ${name}`);
    return value;
  }

  flights(loss: Loss): readonly Flight[] {
    const { flights } = this.world.network;
    return flights.list().filter((flight) => !flight.isLost && this.#matches(flight, loss));
  }

  #lose(loss: Loss): void {
    for (const { id } of this.flights(loss)) this.act({ type: 'drop', flight: id });
  }

  #matches({ message }: Flight, { types, from, to, entryTerm }: Loss): boolean {
    if (entryTerm !== undefined) {
      if (message.type !== 'append-entries') return false;
      if (!message.entries.some(({ term }) => term === entryTerm)) return false;
    }
    const isAmong = (id: string, numbers: readonly ServerNumber[] | undefined): boolean =>
      numbers?.some((number) => this.world.server(number).nodeId === id) ?? true;
    return (
      types.includes(messageType(message)) && isAmong(message.from, from) && isAmong(message.to, to)
    );
  }
}
