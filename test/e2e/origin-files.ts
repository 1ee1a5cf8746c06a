/** Files of the origin, as a page of it on which nothing runs sees them. */

import { expect } from 'vitest';

import type { Tab } from './tab.ts';
import { waitFor } from './wait.ts';

const BOUND_MS = 60_000;

/** Whose names begin so. Waits for a tab that is going away to let go of them. */
export async function removeEntries(
  desk: Tab,
  path: readonly string[],
  prefix: string,
): Promise<void> {
  const removed = await waitFor('the files to be free', BOUND_MS, () =>
    desk.page.evaluate(
      async ([names, wanted]) => {
        let directory = await navigator.storage.getDirectory();
        for (const name of names) directory = await directory.getDirectoryHandle(name);
        let count = 0;
        try {
          for await (const name of directory.keys()) {
            if (!name.startsWith(wanted)) continue;
            await directory.removeEntry(name, { recursive: true });
            count += 1;
          }
        } catch {
          return false;
        }
        return count;
      },
      [path, prefix] as const,
    ),
  );
  expect(removed).toBeGreaterThan(0);
}
