/** What counts as another network, and what does not. */

import { afterEach, expect, test, vi } from 'vitest';

import { watchNetwork } from '../../src/transport/network-watch.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

test('online again, or another kind of network; an estimate of its speed is no change', () => {
  const page = new EventTarget();
  const connection = Object.assign(new EventTarget(), { type: 'wifi', effectiveType: '4g' });
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
  vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page));
  vi.stubGlobal('navigator', { connection });
  let changes = 0;
  const stop = watchNetwork(() => {
    changes += 1;
  });
  const told = (): number => {
    connection.dispatchEvent(new Event('change'));
    return changes;
  };

  expect(told()).toBe(0);
  connection.effectiveType = '3g';
  expect(told()).toBe(0);
  connection.type = 'cellular';
  expect([told(), told()]).toEqual([1, 1]);
  page.dispatchEvent(new Event('online'));
  expect(changes).toBe(2);
  stop();
  page.dispatchEvent(new Event('online'));
  connection.type = 'wifi';
  expect(told()).toBe(2);
});

test('an engine that tells of no connection tells when it is online', () => {
  const page = new EventTarget();
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
  vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page));
  vi.stubGlobal('navigator', {});
  let changes = 0;
  watchNetwork(() => {
    changes += 1;
  });
  page.dispatchEvent(new Event('online'));
  expect(changes).toBe(1);
});
