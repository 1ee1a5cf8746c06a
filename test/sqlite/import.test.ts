/** Importing a file by log entries: whole or not at all, and the same on every node. */

import { describe, expect, it } from 'vitest';
import type { CommandOutcome } from '../../src/node/command.ts';
import type { Entry, LogIndex } from '../../src/raft/types.ts';
import { encodeApplyOutcome } from '../../src/sqlite/apply-codec.ts';
import { hashDatabase } from '../../src/sqlite/hash.ts';
import { IMPORT_FORGET_MS, IMPORT_SILENCE_MS } from '../../src/sqlite/limits.ts';
import { contentsOf, contentsOfFile, makeFile } from './files.ts';
import { chunk, HASH, importOf, LogWriter, told } from './import-log.ts';
import { AFTERWARDS, logOfImport, Machine, OWN_DATA, SCHEMA } from './import-machine.ts';
import { checkEntry, commandEntry, requestOf } from './log.ts';
import { copy, openLocal, resultOf } from './machine.ts';
import { loadTestRuntime, newName } from './support.ts';

const runtime = await loadTestRuntime();
const file = makeFile(runtime, SCHEMA);

/** Applies the log to the end, `cut` entries at a time, with something done between the batches. */
function follow(
  machine: Machine,
  log: readonly Entry[],
  cut: number,
  between: (machine: Machine) => void = () => undefined,
): Uint8Array {
  const outcomes: CommandOutcome[] = [];
  for (let at = 0; at < log.length; at += cut) {
    outcomes.push(...machine.apply(log.slice(at, at + cut)));
    between(machine);
  }
  return encodeApplyOutcome({ type: 'applied', outcomes });
}

