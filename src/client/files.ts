/**
 * Whole files in and out, as `Database` offers them: each kind has its algorithm in a file of its own,
 * which is fetched when it is first called for, and gets here what it is run by.
 */

import type { SqlParams, StateRequest } from '../node/sql.ts';
import type { CallOptions } from './call-limits.ts';
import { LONG_TIMEOUT_MS, type Calls } from './calls.ts';
import type { CsvExportOptions } from './csv-export.ts';
import type { CsvImportOptions, CsvImportResult } from './csv-import-options.ts';
import type { DumpOptions } from './dump.ts';
import type { ExportOptions } from './export.ts';
import type { ImportedFile, ImportOptions } from './import.ts';
import { late, LATE_PARTS } from './late-code.ts';
import type { Reads } from './reads.ts';

/** Every method rejects with `ResqliteError`. */
export class Files {
  readonly #calls: Calls;
  readonly #reads: Reads;

  constructor(calls: Calls, reads: Reads) {
    this.#calls = calls;
    this.#reads = reads;
  }

  async import(file: Blob, options: ImportOptions): Promise<ImportedFile> {
    this.#calls.checkOpen();
    const ports = {
      reader: this.#calls.node.reader,
      execute: (request: StateRequest, limits: CallOptions) => this.#calls.execute(request, limits),
    };
    const { importFile } = await late(LATE_PARTS.import);
    const imported = await importFile(ports, file, options);
    return { ...imported, bookmark: this.#calls.bookmark(imported.index) };
  }

  async export(options: ExportOptions): Promise<Blob> {
    this.#calls.checkOpen();
    const { exportFile } = await late(LATE_PARTS.export);
    return exportFile({ reader: this.#calls.node.reader }, options);
  }

  async dump(options: DumpOptions): Promise<Blob> {
    const { checkObjects, collectDump } = await late(LATE_PARTS.dump);
    const objects = checkObjects(options.objects);
    const cursor = await this.#reads.dump(objects, options.schemaOnly === true, options);
    return collectDump(cursor, options);
  }

  async importCsv(
    table: string,
    file: Blob | string,
    options: CsvImportOptions,
  ): Promise<CsvImportResult> {
    const limits: CallOptions = { timeoutMs: LONG_TIMEOUT_MS, signal: options.signal };
    const ports = {
      query: async (sql: string, params: SqlParams) =>
        (await this.#reads.query(sql, params, limits)).rows,
      execute: (request: StateRequest) => this.#calls.execute(request, limits),
    };
    const { importCsv } = await late(LATE_PARTS.csvImport);
    const result = await importCsv(ports, table, file, options);
    return { ...result, bookmark: this.#calls.bookmark(result.index) };
  }

  async exportCsv(sql: string, params: SqlParams, options: CsvExportOptions): Promise<Blob> {
    const { exportCsv } = await late(LATE_PARTS.csvExport);
    return exportCsv(this.#reads.iterate(sql, params, options), options);
  }
}
