/**
 * SQLite's WebAssembly module, loaded with the hooks that make it deterministic:
 *
 * - the local time zone is UTC (the module's import `_localtime_js`);
 * - the time a virtual file system tells is the entry's while an entry is applied, else the clock's;
 * - the seed of SQLite's generator (`xRandomness` of the default VFS) likewise;
 * - `random()` and `randomblob()` draw from the entry, not from SQLite's generator, which the pager
 *   draws from as well, at moments that depend on caches.
 *
 * Everything in one module runs on one thread, so a single `entry` decides for all databases in it.
 * A trap leaves the module's memory in an unknown state: whoever sees one must not use it again.
 *
 * The caller compiles the module, because how its bytes are found is the platform's business.
 */

import initialize, { type SAHPoolUtil, type Sqlite3Static } from '@sqlite.org/sqlite-wasm';
import { withoutLeast, type EntryContext } from './entry-context.ts';
import { MAX_VALUE_BYTES } from './limits.ts';
import { SQLITE_TRANSIENT, type Pointer, type RawApi } from './raw-api.ts';

/** The `iVersion` 2 methods of a VFS that are replaced. */
interface VfsMethods {
  xRandomness?(vfs: Pointer, bytes: number, out: Pointer): number;
  xCurrentTime(vfs: Pointer, out: Pointer): number;
  xCurrentTimeInt64(vfs: Pointer, out: Pointer): number;
}

type WasmImports = Record<string, Record<string, unknown>>;
type Instantiated = (instance: WebAssembly.Instance, module: WebAssembly.Module) => void;
/** What the package's types do not tell of its initializer. */
type Initialize = (options: {
  instantiateWasm(imports: WasmImports, done: Instantiated): object;
}) => Promise<Sqlite3Static>;

export interface PoolOptions {
  readonly name: string;
  readonly directory: string;
  readonly verbosity: number;
  readonly preserveOnInitFailure: boolean;
  readonly forceReinitIfPreviouslyFailed: boolean;
}

/** The moment 1970-01-01 in milliseconds of Julian days. */
const UNIX_EPOCH_JULIAN_MS = 210_866_760_000_000;
const MS_PER_DAY = 86_400_000;
/** What `crypto.getRandomValues` fills at once. */
const CRYPTO_BYTES = 65_536;

/** Pointers to the JavaScript functions that SQLite calls. */
interface Callbacks {
  readonly random: Pointer;
  readonly randomBlob: Pointer;
  readonly authorize: Pointer;
  readonly progress: Pointer;
}

/** What a connection is asked by SQLite; `authorize` and `progress` must not throw. */
export interface CallbackTarget {
  authorize(
    action: number,
    first: Pointer,
    second: Pointer,
    schema: Pointer,
    cause: Pointer,
  ): number;
  /** Non-zero interrupts the statement. */
  progress(): number;
}

export class Runtime {
  readonly api: RawApi;
  readonly callbacks: Callbacks;
  /** The entry being applied; null: real time, real randomness. */
  entry: EntryContext | null = null;
  /** What SQLite's JavaScript warned of since it was last looked at. */
  warnings: string[];
  readonly #sqlite3: Sqlite3Static;
  readonly #targets = new Map<number, CallbackTarget>();
  #nextTarget = 1;
  readonly #random64 = new BigInt64Array(1);
  #heap: Uint8Array = new Uint8Array(0);
  #view = new DataView(this.#heap.buffer);

