/** The table of a log's records: idb-keyval on a strictly durable database of the node's own. */

import { delMany, keys, promisifyRequest, setMany } from 'idb-keyval';

import type { RecordTable } from './indexeddb-copy.ts';
import type { StrictStore } from './strict-store.ts';

export class IndexedDbTable implements RecordTable {
  readonly #store: StrictStore;

  constructor(store: StrictStore) {
    this.#store = store;
  }

  keys(): Promise<readonly unknown[]> {
    return keys(this.#store.useStore);
  }

  /**
   * All at once where that works. Where it does not, one value cannot be read (large ones lie in
   * files of their own, which may be gone) or none can: so each is asked for, and the failure is the
   * table's when no key can be read either.
   */
  async values(first: number, last: number): Promise<readonly unknown[]> {
    const { useStore } = this.#store;
    const range = IDBKeyRange.bound(first, last);
    try {
      return await useStore('readonly', (store) => promisifyRequest(store.getAll(range)));
    } catch {
      const present = await useStore('readonly', (store) => {
        return promisifyRequest(store.getAllKeys(range));
      });
      return await Promise.all(present.map((key) => this.#valueOrNothing(key)));
    }
  }

  put(records: readonly (readonly [number, Uint8Array])[]): Promise<void> {
    const pairs = records.map(([key, value]): [IDBValidKey, Uint8Array] => [key, value]);
    return setMany(pairs, this.#store.useStore);
  }

  delete(surplus: readonly unknown[]): Promise<void> {
    return delMany(surplus as IDBValidKey[], this.#store.useStore);
  }

  deleteRange(first: number, last: number): Promise<void> {
    return this.#store.useStore('readwrite', (store) => {
      store.delete(IDBKeyRange.bound(first, last));
      return promisifyRequest(store.transaction);
    });
  }

  close(): void {
    this.#store.close();
  }

  async #valueOrNothing(key: IDBValidKey): Promise<unknown> {
    try {
      return await this.#store.useStore('readonly', (store) => promisifyRequest(store.get(key)));
    } catch {
      return undefined;
    }
  }
}
