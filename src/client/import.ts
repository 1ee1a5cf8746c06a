/**
 * `db.import`: a SQLite file takes the place of all data. The SQL worker copies and checks it; then it
 * goes into the log, chunk by chunk, a few of them under way at a time; the last request has every node
 * make its database of what has arrived.
 *
 * The cluster knows the file by its hash and tells how much of it is there. So whatever fails on the
 * way, the file goes on where it stopped, be it by this call or by another one in any tab. Until the
 * last request nothing has changed; an abort before that has what was sent dropped.
 */

import { IMPORT_CHUNK_BYTES, IMPORT_WINDOW_CHUNKS, REQUEST_TIMEOUT_MS } from '../node/limits.ts';
import type { ErrorCode } from '../node/errors.ts';
import type { ImportRequest } from '../node/sql.ts';
import type { LogIndex } from '../raft/types.ts';
import { aborted, type CallOptions } from './call-limits.ts';
import { invalidArgument, ResqliteError, statementRefused, toReadError } from './errors.ts';
import { callBack } from './callback.ts';
import { closeFile, FILE_TIMEOUT_MS, openFile, type FilePorts } from './file-ports.ts';
import type { Executed } from './protocol.ts';

/**
 * How far an import is.
 *
 * @category Files
 *
 * @example
 * ```ts
 * import { open, type ImportProgress } from 'resqlite';
 *
 * const WORDS = { check: 'Looking at the file', send: 'Sending it', apply: 'Taking it over' };
 * const describe = ({ phase, fraction }: ImportProgress) =>
 *   `${WORDS[phase]}: ${Math.round(100 * fraction)} %`;
 *
 * const lines: string[] = [];
 * const db = await open();
 * await db.import(await db.export(), { onProgress: (progress) => lines.push(describe(progress)) });
 * lines.includes('Sending it: 100 %'); // => true
 * ```
 */
export interface ImportProgress {
  /**
   * 'check': the file is copied and looked at, here alone. 'send': it goes to the cluster. 'apply': this
   * tab's node makes its database of it.
   */
  readonly phase: 'check' | 'send' | 'apply';
  /** How much of the phase is done, from 0 to 1. */
  readonly fraction: number;
}

/**
 * How a SQLite file is taken in.
 *
 * @category Files
 *
 * @example
 * ```ts
 * import { open, type ImportOptions } from 'resqlite';
 *
 * const leaving = new AbortController();
 * const options: ImportOptions = { signal: leaving.signal };
 * leaving.abort();
 *
 * const db = await open();
 * await db.import(await db.export(), options); // throws 'Aborted'
 * ```
 */
export interface ImportOptions {
  /** Called as it gets on. */
  readonly onProgress?: (progress: ImportProgress) => void;
  /**
   * Its abort ends the import with 'Aborted'; nothing has changed then, and what was sent is dropped. From
   * phase 'apply' on it is not looked at any more: the file takes its place.
   */
  readonly signal?: AbortSignal | undefined;
}

/**
 * What came of an import.
 *
 * @category Files
 *
 * @example
 * ```ts
 * import { open, type ImportedFile } from 'resqlite';
 *
 * const db = await open();
 * const imported: ImportedFile = await db.import(await db.export());
 * imported.index <= (await db.status()).lastApplied; // => true
 * ```
 */
export interface ImportedFile {
  /** The log entry from which on the file's contents are the data. */
  readonly index: LogIndex;
  /** Of the file's bytes as they were sent. */
  readonly hash: string;
  /** Stands for `index` in a later read's `atLeast`. */
  readonly bookmark: string;
}

type Imported = Omit<ImportedFile, 'bookmark'>;

export interface ImportPorts extends FilePorts {
  /** Rejects with `ResqliteError`. */
  execute(request: ImportRequest, options: CallOptions): Promise<Executed>;
}

/** With these the cluster may do better the next time. */
const PASSING_CODES: ReadonlySet<ErrorCode> = new Set(['Timeout', 'NoQuorum', 'Overloaded']);
/** How often in a row sending may fail without getting further. */
const MAX_FAILURES = 5;
const RETRY_MS = 500;

