/**
 * A SQLite file on its way in, at its source: copied into a scratch file, found to be sound, freed of
 * what belongs to where it comes from, and then given out piece by piece to whoever sends it to the
 * cluster. The database itself is not touched.
 *
 * Freed of: the journal mode; our own tables, where it is a raw copy of a database of ours; statistics
 * that this build of SQLite does not read. All else stays as it is, row ids and pages too. So the same
 * file gives the same bytes, and the same hash, in every tab that has the same build. Rows that break
 * foreign keys are data like any other: SQLite looks at what a statement changes only.
 *
 * Copying and hashing let others have their turn; the check of all pages is one turn, however long.
 */

import { REQUEST_TIMEOUT_MS } from '../node/limits.ts';
import { isInternal } from './authorizer.ts';
import type { Connection } from './connection.ts';
import {
  checkHeader,
  checkSchema,
  HEADER_BYTES,
  judging,
  UnfitFile,
  withJournal,
} from './file-check.ts';
import { COPY_STEP_BYTES, MAX_IMPORT_BYTES, MAX_VALUE_BYTES } from './limits.ts';
import { hashBetween, hashPieces } from './piece-hash.ts';
import { dropTables, nextTurn, ScratchSlot, type ScratchDatabase } from './scratch-database.ts';
import { OPEN, type SqlService } from './service.ts';
import { refused, SqliteError } from './sql-error.ts';

/** How much is done when the file is copied, and when it is checked. */
const COPIED_FRACTION = 0.4;
const CHECKED_FRACTION = 0.7;

/** Every method fails with `SqlFailure`, always with applied 'no'. */
export class FileImport {
  readonly #service: SqlService;
  readonly #slot: ScratchSlot;

  constructor(service: SqlService) {
    this.#service = service;
    this.#slot = new ScratchSlot(service, 'importing a file');
  }

  /**
   * Copies and checks the file; it can be read then, until `closeImport`. 'Overloaded': one at a time;
   * 'InvalidArgument': it is no SQLite file, is damaged, or holds what cannot be replicated; 'TooLarge';
   * 'StorageDenied': there is no room for the copy.
   */
  async openImport(file: Blob): Promise<{ hash: string; sizeBytes: number }> {
    if (file.size > MAX_IMPORT_BYTES) {
      const limit = MAX_IMPORT_BYTES / 2 ** 20;
      throw refused('TooLarge', `a file of more than ${limit} MiB cannot be imported`);
    }
    const state = await this.#service.whenTrusted(OPEN, REQUEST_TIMEOUT_MS);
    const copy = this.#slot.begin(state);
    try {
      await copyFrom(file, copy);
      await check(copy);
      const { sizeBytes } = copy;
      const hash = await hashBetween(
        hashPieces(sizeBytes, (offset, length) => {
          copy.goOn(CHECKED_FRACTION + (1 - CHECKED_FRACTION) * (offset / sizeBytes));
          return copy.read(offset, length);
        }),
      );
      copy.goOn(1);
      return { hash, sizeBytes };
    } catch (error) {
      this.#slot.drop(copy);
      throw explain(error);
    }
  }

  /** How much of `openImport` is done, from 0 to 1. */
  async importProgress(): Promise<number> {
    return this.#slot.held?.fraction ?? 0;
  }

  /** Of the bytes that the hash is of: `length` of them, or fewer at the end. */
  async readImport(offset: number, length: number): Promise<Uint8Array> {
    const copy = this.#slot.held;
    if (copy === null) throw refused('Closed', 'no file is being imported');
    return copy.read(offset, length);
  }

  /** Nothing happens where none is open; what is being opened fails with 'Aborted'. */
  async closeImport(): Promise<void> {
    this.#slot.end();
  }
}

async function copyFrom(file: Blob, copy: ScratchDatabase): Promise<void> {
  if (file.size === 0) throw new UnfitFile('it is empty');
  for (let offset = 0; offset < file.size; offset += COPY_STEP_BYTES) {
    const piece = await bytesOf(file.slice(offset, offset + COPY_STEP_BYTES));
    copy.goOn(COPIED_FRACTION * (offset / file.size));
    copy.write(offset, piece);
    if (offset > 0) continue;
    const head = piece.subarray(0, HEADER_BYTES);
    checkHeader(head);
    copy.write(0, withJournal(head, 'rollback'));
  }
}

async function bytesOf(slice: Blob): Promise<Uint8Array> {
  try {
    return new Uint8Array(await slice.arrayBuffer());
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new UnfitFile(`it cannot be read: ${message}`);
  }
}

async function check(copy: ScratchDatabase): Promise<void> {
  const connection = judging(() => copy.connect());
  for (const step of [free, checkSchema, checkRows, checkPages]) {
    await nextTurn();
    copy.goOn(COPIED_FRACTION);
    judging(() => step(connection));
  }
}

/** Takes out what only belongs to where the file comes from. */
function free(connection: Connection): void {
  // Nothing is kept for a rollback that nobody needs: the copy goes where anything fails.
  connection.run('PRAGMA journal_mode = MEMORY');
  dropTables(connection, (name) => isInternal(name) || /^sqlite_stat[34]$/i.test(name));
}

/** What SQL cannot read nobody may have: state checks would fail on it. */
function checkRows(connection: Connection): void {
  const [longest] = connection.run('SELECT max(mx_payload) FROM dbstat WHERE aggregate = 1');
  if (Number(longest) <= MAX_VALUE_BYTES) return;
  throw new UnfitFile(`a row takes more than the ${MAX_VALUE_BYTES / 2 ** 20} MiB of a row here`);
}

function checkPages(connection: Connection): void {
  const check = 'PRAGMA integrity_check(1)';
  const [verdict] = judging(() => connection.run(check), 'it cannot be checked: ');
  if (verdict !== 'ok') throw new UnfitFile(`it is damaged: ${String(verdict)}`);
}

function explain(error: unknown): unknown {
  if (error instanceof UnfitFile) {
    return refused('InvalidArgument', `the file cannot be imported: ${error.message}`);
  }
  if (!(error instanceof SqliteError)) return error;
  return refused('StorageDenied', `there is no room for a copy of the file: ${error.message}`);
}
