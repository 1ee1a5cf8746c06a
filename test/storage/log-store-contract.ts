/**
 * The rules LS1 to LS7 of node/ports.ts as tests that any log store must pass. It runs in Node and in
 * a browser; all it knows of the store is a harness that makes, opens, kills and damages one log.
 */

import { describe, expect, test } from 'vitest';

import type { LoadedLog } from '../../src/node/ports.ts';
import type { LogRecord, Term } from '../../src/raft/types.ts';
import { sameBytes } from '../../src/storage/frame.ts';
import {
  command,
  compactingRecord,
  configuration,
  effectOf,
  nodeId,
  noop,
  record,
  wholeRecord,
} from './records.ts';

export interface LogHarness {
  /** Makes the log, with a first record or without, and opens it. */
  create(first: LogRecord | null): Promise<LoadedLog>;
  open(): Promise<LoadedLog | 'absent'>;
  /** Gives all the records in one task; answers by what `done` was called with, in that order. */
  append(records: readonly LogRecord[]): Promise<AppendAnswer[]>;
  /** Gives the record and kills the process before it can know more. */
  appendAndKill(record: LogRecord): Promise<void>;
  /** Ends the process that has the log open; `create` and `open` start another. */
  kill(): Promise<void>;
  /** Another process tries to open the log. */
  openElsewhere(): Promise<unknown>;
  failNextWrite(): Promise<void>;
  /** Changes a bit of the record of this number, counted from 1, in every copy; nothing is open. */
  damage(number: number): Promise<void>;
  /** What the largest copy takes on its medium; the log is open and nothing is being written. */
  storedBytes(): Promise<number>;
  /** Deletes every copy; nothing is open. */
  wipe(): Promise<void>;
  /** Deletes what the test made. */
  dispose(): Promise<void>;
}

export interface AppendAnswer {
  /** Which of the records given, counted from 0. */
  readonly number: number;
  readonly error: string | null;
  /** Whether `append` had returned when the answer came. */
  readonly isLater: boolean;
}

export interface ContractOptions {
  /** Whether this store alone keeps a second opener out (a copy may leave it to the other). */
  readonly isFence: boolean;
}

const LATIN1 = new TextDecoder('latin1');

async function reopen(log: LogHarness): Promise<LoadedLog | 'absent'> {
  await log.kill();
  return await log.open();
}

async function appendOne(log: LogHarness, record: LogRecord): Promise<string | null> {
  const [answer] = await log.append([record]);
  if (answer === undefined) throw new Error('no answer');
  return answer.error;
}

/** Its bytes as text: the test runner compares large arrays number by number, and slowly. */
function told(log: LoadedLog | 'absent'): unknown {
  if (log === 'absent') return log;
  const entries = log.entries.map((entry) =>
    entry.type === 'command' ? { ...entry, data: LATIN1.decode(entry.data) } : entry,
  );
  return { ...log, entries };
}

