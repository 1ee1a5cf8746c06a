/** What the page keeps in the browser, for tests in Node: anew for each, and gone behind it. */

import { afterEach, beforeEach, vi } from 'vitest';

/** To be called in a test's file; answers what is stored, by key. */
export function fakeLocalStorage(): Map<string, string> {
  const stored = new Map<string, string>();
  beforeEach(() => {
    stored.clear();
    vi.stubGlobal('localStorage', {
      getItem: (key: string) => stored.get(key) ?? null,
      setItem: (key: string, value: string) => stored.set(key, value),
    });
  });
  afterEach(() => {
    vi.unstubAllGlobals();
  });
  return stored;
}
