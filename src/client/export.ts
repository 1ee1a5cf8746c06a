/**
 * `db.export`: this node's database as a standard SQLite file. The SQL worker makes a copy on the disk;
 * the page takes it over in pieces, each a Blob at once, so that no more than a piece is in memory.
 */

import { EXPORT_PIECE_BYTES } from '../node/limits.ts';
import { aborted } from './call-limits.ts';
import { toReadError } from './errors.ts';
import { callBack } from './callback.ts';
import { closeFile, openFile, type FilePorts } from './file-ports.ts';

/**
 * How far a file is.
 *
 * @category Files
 *
 * @example
 * ```ts
 * import { open, type FileProgress } from 'resqlite';
 *
 * const percent = ({ fraction }: FileProgress) => `${Math.round(100 * fraction)} %`;
 *
 * let shown = '';
 * const db = await open();
 * await db.export({ onProgress: (progress) => (shown = percent(progress)) });
 * shown; // => '100 %'
 * ```
 */
export interface FileProgress {
  /** How much of it is done, from 0 to 1. */
  readonly fraction: number;
}

/**
 * How a SQLite file is written.
 *
 * @category Files
 *
 * @example
 * ```ts
 * import { open, type ExportOptions } from 'resqlite';
 *
 * const options: ExportOptions = { signal: AbortSignal.abort() };
 * const db = await open();
 * await db.export(options); // throws 'Aborted'
 * ```
 */
export interface ExportOptions {
  /** Called as it gets on. */
  readonly onProgress?: (progress: FileProgress) => void;
  /** Its abort ends the export with 'Aborted'. */
  readonly signal?: AbortSignal | undefined;
}

const SQLITE_FILE = 'application/vnd.sqlite3';
/** How much is done when the copy is there. */
const COPIED_FRACTION = 0.5;

/** Rejects with `ResqliteError`. */
export async function exportFile(ports: FilePorts, options: ExportOptions): Promise<Blob> {
  const { signal, onProgress } = options;
  const opening = {
    open: () => ports.reader('openExport', []),
    progress: 'exportProgress',
    close: 'closeExport',
  } as const;
  const { sizeBytes } = await openFile(ports, opening, signal, (fraction) => {
    callBack(onProgress, { fraction: COPIED_FRACTION * fraction });
  });
  try {
    const pieces: Blob[] = [];
    for (let at = 0; at < sizeBytes; at += EXPORT_PIECE_BYTES) {
      if (signal?.aborted === true) throw aborted('no');
      const piece = await ports.reader('readExport', [at, EXPORT_PIECE_BYTES]);
      pieces.push(new Blob([piece as Uint8Array<ArrayBuffer>]));
      const read = Math.min(1, (at + EXPORT_PIECE_BYTES) / sizeBytes);
      callBack(onProgress, { fraction: COPIED_FRACTION + (1 - COPIED_FRACTION) * read });
    }
    return new Blob(pieces, { type: SQLITE_FILE });
  } catch (error) {
    throw toReadError(error);
  } finally {
    closeFile(ports, 'closeExport');
  }
}