/** Rejects with `ResqliteError`. */
export async function importFile(
  ports: ImportPorts,
  file: Blob,
  options: ImportOptions,
): Promise<Imported> {
  if (!(file instanceof Blob)) throw invalidArgument('what is imported must be a Blob or a File');
  const tell = (fraction: number): void =>
    callBack(options.onProgress, { phase: 'check', fraction });
  const opening = {
    open: () => ports.reader('openImport', [file]),
    progress: 'importProgress',
    close: 'closeImport',
  } as const;
  const { hash, sizeBytes } = await openFile(ports, opening, options.signal, tell);
  try {
    return await new Sending(ports, { hash, sizeBytes }, options).run();
  } finally {
    closeFile(ports, 'closeImport');
  }
}

interface Answered {
  readonly index: LogIndex;
  readonly answer: number;
}

class Sending {
  readonly #ports: ImportPorts;
  readonly #hash: string;
  readonly #sizeBytes: number;
  readonly #options: ImportOptions;
  #stagedBytes = 0;

  constructor(
    ports: ImportPorts,
    { hash, sizeBytes }: { readonly hash: string; readonly sizeBytes: number },
    options: ImportOptions,
  ) {
    this.#ports = ports;
    this.#hash = hash;
    this.#sizeBytes = sizeBytes;
    this.#options = options;
  }

  async run(): Promise<Imported> {
    try {
      await this.#send();
      this.#tell('apply', 0);
      if (this.#options.signal?.aborted === true) throw aborted('no');
    } catch (error) {
      const failed = toReadError(error);
      if (failed.code === 'Aborted') this.#discard();
      throw failed;
    }
    return this.#finish();
  }

  /** All of it has arrived when this resolves. */
  async #send(): Promise<void> {
    for (let failures = 0; ;) {
      const before = this.#stagedBytes;
      try {
        await this.#begin();
        await this.#sendRest();
        return;
      } catch (error) {
        failures = this.#stagedBytes > before ? 1 : failures + 1;
        const { code } = toReadError(error);
        if (!PASSING_CODES.has(code) || failures >= MAX_FAILURES) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  async #begin(): Promise<void> {
    const { answer } = await this.#request({
      mode: 'import-begin',
      hash: this.#hash,
      sizeBytes: this.#sizeBytes,
    });
    this.#arrived(answer);
  }

  async #sendRest(): Promise<void> {
    const underWay: Promise<number>[] = [];
    let offset = this.#stagedBytes;
    while (this.#stagedBytes < this.#sizeBytes) {
      if (offset < this.#sizeBytes && underWay.length < IMPORT_WINDOW_CHUNKS) {
        const data = await this.#ports.reader('readImport', [offset, IMPORT_CHUNK_BYTES]);
        const sent = this.#sendChunk(offset, data);
        // One that fails is met when it is waited for.
        sent.catch(() => undefined);
        underWay.push(sent);
        offset += data.length;
      } else {
        this.#arrived((await underWay.shift()) ?? 0);
      }
    }
  }

  async #sendChunk(offset: number, data: Uint8Array): Promise<number> {
    const chunk = { mode: 'import-chunk', hash: this.#hash, offset, data } as const;
    return (await this.#request(chunk)).answer;
  }

  async #finish(): Promise<Imported> {
    const request = { mode: 'import-finish', hash: this.#hash } as const;
    const { index } = await this.#answered(request, { timeoutMs: FILE_TIMEOUT_MS });
    this.#tell('apply', 1);
    return { index, hash: this.#hash };
  }

  /** The caller does not wait for it. */
  #discard(): void {
    const request = { mode: 'import-discard', hash: this.#hash } as const;
    void this.#ports.execute(request, {}).catch(() => undefined);
  }

  async #request(request: ImportRequest): Promise<Answered> {
    const { signal } = this.#options;
    if (signal?.aborted === true) throw aborted('no');
    return this.#answered(request, { timeoutMs: REQUEST_TIMEOUT_MS, signal });
  }

  async #answered(request: ImportRequest, limits: CallOptions): Promise<Answered> {
    const { index, response } = await this.#ports.execute(request, limits);
    const [outcome] = response.outcomes;
    if (outcome?.type === 'result') return { index, answer: outcome.result.rowsAffected };
    if (outcome?.type === 'error') throw statementRefused(outcome.error, 0);
    const message = 'the import was not answered';
    throw new ResqliteError({ code: 'Internal', applied: 'unknown', message, sqlite: null });
  }

  #arrived(stagedBytes: number): void {
    this.#stagedBytes = stagedBytes;
    this.#tell('send', stagedBytes / this.#sizeBytes);
  }

  #tell(phase: ImportProgress['phase'], fraction: number): void {
    callBack(this.#options.onProgress, { phase, fraction });
  }
}
