/** A page's visibility and animation frames, in the hands of a test. */

import { vi } from 'vitest';

class FakeDocument extends EventTarget {
  visibilityState: 'visible' | 'hidden' = 'visible';
}

export class FakeFrames {
  readonly #document = new FakeDocument();
  readonly #callbacks = new Map<number, () => void>();
  #last = 0;

  /** Replaces the globals; `vi.unstubAllGlobals` takes them back. */
  constructor() {
    vi.stubGlobal('document', this.#document);
    vi.stubGlobal('requestAnimationFrame', (callback: () => void) => {
      this.#last += 1;
      this.#callbacks.set(this.#last, callback);
      return this.#last;
    });
    vi.stubGlobal('cancelAnimationFrame', (frame: number) => this.#callbacks.delete(frame));
  }

  /** How many callbacks wait for a frame. */
  get waiting(): number {
    return this.#callbacks.size;
  }

  /** A frame is drawn; a hidden page draws none. */
  draw(): void {
    if (this.#document.visibilityState === 'hidden') return;
    const callbacks = [...this.#callbacks.values()];
    this.#callbacks.clear();
    for (const callback of callbacks) callback();
  }

  show(visibilityState: 'visible' | 'hidden'): void {
    this.#document.visibilityState = visibilityState;
    this.#document.dispatchEvent(new Event('visibilitychange'));
  }
}
