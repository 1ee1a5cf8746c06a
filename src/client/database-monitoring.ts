/** What a tab tells of its node and of the cluster. Types only. */

import type { Inspection } from '../node/inspection.ts';
import type { NodeStatus } from '../node/status.ts';
import type { LogIndex } from '../raft/types.ts';

/**
 * What `hash` tells.
 *
 * @category Monitoring
 *
 * @example
 * ```ts
 * import { open, type DatabaseHash } from 'resqlite';
 *
 * const hashes: DatabaseHash[] = [];
 * const db = await open();
 * hashes.push(await db.hash(), await db.hash());
 * hashes[0].hash === hashes[1].hash; // => true
 * ```
 */
export interface DatabaseHash {
  /** The log entry that the hashed data are as of. */
  readonly index: LogIndex;
  /** Hexadecimal digits. */
  readonly hash: string;
}

/**
 * How the node and its cluster fare.
 *
 * @category Monitoring
 */
export interface DatabaseMonitoring {
  /**
   * What this tab's node knows of itself and of the cluster; of a node that has stopped, the last of it.
   *
   * @example
   * ```ts
   * import { open } from 'resqlite';
   *
   * const db = await open();
   * const { state, nodeId, voters, connectedVoters } = await db.status();
   * state; // => 'running'
   * nodeId === db.nodeId; // => true
   *
   * // Whether anything can be written now.
   * connectedVoters > voters.length / 2; // => true
   * ```
   */
  status(): Promise<NodeStatus>;

  /**
   * Calls back with every status, at once with the last one; the answer unsubscribes. It ends with this
   * handle; if the node closes with it, that is the last status. Throws 'InvalidArgument' and 'Closed'.
   *
   * @example
   * ```ts
   * import { open } from 'resqlite';
   *
   * const db = await open();
   * const lamp = document.body.appendChild(document.createElement('p'));
   * const stop = db.onStatus(({ state, leaderId }) => {
   *   lamp.textContent = state === 'running' && leaderId !== null ? 'online' : 'waiting for others';
   * });
   * lamp.textContent; // soon => 'online'
   * stop();
   * ```
   */
  onStatus(listener: (status: NodeStatus) => void): () => void;

  /**
   * Calls back with what this tab's node tells of its inside, at once and then at most 8 times a second;
   * the first time with the events that it still keeps, later with new ones. The answer unsubscribes;
   * it ends with this handle. Throws 'InvalidArgument' and 'Closed'.
   *
   * @example
   * ```ts
   * import { open } from 'resqlite';
   *
   * const db = await open();
   * const events: string[] = [];
   * const stop = db.inspect((inspection) => {
   *   events.push(...inspection.events.map(({ type, term }) => `${type} in term ${term}`));
   * });
   * events.length > 0; // soon => true
   * stop();
   * ```
   */
  inspect(listener: (inspection: Inspection) => void): () => void;

  /**
   * Calls back with the milliseconds that each write of this page took from call to answer; the answer
   * unsubscribes. It ends with this handle. Throws 'InvalidArgument' and 'Closed'.
   *
   * @example
   * ```ts
   * import { open } from 'resqlite';
   *
   * const db = await open();
   * const times: number[] = [];
   * const stop = db.onWriteAnswered((elapsedMs) => times.push(elapsedMs));
   * await db.execute('CREATE TABLE note (body TEXT)');
   * times.length; // => 1
   * times[0] > 0; // => true
   * stop();
   * ```
   */
  onWriteAnswered(listener: (elapsedMs: number) => void): () => void;

  /**
   * A logical hash of the whole database: equal on every node at the same index.
   *
   * @example
   * ```ts
   * import { open } from 'resqlite';
   *
   * const db = await open();
   * const before = await db.hash();
   * await db.execute('CREATE TABLE note (body TEXT)');
   * const after = await db.hash();
   * after.index > before.index; // => true
   * after.hash === before.hash; // => false
   * ```
   */
  hash(): Promise<DatabaseHash>;
}
