/**
 * A log store in memory: the reference that the contract suite is checked by. The log outlives the
 * store in a `MemoryLog`, as a disk outlives a process.
 */

import type { LoadedLog, LogStore } from '../../src/node/ports.ts';
import type { LogRecord } from '../../src/raft/types.ts';
import { effectOf } from './records.ts';

export class MemoryLog {
  records: LogRecord[] | null = null;
  isCorrupt = false;
  failNextWrite = false;
  owner: MemoryLogStore | null = null;

  /** Throws 'in use', or 'Corrupt' for what cannot be read. */
  open(wanted: LogRecord | null | 'open'): { store: MemoryLogStore; log: LoadedLog } | 'absent' {
    if (this.owner !== null) throw new Error('in use');
    if (this.isCorrupt) throw new Error('Corrupt');
    if (this.records === null && wanted === 'open') return 'absent';
    this.records ??= wanted === 'open' || wanted === null ? [] : [wanted];
    this.owner = new MemoryLogStore(this);
    return { store: this.owner, log: effectOf(this.records) };
  }
}

class MemoryLogStore implements LogStore {
  readonly #log: MemoryLog;
  #failure: string | null = null;

  constructor(log: MemoryLog) {
    this.#log = log;
  }

  append(record: LogRecord, done: (error: string | null) => void): void {
    queueMicrotask(() => {
      if (this.#log.owner !== this) return;
      if (this.#log.failNextWrite) this.#failure ??= 'the disk is full';
      if (this.#failure === null) {
        if (record.snapshot !== null) this.#log.records = [];
        this.#log.records?.push(record);
      }
      done(this.#failure);
    });
  }
}
