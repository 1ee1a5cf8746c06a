/**
 * One copy of a log, in whatever medium: what it must do, what it tells of itself, and how damage
 * is told from the traces of a process that died while writing.
 *
 * Traces decide what may be believed. A record leaves a trace wherever it stands, readable or not:
 * a key, a header, a stretch of bytes. `lastTrace` is the highest number of which anything is to be
 * seen. What was only begun when the process died leaves none: a database transaction is all or
 * nothing, and a file that ends in the middle of a record was never flushed with that record whole.
 *
 * A copy begins with a head (record-codec.ts): its latest good one. What stands before that is
 * superfluous and awaits being deleted; nothing about it can be damage.
 */

import type { Frame } from './frame.ts';
import { isHead } from './record-codec.ts';

export type CopyName = 'indexeddb' | 'journal';

export interface CopyContents {
  /** The good records, by number. Those from the latest head to the first gap form a chain. */
  readonly recordByNumber: ReadonlyMap<number, Frame>;
  /** What is wrong with the copy from its latest head on; null: it is whole, or absent. */
  readonly damage: string | null;
  /** The highest number that left a trace, readable or not; -1: none. */
  readonly lastTrace: number;
}

export interface LogCopy {
  readonly name: CopyName;

  /** Called once, first. */
  load(): Promise<CopyContents>;

  /**
   * Makes the copy hold exactly `chain`, durably; called once, after `load`, with a chain that
   * contains every good record of it from the chain's head on. Whatever is missing is written
   * **from the last record backwards, the last one made durable first**: a copy whose mending was cut
   * off is seen as damaged, and never as a whole but shorter log. What stands before the chain's head
   * is deleted last.
   */
  settle(chain: readonly Frame[]): Promise<void>;

  /**
   * Writes the next record; `done(null)` when it is durable. Everything that can be started is
   * started before it returns; `done` is called once, and only after it has returned.
   */
  append(frame: Frame, done: (error: string | null) => void): void;

  /**
   * Deletes a bounded part of what stands before the whole record `head`, which is durable in every
   * copy. After the first call the copy can no longer be taken for one that begins with an earlier
   * head, whatever happens. Resolves, once that is durable, to whether there is more to delete.
   */
  drop(head: number): Promise<boolean>;

  close(): void;
}

/** The latest record that a log can begin with. */
export function latestHead(records: Iterable<Frame>): Frame | null {
  let latest: Frame | null = null;
  for (const frame of records) {
    if (isHead(frame) && frame.sequence > (latest?.sequence ?? -1)) latest = frame;
  }
  return latest;
}

/** Collects what a scan of a copy finds. */
export class CopyScan {
  readonly recordByNumber = new Map<number, Frame>();
  damage: string | null = null;
  lastTrace = -1;

  /** Only the first thing that is wrong is told. */
  addDamage(what: string): void {
    this.damage ??= what;
  }

  addTrace(sequence: number): void {
    this.lastTrace = Math.max(this.lastTrace, sequence);
  }

  addRecord(frame: Frame): void {
    this.addTrace(frame.sequence);
    if (!this.recordByNumber.has(frame.sequence)) this.recordByNumber.set(frame.sequence, frame);
  }
}