describe('an imported file', () => {
  it('is the data of every node, however entries are cut and nodes die', () => {
    const log = logOfImport(file);
    const imported = log.entries.length;
    log.addAll(AFTERWARDS);
    const checks = [1, 2, 3].map((at) => checkEntry(log.entries.length + at));
    const entries = [...log.entries, ...checks];
    const first = new Machine(runtime);
    const [outcomes] = [first.apply(entries.slice(0, imported))];
    expect(told(outcomes.at(-1))).toBe(file.length);
    expect(first.contents).toEqual(contentsOfFile(runtime, file));
    const expected = encodeApplyOutcome({
      type: 'applied',
      outcomes: [...outcomes, ...first.apply(entries.slice(imported))],
    });
    const small = { cacheKib: 64, checkpointBytes: 30_000, sliceBytes: 5_000 };
    const others: [Machine, number, ((machine: Machine) => void)?][] = [
      [new Machine(runtime, { cacheKib: 64 }), 3],
      [new Machine(runtime, small), 1, (machine) => machine.restart()],
      [new Machine(runtime), 1, (machine) => machine.crash()],
      [new Machine(runtime), 2, (machine) => machine.crash()],
    ];
    for (const [machine, cut, between] of others) {
      const given = follow(machine, entries, cut, between);
      if (cut > 1 || between === undefined) expect(given).toEqual(expected);
      expect(machine.hash).toBe(first.hash);
    }
  });

  it.each([
    ['the smallest pages', ['PRAGMA page_size = 512']],
    ['the largest pages', ['PRAGMA page_size = 65536']],
    ['pages that move', ['PRAGMA page_size = 1024', 'PRAGMA auto_vacuum = FULL']],
  ])('with %s stays as it is', (_what, pragmas) => {
    const bytes = makeFile(runtime, [...pragmas, ...SCHEMA.slice(1)]);
    const log = logOfImport(bytes, 50_000);
    log.addAll(AFTERWARDS);
    const [whole, single] = [
      new Machine(runtime),
      new Machine(runtime, { cacheKib: 8, checkpointBytes: 20_000 }),
    ];
    whole.apply(log.entries);
    follow(single, log.entries, 1, (machine) => machine.restart());
    expect(single.hash).toBe(whole.hash);
    for (const pragma of ['page_size', 'auto_vacuum']) {
      const { connection } = whole.state.database;
      expect(connection.run(`PRAGMA ${pragma}`)).toEqual(
        new Map([
          ['page_size', [pageSize(bytes)]],
          ['auto_vacuum', [_what.includes('move') ? 1 : 0]],
        ]).get(pragma),
      );
    }
    expect(single.state.database.connection.run('PRAGMA integrity_check')).toEqual(['ok']);
  });

  it('may hold nothing at all', () => {
    const machine = new Machine(runtime);
    machine.apply(logOfImport(makeFile(runtime, ['PRAGMA user_version = 3'])).entries);
    machine.crash();
    expect(machine.contents).toMatchObject({ schema: [], numbers: [[3], [0]] });
  });

  it('can be followed by another one, and by a snapshot that another node goes on from', async () => {
    const log = logOfImport(file);
    const other = makeFile(runtime, ['CREATE TABLE other(a)', 'INSERT INTO other VALUES(7)']);
    log.addAll(importOf(other));
    const machine = openLocal(runtime, newName(), 0);
    await machine.machine.apply(log.entries);
    expect(contentsOf(machine.state.database.connection)).toEqual(contentsOfFile(runtime, other));
    const snapshot = resultOf(await machine.machine.openSnapshot());
    const receiver = openLocal(runtime, newName(), 0);
    await receiver.machine.apply(log.entries.slice(0, 5));
    await copy(machine.machine, snapshot, receiver.machine, 1);
    resultOf(await receiver.machine.finishStage());
    resultOf(await receiver.machine.restore(1));
    const before = log.entries.length;
    log.addAll(importOf(file));
    for (const { state } of [machine, receiver]) {
      expect(state.apply(log.entries.slice(before)).type).toBe('applied');
    }
    expect(hashDatabase(receiver.state.database)).toBe(hashDatabase(machine.state.database));
  });

  it('is finished by a node that got what had come in a snapshot', async () => {
    const log = logOfImport(file);
    const half = log.entries.length - 3;
    const source = openLocal(runtime, newName(), 0);
    await source.machine.apply(log.entries.slice(0, half));
    const snapshot = resultOf(await source.machine.openSnapshot());
    const receiver = openLocal(runtime, newName(), 0);
    await copy(source.machine, snapshot, receiver.machine, 1);
    resultOf(await receiver.machine.finishStage());
    resultOf(await receiver.machine.restore(1));
    const expected = hashDatabase(source.state.database);
    expect(hashDatabase(receiver.state.database)).toBe(expected);
    // An open snapshot ends with what it is of.
    await source.machine.apply(log.entries.slice(half));
    expect(await source.machine.read(0, 1)).toMatchObject({ type: 'refused' });
    await receiver.machine.apply(log.entries.slice(half));
    expect(hashDatabase(receiver.state.database)).toBe(hashDatabase(source.state.database));
    expect(contentsOf(receiver.state.database.connection)).toEqual(contentsOfFile(runtime, file));
  });

  it('leaves a snapshot alone that is being received, or waits to be restored', async () => {
    const log = logOfImport(file);
    const source = openLocal(runtime, newName(), 0);
    await source.machine.apply(log.entries);
    log.addAll(AFTERWARDS);
    await source.machine.apply(log.entries.slice(-AFTERWARDS.length));
    const snapshot = resultOf(await source.machine.openSnapshot());
    for (const isFinished of [false, true]) {
      const receiver = openLocal(runtime, newName(), 0);
      await copy(source.machine, snapshot, receiver.machine, 1);
      if (isFinished) resultOf(await receiver.machine.finishStage());
      await receiver.machine.apply(log.entries.slice(0, -AFTERWARDS.length));
      if (!isFinished) resultOf(await receiver.machine.finishStage());
      expect(resultOf(await receiver.machine.restore(1))).toBe(log.entries.length);
      expect(hashDatabase(receiver.state.database)).toBe(hashDatabase(source.state.database));
    }
  });

  it('with double-quoted strings in its schema can be vacuumed', () => {
    const bytes = makeFile(runtime, [
      "CREATE TABLE t(a CHECK(a <> 'x'), b AS (a || 'x'))",
      "CREATE INDEX i ON t(a) WHERE a <> 'x'",
      'PRAGMA writable_schema = ON',
      `UPDATE sqlite_schema SET sql = replace(sql, '''x''', '"x"')`,
    ]);
    const log = logOfImport(bytes);
    log.add({ mode: 'vacuum' });
    const machine = new Machine(runtime);
    expect(told(machine.apply(log.entries).at(-1))).toBe(0);
    expect(machine.contents).toEqual(contentsOfFile(runtime, bytes));
  });

  it('is answered once: a copy of the last request has no effect', () => {
    const log = logOfImport(file);
    const machine = new Machine(runtime);
    const outcomes = machine.apply(log.entries);
    machine.apply([{ ...log.add(AFTERWARDS[0] ?? requestOf([]), 2) }]);
    const { hash } = machine;
    const again = log.entries.at(-2);
    const index = (log.entries.length + 1) as LogIndex;
    if (again?.type !== 'command') throw new Error('no request');
    const [answer] = machine.apply([commandEntry(index, again.data)]);
    expect(answer).toEqual(outcomes.at(-1));
    machine.crash();
    expect(machine.state.appliedIndex).toBe(index);
    expect(machine.contents).toMatchObject({ numbers: [[12], [0]] });
    expect(machine.hash).not.toBe(hash);
  });
});

