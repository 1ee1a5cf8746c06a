/**
 * The pair against a model, on a disk that dies at any operation and is damaged in any way between
 * two starts. Every record carries its number in its hard state's term; so what is loaded tells
 * how many records it shows, and everything else must be what exactly that many records do. Some of
 * them are whole, so that the log is compacted again and again, by few records at a time.
 *
 * - Safety, under any faults: a start gives back a prefix of the records given that has all
 *   acknowledged ones, or says that the log is corrupt or absent.
 * - Recovery, under one fault at a time, in one copy: the start succeeds.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';

import type { LogRecord } from '../../src/raft/types.ts';
import { IndexedDbCopy } from '../../src/storage/indexeddb-copy.ts';
import { JournalCopy } from '../../src/storage/journal-copy.ts';
import { openCopies, type OpenedLog } from '../../src/storage/log-pair.ts';
import { StorageError } from '../../src/storage/storage-error.ts';
import { FakeDisk, FILES, randomOf, type CrashKind, type FileNumber } from './fake-disk.ts';
import { compactingRecord, effectOf, IDENTITY, numberedRecord, plainLog } from './records.ts';

/** Few, so that mending and deleting take several transactions. */
const MEND_BYTES = 300;
const DROP_RECORDS = 2;

type Fault =
  | { readonly type: 'wipe-table' }
  | { readonly type: 'delete-file'; readonly file: FileNumber }
  | { readonly type: 'delete-files' }
  | { readonly type: 'flip-file-bit'; readonly file: FileNumber; readonly at: number }
  | { readonly type: 'flip-table-bit'; readonly row: number; readonly at: number }
  | { readonly type: 'unreadable-value'; readonly row: number }
  | { readonly type: 'lost-inner-key'; readonly row: number };

interface Incarnation {
  /** Records given, one after the other. */
  readonly appends: number;
  /** Given without waiting for the one before. */
  readonly isHasty: boolean;
  /** The process dies before the operation of this number; null: when all is acknowledged. */
  readonly dyingAt: number | null;
  readonly crash: CrashKind;
  /** Draws how much of what was not yet durable is left. */
  readonly crashSeed: number;
  /** What happens to the disk after it. */
  readonly faults: readonly Fault[];
}

type Outcome = 'opened' | 'died' | 'corrupt' | 'absent';

class Model {
  readonly disk = new FakeDisk();
  /** Every how many records one is whole; null: none is. */
  readonly #period: number | null;
  /** The number of the last record that is in the log or may be. */
  given = 0;
  acknowledged = 0;
  #isMade = false;

  constructor(period: number | null) {
    this.#period = period;
  }

  async live(incarnation: Incarnation): Promise<Outcome> {
    this.disk.operationsLeft = incarnation.dyingAt;
    const opened = await this.#open();
    if (typeof opened !== 'object') return opened;
    this.#check(opened);
    await this.#append(opened, incarnation);
    return 'opened';
  }

  async #open(): Promise<OpenedLog | Outcome> {
    const copies = [
      new IndexedDbCopy(this.disk.openTable(), MEND_BYTES, DROP_RECORDS),
      new JournalCopy(this.disk.openFiles()),
    ];
    try {
      const wanted = this.#isMade ? 'open' : null;
      const opened = await openCopies(IDENTITY, copies, wanted, () => {});
      if (this.disk.isDead) return 'died';
      this.#isMade = true;
      return opened;
    } catch (error) {
      if (this.disk.isDead) return 'died';
      if (error instanceof StorageError && error.code === 'Corrupt') return 'corrupt';
      throw error;
    }
  }

  #check({ log }: OpenedLog): void {
    const shown = log.hardState.term;
    if (shown < this.acknowledged || shown > this.given) {
      throw new Error(`shows ${shown} of ${this.given}, ${this.acknowledged} acknowledged`);
    }
    const records = Array.from({ length: shown }, (_, i) => this.#record(i + 1));
    expectSame(plainLog(log), effectOf(records));
    this.#checkSpace(shown);
    this.given = shown;
    this.acknowledged = shown;
  }

  #record(number: number): LogRecord {
    if (this.#period === null) return numberedRecord(number);
    return compactingRecord(number, this.#period);
  }

  /** The copies hold the last whole record, what follows, and nothing else. */
  #checkSpace(last: number): void {
    const first = this.#period === null ? 0 : last - (last % this.#period);
    const numbers = Array.from({ length: last - first + 1 }, (_, i) => first + i);
    expectSame(
      [...this.disk.rows.keys()].map(Number).toSorted((a, b) => a - b),
      numbers,
    );
    const rows = numbers.map((number) => this.disk.rows.get(number) as Uint8Array);
    const sizes = FILES.map((file) => this.disk.fileBytes(file).length);
    const size = rows.reduce((sum, row) => sum + row.length, 0);
    expectSame(
      sizes.toSorted((a, b) => a - b),
      [0, size],
    );
  }

  async #append({ store }: OpenedLog, { appends, isHasty }: Incarnation): Promise<void> {
    const answers: Promise<void>[] = [];
    for (let i = 0; i < appends && !this.disk.isDead; i += 1) {
      this.given += 1;
      const number = this.given;
      const answer = new Promise<void>((resolve) => {
        store.append(this.#record(number), (error) => {
          if (error === null) this.acknowledged = number;
          resolve();
        });
      });
      answers.push(answer);
      if (!isHasty) await answer;
    }
    await Promise.all(answers);
  }
}

