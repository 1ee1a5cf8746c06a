/** The exported file: the user's data and nothing else, as any SQLite reads it. */

import { describe, expect, it } from 'vitest';
import type { ExecuteRequest, StateRequest } from '../../src/node/sql.ts';
import { decodeApplyOutcome, encodeEntries } from '../../src/sqlite/apply-codec.ts';
import { FileExport } from '../../src/sqlite/file-export.ts';
import { FileImport } from '../../src/sqlite/file-import.ts';
import type { SqlService } from '../../src/sqlite/service.ts';
import { all, contentsOf, contentsOfFile, digestOf, makeFile, withFile } from './files.ts';
import { importOf, LogWriter } from './import-log.ts';
import { requestOf } from './log.ts';
import { failureOf, loadTestRuntime, openService } from './support.ts';

const runtime = await loadTestRuntime();

/** A node's database with the files that go in and out. */
class Node {
  readonly service: SqlService;
  readonly out: FileExport;
  readonly in: FileImport;
  readonly #log = new LogWriter();
  #applied = 0;

  private constructor(service: SqlService) {
    this.service = service;
    this.out = new FileExport(service);
    this.in = new FileImport(service);
  }

  static async open(): Promise<Node> {
    return new Node(await openService(runtime));
  }

  async run(...requests: readonly StateRequest[]): Promise<void> {
    this.#log.addAll(requests);
    const entries = this.#log.entries.slice(this.#applied);
    const outcome = decodeApplyOutcome(await this.service.apply(encodeEntries(entries)));
    expect(outcome.type).toBe('applied');
    this.#applied += entries.length;
  }

  get contents(): unknown {
    const { present } = this.service;
    if (present === null) throw new Error('it is not open');
    return contentsOf(present.database.connection);
  }

  async export(): Promise<{ bytes: Uint8Array; index: number }> {
    const { sizeBytes, appliedIndex } = await this.out.openExport();
    const bytes = new Uint8Array(sizeBytes);
    for (let at = 0; at < sizeBytes; at += 10_000) {
      bytes.set(await this.out.readExport(at, 10_000), at);
    }
    await this.out.closeExport();
    return { bytes, index: appliedIndex };
  }
}

const BASE = requestOf([
  'CREATE TABLE t(a)',
  "INSERT INTO t(rowid, a) VALUES(5, 'five'), (10, x'00'), (9007199254740993, 2.5)",
  'CREATE INDEX i ON t(a)',
  'CREATE VIRTUAL TABLE f USING fts5(x)',
  "INSERT INTO f VALUES('hello world')",
  'CREATE TABLE auto(id INTEGER PRIMARY KEY AUTOINCREMENT)',
  'INSERT INTO auto VALUES(41)',
  'PRAGMA user_version = 7',
  'ANALYZE',
  'CREATE VIEW v AS SELECT a FROM t',
  "SELECT 'a secret that was only ever answered'",
]);
const grow = (megabytes: number): ExecuteRequest =>
  requestOf([
    'CREATE TABLE IF NOT EXISTS big(x)',
    'WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n ' +
      `WHERE i < ${megabytes * 4}) INSERT INTO big SELECT randomblob(262144) FROM n`,
  ]);

