/**
 * The handles of a store by which many are served who do not know of each other: nobody waits for another's
 * write. A handle has one write under way at a time, so writes take the one that has the fewest; each new
 * handle costs the cluster an entry of the log, so there are no more than were needed at once.
 */

import type { Database } from '../../client/database.ts';
import { KeyValueStore } from './kv.ts';

const MOST_HANDLES = 16;

interface Handle {
  readonly store: KeyValueStore;
  /** Writes under way, or waiting. */
  writes: number;
}

export class Handles {
  /** For reads, and for writes with an idempotency key: those wait for nobody. */
  readonly free: KeyValueStore;
  readonly #db: Database;
  readonly #handles: Handle[] = [];

  constructor(db: Database) {
    this.#db = db;
    this.free = new KeyValueStore(db);
  }

  /** Has `write` done by a handle that is idle, or else by the one that has the least to do. */
  async write<Answer>(write: (store: KeyValueStore) => Promise<Answer>): Promise<Answer> {
    const handle = this.#choose();
    handle.writes += 1;
    try {
      return await write(handle.store);
    } finally {
      handle.writes -= 1;
    }
  }

  #choose(): Handle {
    const [least] = this.#handles.toSorted((a, b) => a.writes - b.writes);
    if (least !== undefined && (least.writes === 0 || this.#handles.length >= MOST_HANDLES)) {
      return least;
    }
    const made = { store: new KeyValueStore(this.#db), writes: 0 };
    this.#handles.push(made);
    return made;
  }
}