function pageSize(bytes: Uint8Array): number {
  const stored = new DataView(bytes.buffer).getUint16(16);
  return stored === 1 ? 65_536 : stored;
}

describe('what is staged', () => {
  const begin = (sizeBytes: number, hash = HASH) =>
    ({ mode: 'import-begin', hash, sizeBytes }) as const;

  function applier(): { log: LogWriter; machine: Machine; run: Machine['apply'] } {
    const log = new LogWriter();
    const machine = new Machine(runtime);
    machine.apply(log.entries);
    return { log, machine, run: (entries) => machine.apply(entries) };
  }

  it('goes on where it stopped, whoever sends it', () => {
    const { log, machine, run } = applier();
    const ask = (...args: Parameters<LogWriter['add']>) => told(run([log.add(...args)])[0]);
    expect(ask(begin(file.length))).toBe(0);
    expect(ask(chunk(file, 0, 5_000))).toBe(5_000);
    expect(ask(chunk(file, 6_000, 10))).toBe('byte 5000 comes next, not 6000');
    expect(ask({ mode: 'import-finish', hash: HASH })).toMatch(/only 5000 of its \d+ bytes/);
    machine.crash();
    expect(ask(begin(file.length), 2)).toBe(5_000);
    expect(ask(chunk(file, 1_000, 1_000), 2)).toBe(5_000);
    expect(ask(chunk(file, 3_000, 4_000), 2)).toBe(7_000);
    expect(ask(chunk(file, 7_000, file.length), 2)).toBe(file.length);
    expect(ask({ ...chunk(file, 0, 1), offset: file.length } as never)).toMatch(/and no more/);
    expect(ask({ mode: 'import-finish', hash: 'other' })).toMatch(/no import of this file/);
    expect(ask({ mode: 'import-finish', hash: HASH })).toBe(file.length);
    expect(machine.contents).toEqual(contentsOfFile(runtime, file));
    expect(ask(chunk(file, 0, 10))).toMatch(/no import of this file/);
  });

  it('makes another file wait, until it has been silent for too long', () => {
    const { log, run } = applier();
    const ask = (...args: Parameters<LogWriter['add']>) => told(run([log.add(...args)])[0]);
    ask(begin(1_000));
    ask({ mode: 'import-chunk', hash: HASH, offset: 0, data: new Uint8Array(250) });
    log.stampMs += IMPORT_SILENCE_MS - 1;
    expect(ask(begin(2_000, 'other'), 2)).toMatch(/another file is being imported, and 25 %/);
    ask(begin(1_000));
    log.stampMs += IMPORT_SILENCE_MS - 1;
    expect(ask(begin(2_000, 'other'), 2)).toMatch(/another file/);
    log.stampMs += 1;
    expect(ask(begin(2_000, 'other'), 2)).toBe(0);
    expect(ask(begin(1_000))).toMatch(/another file/);
    expect(ask({ mode: 'import-discard', hash: HASH })).toBe(0);
    expect(ask(begin(1_000))).toMatch(/another file/);
    expect(ask({ mode: 'import-discard', hash: 'other' })).toBe(0);
    expect(ask(begin(1_000))).toBe(0);
    expect(ask(begin(2 ** 31, 'huge'))).toMatch(/of this size/);
  });

  it('is hashed, is hidden, and is dropped by a state check when it was forgotten', () => {
    const { log, machine, run } = applier();
    const { hash } = machine;
    const first = chunk(file, 0, 5_000);
    run([log.add(begin(file.length)), log.add(first)]);
    const staged = machine.hash;
    expect(staged).not.toBe(hash);
    const attempt = requestOf(['SELECT data FROM _resqlite_staging']);
    expect(told(run([log.add(attempt)])[0])).toMatch(/reserved/);
    for (const [age, isKept] of [
      [IMPORT_FORGET_MS - 1, true],
      [IMPORT_FORGET_MS, false],
    ] as const) {
      const stampMs = log.stampMs + age;
      const check = checkEntry(log.entries.length + 1, stampMs);
      log.entries.push(check);
      run([check]);
      expect(machine.contents).toMatchObject({ schema: [] });
      const sql = "SELECT count(*) FROM sqlite_schema WHERE name = '_resqlite_staging'";
      expect(machine.state.database.query(sql)).toEqual([isKept ? 1 : 0]);
    }
    expect(told(run([log.add(first)])[0])).toMatch(/no import/);
  });
});

