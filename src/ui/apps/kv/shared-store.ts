/** The one handle by which this page uses the key-value store of a database, wherever it does. */

import { KeyValueStore } from '../../../apps/kv/kv.ts';
import type { Database } from '../../../client/database.ts';

const stores = new WeakMap<Database, KeyValueStore>();

export function sharedStore(database: Database): KeyValueStore {
  const made = stores.get(database);
  if (made !== undefined) return made;
  const store = new KeyValueStore(database);
  stores.set(database, store);
  return store;
}
