/** Scratch files where the disk fails: nothing but what is made in them is concerned. */

import { afterEach, describe, expect, it, vi } from 'vitest';
import { FileExport } from '../../src/sqlite/file-export.ts';
import { FileImport } from '../../src/sqlite/file-import.ts';
import { ScratchDatabase } from '../../src/sqlite/scratch-database.ts';
import type { SqlService } from '../../src/sqlite/service.ts';
import { SqliteError } from '../../src/sqlite/sql-error.ts';
import { memoryFiles } from '../../src/sqlite/state-files.ts';
import { Vfs, VfsFile } from '../../src/sqlite/vfs.ts';
import { makeFile } from './files.ts';
import { loadTestRuntime, newName, openService } from './support.ts';

const runtime = await loadTestRuntime();

afterEach(() => vi.restoreAllMocks());

async function opened(): Promise<{ service: SqlService; copies: [FileImport, FileExport] }> {
  const service = await openService(runtime);
  return { service, copies: [new FileImport(service), new FileExport(service)] };
}

function failing(name: 'open' | 'delete'): void {
  vi.spyOn(Vfs.prototype, name).mockImplementation(() => {
    throw new SqliteError(13, 'database or disk is full');
  });
}

const blob = (): Blob => new Blob([makeFile(runtime, ['CREATE TABLE t(a)']) as never]);

describe('a scratch database', () => {
  it('closes its files once, also where no connection comes of them', () => {
    const scratch = memoryFiles(runtime, newName()).createScratch();
    const nowhere = { ...scratch, location: { ...scratch.location, vfs: 'nowhere' } };
    const database = new ScratchDatabase(runtime, nowhere);
    database.writeLog(0, Uint8Array.of(1));
    const close = vi.spyOn(VfsFile.prototype, 'close');
    expect(() => database.connect()).toThrow(SqliteError);
    database.close();
    expect(close).toHaveBeenCalledTimes(2);
  });

  it('that there is no room for is refused, and stands in the way of nobody', async () => {
    const { service, copies } = await opened();
    const [importing, exporting] = copies;
    const file = blob();
    failing('open');
    for (const opening of [importing.openImport(file), exporting.openExport()]) {
      await expect(opening).rejects.toMatchObject({
        failure: { code: 'StorageDenied', applied: 'no', message: expect.stringMatching(/full/) },
      });
    }
    vi.restoreAllMocks();
    await importing.openImport(file);
    await exporting.openExport();
    await service.close();
  });

  it('that cannot be deleted keeps nobody from going on, nor from closing the database', async () => {
    const { service, copies } = await opened();
    const [importing, exporting] = copies;
    await importing.openImport(blob());
    await exporting.openExport();
    failing('delete');
    await importing.closeImport();
    await service.close();
    vi.restoreAllMocks();
    await service.open('x', 0);
    await importing.openImport(blob());
    await service.close();
  });
});
