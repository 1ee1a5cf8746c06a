/** Copying: what is said of it, for how long, and that a refusal is no secret. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Copying } from '../../src/ui/copying.ts';

let writeText: (text: string) => Promise<void>;
const read = () => ({ text: 'a text', done: 'Copied' });

beforeEach(() => {
  vi.useFakeTimers();
  writeText = vi.fn<typeof writeText>(async () => undefined);
  vi.stubGlobal('navigator', { clipboard: { writeText: (text: string) => writeText(text) } });
});

afterEach(() => vi.useRealTimers());

test('what was copied is said for a while', async () => {
  const copying = new Copying();
  await copying.copy(read);
  expect([copying.said.value, vi.mocked(writeText).mock.calls]).toEqual(['Copied', [['a text']]]);
  await vi.advanceTimersByTimeAsync(1_000);
  // Once more: from now on.
  await copying.copy(read);
  await vi.advanceTimersByTimeAsync(1_500);
  expect(copying.said.value).toBe('Copied');
  await vi.advanceTimersByTimeAsync(1_000);
  expect(copying.said.value).toBeNull();
});

test('a clipboard that is refused is told, and what cannot be read', async () => {
  writeText = async () => {
    throw new DOMException('no', 'NotAllowedError');
  };
  const copying = new Copying();
  await copying.copy(read);
  expect(copying.said.value).toBe('The browser does not let it be copied');
  await copying.copy(async () => {
    throw new Error('the rows are gone');
  });
  expect(copying.said.value).toContain('the rows are gone');
});

test('of something else nothing was said yet, also where it was on its way', async () => {
  const copying = new Copying();
  const copied = copying.copy(read);
  copying.reset();
  await copied;
  expect(copying.said.value).toBeNull();
  await copying.copy(read);
  copying.reset();
  expect(copying.said.value).toBeNull();
});
