/** Asking the browser to keep this site's data, and telling the node of it. */

import { LONG_TIMEOUT_MS, type Calls } from './calls.ts';

/** Whether it has promised to. It may ask the person first. */
export async function askToPersist(calls: Calls): Promise<boolean> {
  return calls.reading(
    async () => {
      const persisted = await navigator.storage.persist();
      await calls.node.node('lookAtStorage', []);
      return persisted;
    },
    { timeoutMs: LONG_TIMEOUT_MS },
  );
}
