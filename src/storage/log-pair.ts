/**
 * The log store: a log kept in two copies, IndexedDB and a journal in OPFS, because either can be
 * lost as a whole: a browser that finds one file of IndexedDB damaged by a kill deletes all of an
 * origin's databases, and files can be deleted or rot.
 *
 * Every record goes to all copies in the same task and is durable when all say so. At start the
 * copies are read, joined (log-merge.ts) and mended, so that all are whole and durable before the
 * log is given out. From then on nothing is read again.
 *
 * Records are written one after the other, however many are given at once: log-merge.ts builds on
 * that. A whole record is acknowledged when it is durable in all copies and none can be read from
 * the head before it any more; the rest of what it made superfluous is deleted beside later appends.
 *
 * The first failure of any copy, or word that its storage is gone, is final: this process may
 * not know any more what is durable, and only a new start, which reads everything, can tell.
 *
 * Rules: LS1 to LS7 of node/ports.ts. LS6 is the journal's exclusive file handle.
 */

import type { LoadedLog, LogStore } from '../node/ports.ts';
import type { LogRecord } from '../raft/types.ts';
import type { Frame } from './frame.ts';
import type { CopyContents, CopyName, LogCopy } from './log-copy.ts';
import { mergeCopies, needsMending } from './log-merge.ts';
import { replayRecords } from './log-replay.ts';
import type { NodeIdentity } from './names.ts';
import { checkIdentity, encodeGenesis, encodeRecord, isHead } from './record-codec.ts';
import { describeError } from './storage-error.ts';

/** Which copies of the log were behind, absent or damaged when it was opened. */
export type Repaired = 'none' | CopyName | 'both';

export interface OpenedLog {
  readonly store: LogPair;
  readonly log: LoadedLog;
  readonly repaired: Repaired;
}

type Done = (error: string | null) => void;

interface Append {
  readonly record: LogRecord;
  readonly done: Done;
}

export class LogPair implements LogStore {
  readonly #identity: NodeIdentity;
  readonly #copies: readonly LogCopy[];
  readonly #onFailed: (reason: string) => void;
  #last: Frame;
  #sizeBytes: number;
  /** Given but not durable, in order; the first one is being written. */
  readonly #appends: Append[] = [];
  #failure: string | null = null;

  /** The copies hold exactly `chain`. `onFailed` is called once, when the store fails. */
  constructor(
    identity: NodeIdentity,
    copies: readonly LogCopy[],
    chain: readonly [Frame, ...Frame[]],
    onFailed: (reason: string) => void,
  ) {
    this.#identity = identity;
    this.#copies = copies;
    this.#onFailed = onFailed;
    this.#last = chain.at(-1) ?? chain[0];
    this.#sizeBytes = chain.reduce((bytes, frame) => bytes + frame.bytes.length, 0);
  }

  /** What one copy of the log takes now, except for what is still to be deleted. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  append(record: LogRecord, done: Done): void {
    if (this.#failure !== null) {
      const reason = this.#failure;
      queueMicrotask(() => done(reason));
      return;
    }
    this.#appends.push({ record, done });
    if (this.#appends.length === 1) this.#writeFirst();
  }

  /** The storage of a copy is gone, or can be trusted no longer. */
  fail(reason: string): void {
    if (this.#failure !== null) return;
    this.#stop(reason);
    this.#onFailed(reason);
  }

  /** Gives the storage back. What is being written may or may not be found by the next start. */
  close(): void {
    if (this.#failure === null) queueMicrotask(() => this.#stop('the log is closed'));
    this.#failure ??= 'the log is closed';
    for (const copy of this.#copies) copy.close();
  }

  #stop(reason: string): void {
    this.#failure = reason;
    for (const append of this.#appends.splice(0)) append.done(reason);
  }

  #writeFirst(): void {
    const append = this.#appends[0];
    if (append === undefined) return;
    let frame: Frame;
    try {
      frame = encodeRecord(append.record, this.#last, this.#identity);
    } catch (error) {
      queueMicrotask(() => this.fail(describeError(error)));
      return;
    }
    let waiting = this.#copies.length;
    for (const copy of this.#copies) {
      copy.append(frame, (error) => {
        if (this.#failure !== null) return;
        if (error !== null) {
          this.fail(`the log could not be written (${copy.name}): ${error}`);
          return;
        }
        waiting -= 1;
        if (waiting > 0) return;
        if (isHead(frame)) void this.#giveUpBefore(frame, append);
        else this.#finishFirst(append, frame);
      });
    }
  }

  /** A whole record is durable in all copies: what stands before it goes. */
  async #giveUpBefore(head: Frame, append: Append): Promise<void> {
    try {
      let copies = await dropSome(this.#copies, head.sequence);
      if (this.#failure !== null) return;
      this.#sizeBytes = 0;
      this.#finishFirst(append, head);
      while (copies.length > 0 && this.#failure === null) {
        copies = await dropSome(copies, head.sequence);
      }
    } catch (error) {
      this.fail(`the log could not be compacted: ${describeError(error)}`);
    }
  }

  #finishFirst(append: Append, frame: Frame): void {
    this.#last = frame;
    this.#sizeBytes += frame.bytes.length;
    this.#appends.shift();
    const next = this.#appends.length > 0;
    append.done(null);
    if (next && this.#failure === null) this.#writeFirst();
  }
}

/** Answers the copies that have more to delete. */
async function dropSome(copies: readonly LogCopy[], head: number): Promise<readonly LogCopy[]> {
  const hasMore = await Promise.all(copies.map((copy) => copy.drop(head)));
  return copies.filter((_, i) => hasMore[i]);
}

/**
 * Opens the log of `identity` in `copies`, or makes it.
 *
 * `wanted`: the first record of a log that is to be made (null: none, only the genesis). It is
 * for a log of which nothing was ever acknowledged: one whose making was cut off is completed, be it
 * unreadable, and one that was made before and goes on behind `wanted` is opened. 'open': the log
 * must be there.
 *
 * Answers 'absent' where there is no trace of a log; throws `StorageError` 'Corrupt'. In both cases
 * nothing was changed.
 */
export async function openCopies(
  identity: NodeIdentity,
  copies: readonly LogCopy[],
  wanted: LogRecord | null | 'open',
  onFailed: (reason: string) => void,
): Promise<OpenedLog | 'absent'> {
  const contents = await Promise.all(copies.map((copy) => copy.load()));
  const sources = wanted === 'open' ? contents : [...contents, makeLog(identity, wanted)];
  const chain = mergeCopies(sources);
  const [head, ...records] = chain;
  if (head === undefined) return 'absent';
  checkIdentity(head, identity);
  const log = replayRecords(chain);
  const mended = copies.filter((_, i) => {
    const content = contents[i];
    return content === undefined || needsMending(content, chain);
  });
  for (const copy of copies) await copy.settle(chain);
  const store = new LogPair(identity, copies, [head, ...records], onFailed);
  return { store, log, repaired: repairedOf(mended) };
}

/** A log not yet written, as if it were one more, whole copy of itself. */
function makeLog(identity: NodeIdentity, first: LogRecord | null): CopyContents {
  const genesis = encodeGenesis(identity);
  const chain = first === null ? [genesis] : [genesis, encodeRecord(first, genesis, identity)];
  const recordByNumber = new Map(chain.map((frame) => [frame.sequence, frame]));
  return { recordByNumber, damage: null, lastTrace: chain.length - 1 };
}

function repairedOf(mended: readonly LogCopy[]): Repaired {
  const [first, second] = mended;
  if (first === undefined) return 'none';
  return second === undefined ? first.name : 'both';
}
