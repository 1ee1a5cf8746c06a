/**
 * One copy of a log, in whatever medium: what it must do, what it tells of itself, and how damage
 * is told from the traces of a process that died while writing.
 *
 * Traces decide what may be believed. A record leaves a trace wherever it stands, readable or not:
 * a key, a header, a stretch of bytes. `lastTrace` is the highest number of which anything is to be
 * seen. What was only begun when the process died leaves none: a database transaction is all or
 * nothing, and a file that ends in the middle of a record was never flushed with that record whole.
 */

import type { Frame } from './frame.ts';

export type CopyName = 'indexeddb' | 'journal';

export interface CopyContents {
  /** The good records, by number. Those up to the first gap form a chain; others may follow. */
  readonly recordByNumber: ReadonlyMap<number, Frame>;
  /** What is wrong with the copy; null: it is whole, or absent. */
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
   * contains every good record of it. Whatever is missing is written **from the last record
   * backwards, the last one made durable first**: a copy whose mending was cut off is seen as
   * damaged, and never as a whole but shorter log.
   */
  settle(chain: readonly Frame[]): Promise<void>;

  /**
   * Writes the next record; `done(null)` when it is durable. Everything that can be started is
   * started before it returns; `done` is called once, and only after it has returned.
   */
  append(frame: Frame, done: (error: string | null) => void): void;

  close(): void;
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
