/**
 * A part of the page whose code is fetched late: when it is first needed, or before that, when the page
 * has nothing better to do. The first sight of the page does without it.
 *
 * That it cannot be had is rare: the service worker keeps all parts of a page that is open, also where
 * the server has a newer version by now. Where there is no service worker, or it has not come that far,
 * the person is told, since only a reload helps for sure.
 */

import { signal, type ReadonlySignal } from '@preact/signals';

const missing = signal(false);

/** A part that was needed could not be fetched. */
export const isPartMissing: ReadonlySignal<boolean> = missing;

export class LatePart<Module> {
  readonly #fetch: () => Promise<Module>;
  readonly #module = signal<Module | null>(null);
  #fetching: Promise<Module> | null = null;

  /** `fetch` is one `import()`. */
  constructor(fetch: () => Promise<Module>) {
    this.#fetch = fetch;
  }

  /** Null: it is not there yet. */
  get module(): ReadonlySignal<Module | null> {
    return this.#module;
  }

  /** Rejects where it cannot be had; the next call tries again. */
  get(): Promise<Module> {
    this.#fetching ??= this.#take();
    return this.#fetching;
  }

  /** The same for what a person waits for, who is told where it cannot be had. */
  async need(): Promise<Module> {
    try {
      const module = await this.get();
      missing.value = false;
      return module;
    } catch (error) {
      missing.value = true;
      throw error;
    }
  }

  async #take(): Promise<Module> {
    try {
      const module = await this.#fetch();
      this.#module.value = module;
      return module;
    } catch (error) {
      this.#fetching = null;
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`a part of the page could not be loaded: ${reason}`, { cause: error });
    }
  }
}
