/** What the benchmark's workers answer; `client/rpc.ts` carries it, as it does for the product's own. */

import type { QueryResult, SqlParams } from '../node/sql.ts';
import type { Timings } from './load.ts';

/**
 * How a database without replication keeps what it is told. 'default' is SQLite's own journal with
 * `synchronous=FULL`; 'wal-full' and 'wal-off' are WAL under an exclusive lock, flushed at every commit
 * or never; 'memory' keeps nothing.
 */
export type RawMode = 'default' | 'wal-full' | 'wal-off' | 'memory';

export type RawAnswer = Pick<QueryResult, 'columns' | 'rows'>;

/** The rows of one statement of a script. */
export type RawRows = Pick<QueryResult, 'rows'>;

export interface RawStatement {
  readonly sql: string;
  readonly params: SqlParams;
}

/** SQLite alone. Every statement outside `batch` is a transaction of its own. */
export interface RawApi {
  /** Empties the directory first. */
  open(mode: RawMode, directory: string): Promise<void>;
  run(sql: string, params: SqlParams): Promise<RawAnswer>;
  /** All or none of them. */
  batch(statements: readonly RawStatement[]): Promise<void>;
  /** Any number of statements, one a line. What each gives comes ahead of the answer, as `RawRows`. */
  script(sql: string): Promise<void>;
  /** And nothing of it is left. */
  close(): Promise<void>;
}

/** What nobody can commit without: the same bytes durable in IndexedDB and in a file, side by side. */
export interface FloorApi {
  open(name: string): Promise<void>;
  put(count: number, bytes: number): Promise<readonly number[]>;
  /** And nothing of it is left. */
  close(name: string): Promise<void>;
}

/** One end of a data channel, which arrives in a message of its own (see `ChannelMessage`). */
export interface ChannelApi {
  opened(): Promise<void>;
  /** Round trips, one after the other; the other end answers by itself. Times in milliseconds. */
  ping(count: number, bytes: number): Promise<readonly number[]>;
  /** So many bytes one way; done when the other end has them all. */
  send(bytes: number): Promise<Timings>;
}

export interface ChannelMessage {
  readonly type: 'channel';
  readonly channel: RTCDataChannel;
}