describe('an export', () => {
  it('is a sound file in rollback mode, with all rows under their row ids', async () => {
    const node = await Node.open();
    await node.run(BASE);
    const hash = await node.service.hash();
    const { bytes, index } = await node.export();
    expect(index).toBe(hash.index);
    expect([...bytes.subarray(18, 20)]).toEqual([1, 1]);
    withFile(runtime, bytes, (copy) => {
      expect(all(copy, 'PRAGMA integrity_check')).toEqual([['ok']]);
      expect(all(copy, 'PRAGMA journal_mode')).toEqual([['delete']]);
      expect(all(copy, "SELECT rowid FROM f('hello')")).toEqual([[1]]);
      expect(all(copy, 'SELECT seq FROM sqlite_sequence')).toEqual([[41]]);
      expect(contentsOf(copy)).toEqual(node.contents);
    });
    const text = new TextDecoder('latin1').decode(bytes);
    expect(text).not.toContain('_resqlite_');
    expect(text).not.toContain('only ever answered');
    // The database itself goes on as it was.
    expect(await node.service.hash()).toEqual(hash);
    await node.run(requestOf(['INSERT INTO t VALUES(1)']));
  });

  it('of nothing is an empty database', async () => {
    const node = await Node.open();
    const { bytes } = await node.export();
    expect(contentsOfFile(runtime, bytes)).toMatchObject({ schema: [], rows: [] });
  });

  it('is of one state, the present one, whatever is read and written meanwhile', async () => {
    const node = await Node.open();
    await node.run(BASE, grow(5));
    const { service } = node;
    expect(await service.openSnapshot()).toMatchObject({ type: 'done' });
    // It is not in the file that the snapshot holds.
    await node.run(grow(3));
    const exporting = node.export();
    let writes = 0;
    const until = exporting.then(() => true);
    for (let isOver = false; !isOver; writes += 1) {
      await node.run(requestOf([`INSERT INTO auto DEFAULT VALUES`]));
      isOver = await Promise.race([
        until,
        new Promise<boolean>((resolve) => setTimeout(resolve, 1, false)),
      ]);
    }
    const { bytes, index } = await exporting;
    withFile(runtime, bytes, (copy) => {
      expect(all(copy, 'PRAGMA integrity_check')).toEqual([['ok']]);
      expect(all(copy, 'SELECT count(*) FROM big')).toEqual([[32]]);
      // Two registrations and three requests came before them.
      expect(all(copy, 'SELECT count(*) - 1 FROM auto')).toEqual([[index - 5]]);
    });
    expect(writes).toBeGreaterThan(2);
    expect(await service.readSnapshot(0, 1)).toMatchObject({ type: 'done' });
  });

  it('keeps snapshots and checkpoints waiting only while it copies', async () => {
    const node = await Node.open();
    await node.run(grow(5));
    const { service } = node;
    const opening = node.out.openExport();
    await new Promise((resolve) => setTimeout(resolve));
    expect(await service.openSnapshot()).toMatchObject({ type: 'refused' });
    expect(await service.checkpoint()).toMatchObject({ type: 'refused' });
    expect(await failureOf(node.out.openExport())).toMatchObject({ code: 'Overloaded' });
    await opening;
    expect(await service.checkpoint()).toMatchObject({ type: 'done' });
    expect(await service.openSnapshot()).toMatchObject({ type: 'done' });
  });

  it('begins anew where the database is replaced, and ends when it is closed or quarantined', async () => {
    const node = await Node.open();
    await node.run(grow(5));
    const file = makeFile(runtime, ['CREATE TABLE other(a)', 'INSERT INTO other VALUES(7)']);
    const exporting = node.export();
    await new Promise((resolve) => setTimeout(resolve));
    await node.run(...importOf(file));
    expect(contentsOfFile(runtime, (await exporting).bytes)).toEqual(contentsOfFile(runtime, file));
    await node.run(grow(5));
    const closed = failureOf(node.out.openExport());
    await new Promise((resolve) => setTimeout(resolve));
    await node.out.closeExport();
    expect(await closed).toMatchObject({ code: 'Aborted', applied: 'no' });
    expect(await failureOf(node.out.readExport(0, 1))).toMatchObject({ code: 'Closed' });
    const hopeless = failureOf(node.out.openExport());
    await new Promise((resolve) => setTimeout(resolve));
    await node.service.quarantine();
    expect(await hopeless).toMatchObject({ code: 'Quarantined', applied: 'no' });
  });

  it('that is imported and exported again is the same', async () => {
    const [first, second] = [await Node.open(), await Node.open()];
    await first.run(BASE, grow(1));
    const { bytes } = await first.export();
    const { hash, sizeBytes } = await second.in.openImport(new Blob([bytes as never]));
    expect(sizeBytes).toBe(bytes.length);
    const prepared = await second.in.readImport(0, sizeBytes);
    expect(digestOf(prepared)).toBe(digestOf(bytes));
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    await second.run(grow(1), ...importOf(prepared, 200_000));
    expect(second.contents).toEqual(first.contents);
    expect(contentsOfFile(runtime, (await second.export()).bytes)).toEqual(first.contents);
  });
});