/** Compares as text, which takes a tenth of the time; what differs is shown as the test runner does it. */
function expectSame(found: unknown, wanted: unknown): void {
  if (JSON.stringify(found) === JSON.stringify(wanted)) return;
  expect(found).toEqual(wanted);
  throw new Error(`${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`);
}

function apply(disk: FakeDisk, fault: Fault): void {
  const rows = [...disk.rows.keys()];
  switch (fault.type) {
    case 'wipe-table':
      disk.rows.clear();
      return;
    case 'delete-file':
      disk.setFileBytes(fault.file, new Uint8Array(0));
      return;
    case 'delete-files':
      for (const file of FILES) disk.setFileBytes(file, new Uint8Array(0));
      return;
    case 'flip-file-bit': {
      const bytes = disk.fileBytes(fault.file).slice();
      flipBit(bytes, fault.at);
      disk.setFileBytes(fault.file, bytes);
      return;
    }
    case 'flip-table-bit': {
      const row = disk.rows.get(rows[fault.row % rows.length]);
      if (row instanceof Uint8Array) flipBit(row, fault.at);
      return;
    }
    case 'unreadable-value':
      if (rows.length > 0) disk.rows.set(rows[fault.row % rows.length], undefined);
      return;
    case 'lost-inner-key':
      if (rows.length > 1)
        disk.rows.delete(Math.min(...rows.map(Number)) + (fault.row % (rows.length - 1)));
      return;
  }
}

function flipBit(bytes: Uint8Array, at: number): void {
  if (bytes.length === 0) return;
  const index = Math.floor(at / 8) % bytes.length;
  bytes[index] = (bytes[index] ?? 0) ^ (1 << (at % 8));
}

const position = fc.nat(1_000_000);

const fileNumber = fc.constantFrom(...FILES);

const fileFault: fc.Arbitrary<Fault> = fc.oneof(
  fc.constant<Fault>({ type: 'delete-files' }),
  fileNumber.map((file): Fault => ({ type: 'delete-file', file })),
  fc.tuple(fileNumber, position).map(([file, at]): Fault => ({ type: 'flip-file-bit', file, at })),
);

const tableFault: fc.Arbitrary<Fault> = fc.oneof(
  fc.constant<Fault>({ type: 'wipe-table' }),
  fc.tuple(position, position).map(([row, at]): Fault => ({ type: 'flip-table-bit', row, at })),
  position.map((row): Fault => ({ type: 'unreadable-value', row })),
  position.map((row): Fault => ({ type: 'lost-inner-key', row })),
);

function incarnation(faults: fc.Arbitrary<Fault[]>, crash: fc.Arbitrary<CrashKind>) {
  return fc.record<Incarnation>({
    appends: fc.nat(12),
    isHasty: fc.boolean(),
    dyingAt: fc.option(fc.nat(60)),
    crash,
    crashSeed: fc.integer(),
    faults,
  });
}

const period = fc.constantFrom(null, 2, 3, 5, 7);

const RUNS = { numRuns: 1_000 };

test('LS1 LS2 LS3 LS5 whatever happens to both copies, nothing acknowledged is lost silently', async () => {
  const faults = fc.array(fc.oneof(fileFault, tableFault), { maxLength: 3 });
  const crash = fc.constantFrom<CrashKind>('kill', 'power-failure');
  const outcomes = new Map<Outcome, number>();
  const lives = fc.array(incarnation(faults, crash), { minLength: 1, maxLength: 6 });
  const property = fc.asyncProperty(period, lives, async (period, lives) => {
    const model = new Model(period);
    for (const life of lives) {
      const outcome = await model.live(life);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      if (outcome === 'corrupt' || outcome === 'absent') return;
      model.disk.restart(life.crash, randomOf(life.crashSeed));
      for (const fault of life.faults) apply(model.disk, fault);
    }
  });
  await fc.assert(property, RUNS);
  expect(
    Math.min(...['opened', 'died', 'corrupt'].map((o) => outcomes.get(o as Outcome) ?? 0)),
  ).toBeGreaterThan(50);
});

test('LS1 LS5 a kill and the loss of, or damage in, one copy never keeps the log from opening', async () => {
  const faults = fc.array(fc.oneof(fileFault, tableFault), { maxLength: 1 });
  const lives = fc.array(incarnation(faults, fc.constant('kill')), { minLength: 2, maxLength: 6 });
  const property = fc.asyncProperty(period, lives, async (period, lives) => {
    const model = new Model(period);
    for (const life of lives) {
      const outcome = await model.live(life);
      expect(['opened', 'died']).toContain(outcome);
      model.disk.restart('kill', randomOf(life.crashSeed));
      // The next fault comes when what the one before has done is mended.
      if (outcome === 'opened') for (const fault of life.faults) apply(model.disk, fault);
    }
    expect(await model.live({ ...calm, appends: 1 })).toBe('opened');
  });
  await fc.assert(property, RUNS);
});

test('LS1 LS5 a power failure alone never keeps the log from opening', async () => {
  const crash = fc.constant<CrashKind>('power-failure');
  const lives = fc.array(incarnation(fc.constant([]), crash), { minLength: 2, maxLength: 6 });
  const property = fc.asyncProperty(period, lives, async (period, lives) => {
    const model = new Model(period);
    for (const life of lives) {
      expect(['opened', 'died']).toContain(await model.live(life));
      model.disk.restart('power-failure', randomOf(life.crashSeed));
    }
    expect(await model.live({ ...calm, appends: 1 })).toBe('opened');
  });
  await fc.assert(property, RUNS);
});

const calm: Incarnation = {
  appends: 0,
  isHasty: false,
  dyingAt: null,
  crash: 'kill',
  crashSeed: 1,
  faults: [],
};
