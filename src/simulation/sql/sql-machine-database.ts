/**
 * The SQLite databases of one simulated machine: what stays of them when a process dies, and the
 * faults that are done to them. Files are in the module's memory, by number, as on any machine.
 */

import type { DatabaseOptions } from '../../sqlite/database.ts';
import type { Runtime } from '../../sqlite/runtime.ts';
import { SqlState } from '../../sqlite/sql-state.ts';
import { memoryFiles, type StateFiles } from '../../sqlite/state-files.ts';
import { Violation } from '../checkers/violation.ts';
import type { EventLoop } from '../event-loop.ts';
import type { EventQueue } from '../event-queue.ts';
import type { Random } from '../random.ts';
import {
  GOOD_DATABASE,
  type DatabaseConditions,
  type DatabaseEvents,
  type DatabaseStanding,
  type SimulatedDatabase,
} from '../simulated-database.ts';
import { SqlStateMachine } from './sql-state-machine.ts';
import { TornFiles } from './torn-files.ts';

const KIB = 1_024;
/** So little that a state is checked in several turns. */
const SLICE_BYTES = 32 * KIB;

export interface SqlWorld {
  readonly queue: EventQueue;
  readonly random: Random;
  readonly maxSessions: number;
}

export class SqlMachineDatabase implements SimulatedDatabase {
  conditions: DatabaseConditions = GOOD_DATABASE;
  failNext = false;
  stuckAt = 0;
  onSnapshotStep: (() => void) | null = null;
  events: DatabaseEvents = { applied: () => {}, restored: () => {} };
  readonly counters = { staged: 0, restored: 0, checkpoints: 0, quarantines: 0 };
  readonly #world: SqlWorld;
  readonly #files: StateFiles;
  readonly #torn: TornFiles;
  readonly #options: Partial<DatabaseOptions>;
  #state: SqlState | null = null;
  #number = 0;
  #highestNumber = 0;
  /** Known to be on the disk. */
  #durableIndex = 0;
  #quarantined = false;
  #deviates = false;
  #isSpoilt = false;

  /** `name` tells machines in one module apart. */
  constructor(runtime: Runtime, name: string, world: SqlWorld) {
    this.#world = world;
    this.#files = memoryFiles(runtime, name);
    this.#torn = new TornFiles(runtime, this.#files, world.random.stream('torn files'));
    const draws = world.random.stream('options');
    const { maxSessions } = world;
    this.#options = {
      // What no outcome may depend on is another on every machine.
      cacheKib: draws.pick([64, 256, 16 * KIB]),
      checkpointBytes: draws.pick([64, 512, 8 * KIB]) * KIB,
      heldBytes: draws.pick([512, 256 * KIB]) * KIB,
      sliceBytes: SLICE_BYTES,
      maxSessions,
      maxCachedStatements: draws.pick([0, 1, 64]),
    };
  }

  open(loop: EventLoop, number: number): SqlStateMachine {
    if (this.#state !== null) throw new Error('two servers on one database');
    const isOther = number !== this.#number;
    if (this.#isSpoilt && !isOther) this.#torn.spoil(number);
    if (this.#isSpoilt || isOther) {
      this.#deviates = false;
      this.#durableIndex = 0;
    }
    this.#isSpoilt = false;
    const state = new SqlState(this.#files, number, this.#options);
    this.#state = state;
    if (state.appliedIndex < this.#durableIndex) {
      const lost = `${this.#durableIndex}, and had applied only ${state.appliedIndex} when it opened`;
      throw new Violation('durability', '7', `a database said that it is durable up to ${lost}`);
    }
    this.#isAt(number);
    const { queue, random } = this.#world;
    return new SqlStateMachine(this, state, { queue, random, loop });
  }

  /** The same process opens its file anew. */
  reopen(): SqlState {
    this.#state?.close();
    this.#state = new SqlState(this.#files, this.#number, this.#options);
    return this.#state;
  }

  crash(): void {
    const state = this.#state;
    if (state === null) return;
    this.#quarantined = state.isQuarantined;
    state.close();
    this.#state = null;
    this.#torn.tear(this.#number);
  }

  wipe(): void {
    this.#state?.close();
    this.#state = null;
    for (let file = 0; file <= this.#highestNumber; file += 1) this.#files.remove(file);
    this.#durableIndex = 0;
    this.#quarantined = false;
    this.#deviates = false;
    this.#isSpoilt = false;
  }

  get file(): DatabaseStanding {
    return {
      appliedIndex: this.#state?.appliedIndex ?? this.#durableIndex,
      quarantined: this.#state?.isQuarantined ?? this.#quarantined,
      deviates: this.#deviates,
    };
  }

  get fileNumber(): number {
    return this.#number;
  }

  get fileCount(): number {
    let count = 0;
    for (let file = 0; file <= this.#highestNumber; file += 1) {
      if (this.#torn.exists(file)) count += 1;
    }
    return count;
  }

  get deviates(): boolean {
    return this.#deviates;
  }

  /** A fault changed the open file. */
  markDeviating(): void {
    this.#deviates = true;
    this.flushed();
  }

  /** The open file was found to be damaged, and shows it to the next that opens it. */
  markSpoilt(): void {
    this.#isSpoilt = true;
  }

  /** What is applied is on the disk. */
  flushed(): void {
    this.#durableIndex = this.#state?.appliedIndex ?? 0;
  }

  /** File `number` is being received. */
  staging(number: number): void {
    this.#highestNumber = Math.max(this.#highestNumber, number);
  }

  /** File `number` took the place of the one that was open. */
  restored(number: number): void {
    this.counters.restored += 1;
    this.#deviates = false;
    this.#isSpoilt = false;
    this.#isAt(number);
  }

  #isAt(number: number): void {
    this.#number = number;
    this.staging(number);
    this.flushed();
  }
}