describe('what cannot be the database', () => {
  it('is refused by all alike, and the data stay', () => {
    // This build cannot make one.
    const utf16 = file.slice();
    utf16[59] = 2;
    const module = (name: string, root = 0): Uint8Array =>
      makeFile(runtime, [
        'CREATE TABLE t(a)',
        'PRAGMA writable_schema = ON',
        `INSERT INTO sqlite_schema VALUES
          ('table', '${name}', '${name}', ${root}, 'CREATE VIRTUAL TABLE ${name} USING dbstat')`,
      ]);
    const child = 'CREATE TABLE child(a REFERENCES _Resqlite_sessions ON DELETE CASCADE)';
    const damaged = file.slice();
    damaged.fill(0xff, 100, 120);
    const cases: [Uint8Array, RegExp][] = [
      [new Uint8Array(3_000).fill(65), /no SQLite database, or it is encrypted/],
      [file.slice(0, 50), /no SQLite database/],
      [utf16, /UTF-16.*\.dump/],
      [module('x'), /x is a virtual table of dbstat/],
      // Nobody can make one of this name, but a file may have one.
      [module('sqlite_x'), /sqlite_x is nothing that SQLite/],
      [module('sqlite_x', 2), /sqlite_x is nothing that SQLite/],
      [makeFile(runtime, [child]), /child: names that begin/],
      [makeFile(runtime, ['CREATE TABLE _RESQLITE_x(a)']), /_RESQLITE_x: names that begin/],
      [damaged, /malformed/],
    ];
    for (const [bytes, reason] of cases) {
      const log = logOfImport(bytes);
      log.addAll(OWN_DATA.map(() => requestOf(['INSERT INTO former VALUES(1)'])));
      const [whole, single] = [new Machine(runtime), new Machine(runtime)];
      const outcomes = whole.apply(log.entries);
      expect(String(told(outcomes.at(-2)))).toMatch(reason);
      follow(single, log.entries, 1, (machine) => machine.crash());
      expect(single.hash).toBe(whole.hash);
      expect(whole.state.database.query('SELECT count(*) FROM former')).toEqual([2]);
      expect(whole.twins).toEqual([0]);
    }
  });
});
