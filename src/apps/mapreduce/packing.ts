/**
 * How inputs, pairs and results are written into the database: as JSON in UTF-8, deflated where that is
 * worth it, cut into parts that an entry of the log has room for. A byte in front tells which it is.
 * JSON, because it is exact for every string, lone surrogates too, and because engines are fast at it;
 * deflated, because the log's bandwidth is what a job has least of.
 */

/** A part of what is packed. Entries hold one, or several small ones. */
export const PART_BYTES = 128 * 1024;

/** What is shorter costs more to deflate than it saves. */
const SHORTEST_DEFLATED = 512;
const PLAIN = 0;
const DEFLATED = 1;

export async function pack(value: unknown): Promise<Uint8Array> {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  if (bytes.length < SHORTEST_DEFLATED) return marked(PLAIN, bytes);
  return marked(DEFLATED, await through(new CompressionStream('deflate'), bytes));
}

export interface Unpacked {
  /** What `pack` was given. */
  readonly value: unknown;
  /** Its size before it was deflated. */
  readonly bytes: number;
}

/**
 * Rejects where the bytes are no whole packing, and with a `RangeError` where they come to more than
 * `bytesMax`, without having made more: little that is deflated may be a lot.
 */
export async function unpack(packed: Uint8Array, bytesMax: number): Promise<Unpacked> {
  const bytes = packed.subarray(1);
  const isDeflated = packed[0] === DEFLATED;
  const json = isDeflated
    ? await through(new DecompressionStream('deflate'), bytes, bytesMax)
    : bytes;
  if (json.length > bytesMax) throw tooLarge(bytesMax);
  return { value: JSON.parse(new TextDecoder().decode(json)), bytes: json.length };
}

function tooLarge(bytesMax: number): RangeError {
  return new RangeError(`it comes to more than ${bytesMax} bytes`);
}

/** At least one. */
export function partsOf(packed: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < packed.length; at += PART_BYTES) {
    parts.push(packed.subarray(at, at + PART_BYTES));
  }
  return parts;
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const whole = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function marked(mark: number, bytes: Uint8Array): Uint8Array {
  const packed = new Uint8Array(bytes.length + 1);
  packed[0] = mark;
  packed.set(bytes, 1);
  return packed;
}

/** Without a Blob or a Response in between, which cost more than the work itself. */
async function through(
  { readable, writable }: CompressionStream | DecompressionStream,
  bytes: Uint8Array,
  bytesMax = Infinity,
): Promise<Uint8Array> {
  const writer = writable.getWriter();
  const written = Promise.all([writer.write(bytes as Uint8Array<ArrayBuffer>), writer.close()]);
  // What is wrong comes out of the reader, too.
  written.catch(() => undefined);
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = readable.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return joined(chunks);
    chunks.push(value);
    length += value.length;
    if (length > bytesMax) {
      void reader.cancel();
      throw tooLarge(bytesMax);
    }
  }
}
