/**
 * What a tab does for a benchmark that another tab conducts: its share of the load, measured where it
 * runs, with the tab's own clock.
 */

import type { ReadLevel, SqlValue } from '../node/sql.ts';
import type { Role } from '../raft/types.ts';
import type { Timings } from './load.ts';
import type { WatchReport } from './write-watch.ts';
import type { WorkloadName } from './workloads.ts';

export interface TabDescription {
  readonly clusterId: string;
  readonly nodeId: string;
  readonly role: Role;
  readonly term: number;
  readonly voters: number;
}

export interface InsertLoad {
  readonly table: string;
  readonly clients: number;
  /** Calls, not rows. */
  readonly calls: number;
  /** Rows a call, put in as one atomic request. */
  readonly batch: number;
  /** Of the text in each row. */
  readonly bytes: number;
}

/** Each call adds one to the number of a row, the rows in turn. */
export interface UpdateLoad {
  readonly table: string;
  readonly clients: number;
  readonly calls: number;
  /** Ids go up to this. */
  readonly rows: number;
  readonly bytes: number;
}

export interface QueryLoad {
  readonly table: string;
  readonly level: ReadLevel;
  readonly clients: number;
  readonly calls: number;
  /** Queries are for rows whose ids go up to this. */
  readonly rows: number;
}

export interface FileLoad {
  readonly workload: WorkloadName;
  readonly seed: number;
  readonly share: number;
  /** One `run` a statement, as a person types them, or one of them all. */
  readonly path: 'statements' | 'pipelined';
}

export interface FileTimings extends Timings {
  /** What the reads gave in all. */
  readonly rows: number;
}

/** Every method is one of a tab, and rejects with what went wrong there. */
export interface TabApi {
  describe(): Promise<TabDescription>;
  /** Any number of statements, unmeasured; the first failing one rejects. */
  script(sql: string): Promise<void>;
  rows(sql: string): Promise<readonly (readonly SqlValue[])[]>;
  insertRows(load: InsertLoad): Promise<Timings>;
  updateRows(load: UpdateLoad): Promise<Timings>;
  queryRows(load: QueryLoad): Promise<Timings>;
  runFile(load: FileLoad): Promise<FileTimings>;
  openFloor(): Promise<void>;
  put(count: number, bytes: number): Promise<readonly number[]>;
  closeFloor(): Promise<void>;
  /** The two ends of a raw data channel are made by these three: `channel-end.ts`. */
  offerChannel(): Promise<RTCSessionDescriptionInit>;
  acceptChannel(offer: RTCSessionDescriptionInit): Promise<RTCSessionDescriptionInit>;
  /** Resolves when this end is open; the one that accepted is given no answer. */
  establishChannel(answer: RTCSessionDescriptionInit | null): Promise<void>;
  ping(count: number, bytes: number): Promise<readonly number[]>;
  send(bytes: number): Promise<Timings>;
  closeChannel(): Promise<void>;
  /** One client writes without pause from now on, until the watch ends. */
  startWatch(table: string, bytes: number): Promise<void>;
  /** How many of its writes were acknowledged so far. */
  watched(): Promise<number>;
  endWatch(): Promise<WatchReport>;
}

/** One method of one tab, wherever it is. */
export type CallTab = <Name extends keyof TabApi>(
  method: Name,
  ...args: Parameters<TabApi[Name]>
) => ReturnType<TabApi[Name]>;