export function describeLogStore(
  name: string,
  makeHarness: () => Promise<LogHarness>,
  { isFence }: ContractOptions,
): void {
  const it = test.extend<{ log: LogHarness }>({
    log: async ({}, use) => {
      const harness = await makeHarness();
      await use(harness);
      await harness.dispose();
    },
  });
  const records = [
    record(1, [noop(1, 1), command(2, 1, new Uint8Array([1, 2, 3]))]),
    record(null, [command(3, 1, new Uint8Array(0))]),
    record(4),
    record(5, [configuration(3, 5, [nodeId('aaaaaaaaaa'), nodeId('bbbbbbbbbb')]), noop(4, 5)]),
  ];

  describe(`log store: ${name}`, () => {
    it('LS1 a load gives back what every acknowledged record did', async ({ log }) => {
      expect(await log.create(null)).toEqual(effectOf([]));
      for (const [i, each] of records.entries()) {
        expect(await appendOne(log, each)).toBeNull();
        expect(await reopen(log)).toEqual(effectOf(records.slice(0, i + 1)));
      }
    });

    it('LS1 a vote is given back, and an earlier one forgotten', async ({ log }) => {
      await log.create(null);
      const voted = {
        ...record(7),
        hardState: { term: 7 as Term, votedFor: nodeId('voteforthisone') },
      };
      expect(await appendOne(log, voted)).toBeNull();
      expect(await reopen(log)).toEqual(voted);
      await appendOne(log, record(8));
      expect(await reopen(log)).toEqual(effectOf([record(8)]));
    });

    it('LS1 the record a log is made with is there, and only once', async ({ log }) => {
      const first = record(1, [configuration(1, 1, [nodeId('aaaaaaaaaa')])]);
      expect(await log.create(first)).toEqual(effectOf([first]));
      await log.kill();
      expect(await log.create(first)).toEqual(effectOf([first]));
      expect(await appendOne(log, record(2, [noop(2, 2)]))).toBeNull();
      expect(await reopen(log)).toEqual(effectOf([first, record(2, [noop(2, 2)])]));
    });

    it('LS1 a record of 10 MiB is given back', async ({ log }) => {
      await log.create(null);
      const data = new Uint8Array(10 * 1_024 * 1_024);
      for (let i = 0; i < data.length; i += 1) data[i] = i % 251;
      expect(await appendOne(log, record(1, [command(1, 1, data)]))).toBeNull();
      const loaded = await reopen(log);
      if (loaded === 'absent') throw new Error('absent');
      const [entry] = loaded.entries;
      if (entry?.type !== 'command') throw new Error('no command');
      expect(sameBytes(entry.data, data)).toBe(true);
    });

    it('LS2 a record that was being written is there whole or not at all', async ({ log }) => {
      await log.create(null);
      const before = [record(1, [noop(1, 1)])];
      await log.append(before);
      const last = record(2, [noop(2, 2), command(3, 2, new Uint8Array(100_000)), noop(4, 2)]);
      await log.appendAndKill(last);
      const loaded = await log.open();
      const possible = [before, [...before, last]].map((given) => told(effectOf(given)));
      expect(possible).toContainEqual(told(loaded));
      expect(told(await reopen(log))).toEqual(told(loaded));
    });

    it('LS3 records given at once are acknowledged in order, and later', async ({ log }) => {
      await log.create(null);
      const many = Array.from({ length: 40 }, (_, i) => record(i + 1, [noop(i + 1, i + 1)]));
      const answers = await log.append(many);
      expect(answers).toEqual(many.map((_, number) => ({ number, error: null, isLater: true })));
      expect(await reopen(log)).toEqual(effectOf(many));
    });

    it('LS4 after a failure everything fails, and nothing more is written', async ({ log }) => {
      await log.create(null);
      await log.append([record(1, [noop(1, 1)])]);
      await log.failNextWrite();
      const answers = await log.append([record(2), record(3), record(4)]);
      expect(answers.map(({ number }) => number)).toEqual([0, 1, 2]);
      expect(answers.every(({ error, isLater }) => error !== null && isLater)).toBe(true);
      expect(await appendOne(log, record(5))).not.toBeNull();
      const one = [record(1, [noop(1, 1)])];
      expect([effectOf(one), effectOf([...one, record(2)])]).toContainEqual(await reopen(log));
    });

    it('LS5 an acknowledged record that cannot be read is corruption', async ({ log }) => {
      await log.create(null);
      await log.append(records);
      await log.kill();
      await log.damage(2);
      await expect(log.open()).rejects.toThrow(/Corrupt/);
      await expect(log.open()).rejects.toThrow(/Corrupt/);
    });

    it('LS5 so is the last one', async ({ log }) => {
      await log.create(null);
      await log.append(records);
      await log.kill();
      await log.damage(records.length);
      await expect(log.open()).rejects.toThrow(/Corrupt/);
    });

    it('LS5 a log never made, or wiped, is absent', async ({ log }) => {
      expect(await log.open()).toBe('absent');
      await log.create(records[0] ?? null);
      await log.kill();
      await log.wipe();
      expect(await log.open()).toBe('absent');
      expect(await log.open()).toBe('absent');
    });

    it('LS7 a whole record replaces everything before it', async ({ log }) => {
      await log.create(null);
      await log.append(records);
      const whole = wholeRecord(7, 6, [noop(8, 6), command(9, 6, new Uint8Array([1]))]);
      expect(await appendOne(log, whole)).toBeNull();
      expect(await reopen(log)).toEqual(effectOf([whole]));
      const behind = [record(7, [noop(9, 7)]), record(null, [noop(10, 7)]), record(8)];
      for (const each of behind) expect(await appendOne(log, each)).toBeNull();
      expect(await reopen(log)).toEqual(effectOf([whole, ...behind]));
      const installed = wholeRecord(1_000, 9);
      await log.append([installed, record(10)]);
      expect(await reopen(log)).toEqual(effectOf([installed, record(10)]));
      expect(await reopen(log)).toEqual(effectOf([installed, record(10)]));
    });

    it('LS2 LS7 a whole record that was being written is there or not', async ({ log }) => {
      await log.create(null);
      await log.append(records);
      const whole = wholeRecord(3, 6, [command(4, 6, new Uint8Array(100_000))]);
      await log.appendAndKill(whole);
      const loaded = await log.open();
      const possible = [records, [...records, whole]].map((given) => told(effectOf(given)));
      expect(possible).toContainEqual(told(loaded));
      expect(told(await reopen(log))).toEqual(told(loaded));
      expect(await appendOne(log, whole)).toBeNull();
      expect(told(await reopen(log))).toEqual(told(effectOf([whole])));
    });

    it('LS5 LS7 a whole record that cannot be read is corruption', async ({ log }) => {
      await log.create(null);
      await log.append([record(1, [noop(1, 1)]), wholeRecord(1, 2), record(3)]);
      await log.kill();
      await log.damage(2);
      await expect(log.open()).rejects.toThrow(/Corrupt/);
      await expect(log.open()).rejects.toThrow(/Corrupt/);
    });

    it('LS7 the space of what a whole record replaced is given back', async ({ log }) => {
      await log.create(null);
      const bytes = 10_000;
      const given = Array.from({ length: 100 }, (_, i) => compactingRecord(i + 1, 7, bytes));
      const answers = await log.append(given);
      expect(answers.every(({ error }) => error === null)).toBe(true);
      await expect.poll(() => log.storedBytes()).toBeLessThan(7 * 1.5 * bytes);
      expect(told(await reopen(log))).toEqual(told(effectOf(given)));
      expect(await log.storedBytes()).toBeLessThan(7 * 1.5 * bytes);
    });

    if (!isFence) return;
    it('LS6 a second opener is refused until the first is gone', async ({ log }) => {
      await log.create(null);
      await expect(log.openElsewhere()).rejects.toThrow(/in use/);
      expect(await appendOne(log, record(3))).toBeNull();
      expect(await reopen(log)).toEqual(effectOf([record(3)]));
    });
  });
}