  constructor(sqlite3: Sqlite3Static, warnings: string[]) {
    this.#sqlite3 = sqlite3;
    this.api = sqlite3.wasm.exports as RawApi;
    this.warnings = warnings;
    const install = (signature: string, callback: (...args: never[]) => unknown): Pointer =>
      sqlite3.wasm.installFunction(signature, callback);
    this.callbacks = {
      random: install('v(pip)', this.#sqlRandom),
      randomBlob: install('v(pip)', this.#sqlRandomBlob),
      authorize: install('i(pipppp)', this.#authorize),
      progress: install('i(p)', (target: number) => this.#targets.get(target)?.progress() ?? 1),
    };
    this.#hookVfs(0, { ...this.#clockMethods(), xRandomness: this.#xRandomness });
  }

  /** SQLite's own mark of the sources that it was made from: their date and hash. */
  get sourceId(): string {
    return this.#sqlite3.capi.sqlite3_sourceid();
  }

  /** The module's memory; a view that is stale as soon as the module allocates. */
  heap(): Uint8Array {
    // A buffer that has grown has another one in its place, and no length.
    if (this.#heap.byteLength === 0) {
      this.#heap = this.#sqlite3.wasm.heap8u();
      this.#view = new DataView(this.#heap.buffer);
    }
    return this.#heap;
  }

  view(): DataView {
    this.heap();
    return this.#view;
  }

  /** The C function at the pointer; 64-bit integers are bigint. */
  functionAt(pointer: Pointer): (...args: (number | bigint)[]) => number {
    const entry = this.#sqlite3.wasm.functionEntry(pointer);
    if (entry === undefined) throw new Error(`no function is at ${pointer}`);
    return entry as (...args: (number | bigint)[]) => number;
  }

  /** Registers who answers the callbacks that carry the number given back. */
  addTarget(target: CallbackTarget): number {
    const id = this.#nextTarget;
    this.#nextTarget += 1;
    this.#targets.set(id, target);
    return id;
  }

  removeTarget(id: number): void {
    this.#targets.delete(id);
  }

  /** Runs `work` with time and randomness taken from the entry. */
  during<T>(entry: EntryContext, work: () => T): T {
    this.entry = entry;
    try {
      return work();
    } finally {
      this.entry = null;
      this.reseed();
    }
  }

  /** SQLite's generator asks for a new seed before it gives anything more. */
  reseed(): void {
    this.api.sqlite3_randomness(0, 0);
  }

  /** Installs the VFS that keeps databases in OPFS. Browsers only, in a worker. */
  async installPool(options: PoolOptions): Promise<SAHPoolUtil> {
    const pool = await this.#sqlite3.installOpfsSAHPoolVfs(options);
    const vfs = this.#sqlite3.capi.sqlite3_vfs_find(pool.vfsName);
    this.#hookVfs(vfs, this.#clockMethods());
    return pool;
  }

  /** Pointer 0 is the default VFS. */
  #hookVfs(pointer: Pointer, methods: VfsMethods): void {
    const vfs = pointer === 0 ? this.api.sqlite3_vfs_find(0) : pointer;
    // The binding must live as long as the module: disposing of it would free the functions.
    const binding: unknown = new this.#sqlite3.capi.sqlite3_vfs(vfs);
    (binding as { installMethods(methods: VfsMethods): void }).installMethods(methods);
  }

  #clockMethods(): VfsMethods {
    const nowMs = (): number => this.entry?.stampMs ?? Date.now();
    return {
      xCurrentTime: (_vfs, out) => {
        this.view().setFloat64(out, (UNIX_EPOCH_JULIAN_MS + nowMs()) / MS_PER_DAY, true);
        return 0;
      },
      xCurrentTimeInt64: (_vfs, out) => {
        this.view().setBigInt64(out, BigInt(UNIX_EPOCH_JULIAN_MS) + BigInt(nowMs()), true);
        return 0;
      },
    };
  }

  readonly #xRandomness = (_vfs: Pointer, bytes: number, out: Pointer): number => {
    const target = this.heap().subarray(out, out + bytes);
    if (this.entry === null) fillFromCrypto(target);
    else this.entry.fillInternal(target);
    return bytes;
  };

  readonly #sqlRandom = (context: Pointer): void => {
    let value: bigint;
    if (this.entry === null) {
      crypto.getRandomValues(this.#random64);
      value = withoutLeast(this.#random64[0] ?? 0n);
    } else {
      value = this.entry.randomInteger();
    }
    this.api.sqlite3_result_int64(context, value);
  };

  /** `randomblob(N)`: N bytes, at least one. */
  readonly #sqlRandomBlob = (context: Pointer, _count: number, values: Pointer): void => {
    const { api } = this;
    const wanted = api.sqlite3_value_int64(this.view().getUint32(values, true));
    if (wanted > MAX_VALUE_BYTES) {
      api.sqlite3_result_error_toobig(context);
      return;
    }
    const bytes = Math.max(1, Number(wanted));
    const memory = api.sqlite3_malloc64(BigInt(bytes));
    if (memory === 0) {
      api.sqlite3_result_error_nomem(context);
      return;
    }
    const target = this.heap().subarray(memory, memory + bytes);
    if (this.entry === null) fillFromCrypto(target);
    else this.entry.fillRandom(target);
    api.sqlite3_result_blob(context, memory, bytes, SQLITE_TRANSIENT);
    api.sqlite3_free(memory);
  };

  readonly #authorize = (
    target: number,
    action: number,
    first: Pointer,
    second: Pointer,
    schema: Pointer,
    cause: Pointer,
  ): number => this.#targets.get(target)?.authorize(action, first, second, schema, cause) ?? 1;
}

