/** The keys that the view shows beside the command line: those of a prefix, as they are at any moment. */

import { effect, signal } from '@preact/signals';
import type { KeyPage, KeyValueStore } from '../../../apps/kv/kv.ts';
import { messageOf } from '../../wording.ts';

const SHOWN_KEYS = 100;

export class KeyList {
  readonly prefix = signal('');
  /** Null: not known yet. */
  readonly page = signal<KeyPage | null>(null);
  /** Null: there is none. */
  readonly problem = signal<string | null>(null);
  readonly close: () => void;

  constructor(store: KeyValueStore) {
    this.close = effect(() => {
      const { value: prefix } = this.prefix;
      return this.#watch(store, prefix);
    });
  }

  #watch(store: KeyValueStore, prefix: string): () => void {
    this.problem.value = null;
    try {
      return store.watchList(
        prefix,
        (page) => {
          this.page.value = page;
          this.problem.value = null;
        },
        {
          limit: SHOWN_KEYS,
          onError: ({ message }) => {
            this.problem.value = message;
          },
        },
      );
    } catch (error) {
      // Too long a prefix, or a database that has just been closed.
      this.problem.value = messageOf(error);
      return () => undefined;
    }
  }
}
