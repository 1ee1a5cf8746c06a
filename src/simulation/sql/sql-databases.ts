/**
 * Databases that are SQLite as it ships, in the memory of one module that a thread shares: their
 * worlds come one after the other.
 */

import { RAFT_LIMITS, RUNTIME_LIMITS, type RuntimeLimits } from '../../node/limits.ts';
import type { Runtime } from '../../sqlite/runtime.ts';
import type { EventQueue } from '../event-queue.ts';
import type { Random } from '../random.ts';
import type { Databases } from '../simulated-database.ts';
import { SqlMachineDatabase } from './sql-machine-database.ts';
import { decodeSqlResponse } from './statements.ts';

/** How much more entries and states take than the model's. */
const ENTRY_FACTOR = 16;
const STATE_FACTOR = 256;

/** What was drawn, made larger, but not beyond what ships. */
function grown(drawn: number, factor: number, shipped: number): number {
  return Math.min(drawn * factor, Math.max(drawn, shipped));
}

export class SqlDatabases implements Databases {
  readonly tracesStates = true;
  readonly #runtime: Runtime;
  #made: SqlMachineDatabase[] = [];
  #machines = 0;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  create(queue: EventQueue, random: Random, maxSessions: number): SqlMachineDatabase {
    this.#machines += 1;
    const name = `machine-${this.#machines}`;
    const made = new SqlMachineDatabase(this.#runtime, name, { queue, random, maxSessions });
    this.#made.push(made);
    return made;
  }

  decodeResponse(response: Uint8Array): number {
    return decodeSqlResponse(response);
  }

  sized(limits: RuntimeLimits): RuntimeLimits {
    const { raft } = limits;
    const entries = (name: 'logKeepBytes' | 'logCompactBytes' | 'logHeldBytes'): number =>
      grown(limits[name], ENTRY_FACTOR, RUNTIME_LIMITS[name]);
    const core = (
      name: 'maxAppendBytes' | 'maxInflightBytes' | 'maxUncommittedBytes' | 'maxApplyBytes',
    ): number => grown(raft[name], ENTRY_FACTOR, RAFT_LIMITS[name]);
    return {
      ...limits,
      logKeepBytes: entries('logKeepBytes'),
      logCompactBytes: entries('logCompactBytes'),
      logHeldBytes: entries('logHeldBytes'),
      snapshotChunkBytes: grown(
        limits.snapshotChunkBytes,
        STATE_FACTOR,
        RUNTIME_LIMITS.snapshotChunkBytes,
      ),
      raft: {
        ...raft,
        maxAppendBytes: core('maxAppendBytes'),
        maxInflightBytes: core('maxInflightBytes'),
        maxUncommittedBytes: core('maxUncommittedBytes'),
        maxApplyBytes: core('maxApplyBytes'),
      },
    };
  }

  clear(): void {
    for (const database of this.#made) database.wipe();
    this.#made = [];
  }
}
