/**
 * Bounds-checked binary writing and reading, for everything stored or sent. Little-endian; integers
 * up to 2^53 - 1 travel as f64. Bytes read from elsewhere are hostile: every read checks its bounds
 * and `FormatError` is the only thing thrown. Slices given out are views, not copies.
 */

/** Bytes that are not what their format says. */
export class FormatError extends Error {
  override readonly name = 'FormatError';
}

/** A writer that is used again gives more than this back. */
const MAX_IDLE_BYTES = 64 * 1024;
/** A number on its way into bytes: most writers are small, and a view of each would cost more than they. */
const number = new DataView(new ArrayBuffer(8));
const numberBytes = new Uint8Array(number.buffer);

export class ByteWriter {
  readonly #capacity: number;
  #bytes: Uint8Array;
  #length = 0;

  constructor(capacity = 256) {
    this.#capacity = Math.max(capacity, 16);
    this.#bytes = new Uint8Array(this.#capacity);
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length] = value;
    this.#length += 1;
  }

  u32(value: number): void {
    this.#reserve(4);
    const bytes = this.#bytes;
    const at = this.#length;
    bytes[at] = value;
    bytes[at + 1] = value >>> 8;
    bytes[at + 2] = value >>> 16;
    bytes[at + 3] = value >>> 24;
    this.#length += 4;
  }

  f64(value: number): void {
    this.#reserve(8);
    number.setFloat64(0, value, true);
    this.#bytes.set(numberBytes, this.#length);
    this.#length += 8;
  }

  /** An integer 0 <= value < 2^53. */
  integer(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw new FormatError(`not an index: ${value}`);
    this.f64(value);
  }

  /** Bytes without their length. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Bytes behind their length. */
  bytes(bytes: Uint8Array): void {
    this.u32(bytes.length);
    this.raw(bytes);
  }

  /** A name of at most 255 ASCII characters (ids; never text of a person's). */
  name(name: string): void {
    if (name.length > 255) throw new FormatError('name too long');
    this.u8(name.length);
    for (let i = 0; i < name.length; i += 1) {
      const code = name.charCodeAt(i);
      if (code < 0x20 || code > 0x7e) throw new FormatError('name is not ASCII');
      this.u8(code);
    }
  }

  boolean(value: boolean): void {
    this.u8(value ? 1 : 0);
  }

  get length(): number {
    return this.#length;
  }

  /** What was written; the writer is not used afterwards. */
  finish(): Uint8Array {
    if (this.#length === this.#bytes.length) return this.#bytes;
    return this.#bytes.subarray(0, this.#length);
  }

  /** A copy of what was written; the writer goes on. */
  copy(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** Begins anew in the same memory, for as long as that is not more than it should hold. */
  clear(): void {
    this.#length = 0;
    if (this.#bytes.length > MAX_IDLE_BYTES) this.#bytes = new Uint8Array(this.#capacity);
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  error(what: string): FormatError {
    return new FormatError(`${what} (at byte ${this.#at} of ${this.#bytes.length})`);
  }

  u8(): number {
    const at = this.#take(1);
    return this.#view.getUint8(at);
  }

  u32(): number {
    const at = this.#take(4);
    return this.#view.getUint32(at, true);
  }

  f64(): number {
    const at = this.#take(8);
    return this.#view.getFloat64(at, true);
  }

  /** An integer 0 <= value < 2^53. */
  integer(): number {
    const value = this.f64();
    if (!Number.isSafeInteger(value) || value < 0) throw this.error('not an index');
    return value;
  }

  raw(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  bytes(): Uint8Array {
    return this.raw(this.u32());
  }

  name(): string {
    const bytes = this.raw(this.u8());
    let name = '';
    for (const code of bytes) {
      if (code < 0x20 || code > 0x7e) throw this.error('name is not ASCII');
      name += String.fromCharCode(code);
    }
    return name;
  }

  boolean(): boolean {
    const value = this.u8();
    if (value > 1) throw this.error('not a boolean');
    return value === 1;
  }

  /** A count of things that take at least `minBytes` each; so a lie cannot make us allocate. */
  count(minBytes: number): number {
    const count = this.u32();
    if (count * minBytes > this.remaining) throw this.error('count beyond the end');
    return count;
  }

  expect(value: number, what: string): void {
    const found = this.u8();
    if (found !== value) throw this.error(`${what} ${found}, expected ${value}`);
  }

  rest(): Uint8Array {
    return this.raw(this.remaining);
  }

  end(): void {
    if (this.remaining > 0) throw this.error('bytes after the end');
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  #take(length: number): number {
    if (length > this.remaining) throw this.error('unexpected end');
    const at = this.#at;
    this.#at += length;
    return at;
  }
}