/** Loads one more instance of the module; databases in different instances share nothing. */
export async function loadRuntime(compile: () => Promise<WebAssembly.Module>): Promise<Runtime> {
  const module = await compile();
  const warnings: string[] = [];
  const warn = (...args: unknown[]): void => {
    warnings.push(args.filter((arg) => typeof arg === 'string').join(' '));
  };
  const disable = { vfs: { opfs: true, 'opfs-wl': true, kvvfs: true } };
  const config = { disable, warn, error: warn, log: () => undefined, debug: () => undefined };
  Object.assign(globalThis, { sqlite3ApiConfig: config });
  const sqlite3 = await instantiate(module);
  return new Runtime(sqlite3, warnings);
}

function instantiate(module: WebAssembly.Module): Promise<Sqlite3Static> {
  return new Promise((resolve, reject) => {
    const instantiateWasm = (imports: WasmImports, done: Instantiated): object => {
      const { env } = imports;
      if (env === undefined) throw new Error('the SQLite module imports nothing from env');
      env['_localtime_js'] = utcCalendar(env['memory'] as WebAssembly.Memory);
      const start = async (): Promise<void> => {
        done(await WebAssembly.instantiate(module, imports as WebAssembly.Imports), module);
      };
      start().catch(reject);
      return {};
    };
    (initialize as unknown as Initialize)({ instantiateWasm }).then(resolve, reject);
  });
}

/** Fills C's `struct tm` (nine 32-bit integers and an offset) for a time zone that is UTC. */
function utcCalendar(memory: WebAssembly.Memory): (seconds: bigint, out: Pointer) => void {
  return (seconds, out) => {
    const date = new Date(Number(seconds) * 1_000);
    const year = date.getUTCFullYear();
    const dayOfYear = Math.floor(
      (Date.UTC(year, date.getUTCMonth(), date.getUTCDate()) - Date.UTC(year, 0, 1)) / MS_PER_DAY,
    );
    const fields = [
      date.getUTCSeconds(),
      date.getUTCMinutes(),
      date.getUTCHours(),
      date.getUTCDate(),
      date.getUTCMonth(),
      year - 1_900,
      date.getUTCDay(),
      dayOfYear,
      0,
      0,
    ];
    new Int32Array(memory.buffer, out, fields.length).set(fields);
  };
}

function fillFromCrypto(target: Uint8Array): void {
  for (let at = 0; at < target.length; at += CRYPTO_BYTES) {
    // A view of the module's memory may not be filled directly where that memory can grow.
    const chunk = new Uint8Array(Math.min(CRYPTO_BYTES, target.length - at));
    crypto.getRandomValues(chunk);
    target.set(chunk, at);
  }
}
