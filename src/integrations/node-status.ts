/** What a database's node tells of the cluster, as a store, and what somebody picks from it. */

import { ResqliteError, type Database, type NodeStatus } from '../client/resqlite.ts';
import { ExternalStore, nothing } from './external-store.ts';
import { isSameData } from './same-data.ts';

/** Undefined until the first status came: its database is being opened, or was closed before. */
export function statusStore(
  database: Database | null | undefined,
): ExternalStore<NodeStatus | undefined> {
  return new ExternalStore<NodeStatus | undefined>(undefined, (tell) => {
    try {
      return database?.onStatus(tell) ?? nothing;
    } catch (error) {
      // A handle that was closed tells nothing more.
      if (!(error instanceof ResqliteError)) throw error;
      return nothing;
    }
  });
}

/** What is picked stays the same object while it is the same by value, however often it is picked anew. */
export class Selection<T> {
  #last: T | undefined;

  of(
    status: NodeStatus | undefined,
    select: ((status: NodeStatus) => T) | undefined,
  ): T | undefined {
    const picked = status === undefined ? undefined : pick(status, select);
    if (!isSameData(picked, this.#last)) this.#last = picked;
    return this.#last;
  }
}

function pick<T>(status: NodeStatus, select: ((status: NodeStatus) => T) | undefined): T {
  return select === undefined ? (status as T) : select(status);
}
