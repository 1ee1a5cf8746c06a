/**
 * The AppendEntries with entries that are on their way to one follower: a window bounded in messages
 * and bytes (thesis section 10.2.1 pipelines them; unbounded, a slow follower would make its leader
 * hold the log once more in buffers). A ring of fixed size: sending allocates nothing.
 */

export class Inflights {
  readonly #maxMessages: number;
  readonly #maxBytes: number;
  readonly #lastIndexes: Float64Array;
  readonly #bytes: Float64Array;
  #oldest = 0;
  #count = 0;
  #totalBytes = 0;

  constructor(maxMessages: number, maxBytes: number) {
    this.#maxMessages = maxMessages;
    this.#maxBytes = maxBytes;
    this.#lastIndexes = new Float64Array(maxMessages);
    this.#bytes = new Float64Array(maxMessages);
  }

  /** Whether nothing more may be sent. The last message let in may exceed the bytes. */
  get isFull(): boolean {
    return this.#count >= this.#maxMessages || this.#totalBytes >= this.#maxBytes;
  }

  /** Messages under way. */
  get count(): number {
    return this.#count;
  }

  /** A message whose last entry has `lastIndex` is sent; the window is not full. */
  add(lastIndex: number, bytes: number): void {
    const slot = (this.#oldest + this.#count) % this.#maxMessages;
    this.#lastIndexes[slot] = lastIndex;
    this.#bytes[slot] = bytes;
    this.#count += 1;
    this.#totalBytes += bytes;
  }

  /** Everything up to `matchIndex` has arrived, whichever messages it came in. */
  freeUpTo(matchIndex: number): void {
    while (this.#count > 0 && (this.#lastIndexes[this.#oldest] ?? 0) <= matchIndex) {
      this.#totalBytes -= this.#bytes[this.#oldest] ?? 0;
      this.#oldest = (this.#oldest + 1) % this.#maxMessages;
      this.#count -= 1;
    }
  }

  clear(): void {
    this.#count = 0;
    this.#totalBytes = 0;
  }
}
