/** The state of the key-value store's command line, and the list of keys beside it. */

import { describe, expect, test, vi } from 'vitest';

import { KeyValueStore } from '../../../../src/apps/kv/kv.ts';
import { KeyList } from '../../../../src/ui/apps/kv/key-list.ts';
import { Terminal } from '../../../../src/ui/apps/kv/terminal.ts';
import { LocalDatabase } from '../../../apps/local-database.ts';

async function openTerminal(): Promise<{
  local: LocalDatabase;
  store: KeyValueStore;
  terminal: Terminal;
}> {
  const local = await LocalDatabase.open();
  const store = new KeyValueStore(local.db);
  return { local, store, terminal: new Terminal(store) };
}

function linesOf(terminal: Terminal): string[] {
  return terminal.lines.value.map(({ kind, text }) => `${kind}: ${text}`);
}

function typeAll(terminal: Terminal, lines: readonly string[]): void {
  for (const line of lines) {
    terminal.typed.value = line;
    terminal.submit();
  }
}

describe('the command line', () => {
  test('commands are carried out one after another, each behind what was typed', async () => {
    const { terminal } = await openTerminal();
    typeAll(terminal, ['PUT k v', ' ', 'GET k']);
    expect(terminal.running.value).toBe(2);
    expect(terminal.typed.value).toBe('');
    await expect.poll(() => terminal.running.value).toBe(0);
    expect(linesOf(terminal)).toEqual([
      'command: PUT k v',
      'answer: Put(k, v)',
      'command: GET k',
      'answer: Get(k) -> v',
    ]);
  });

  test('the history goes back and forth, and ends with what was being typed', async () => {
    const { terminal } = await openTerminal();
    typeAll(terminal, ['HELP', 'HELP', 'UNWATCH']);
    terminal.typed.value = 'GE';
    const seen: string[] = [];
    for (const step of [-1, -1, -1, 1, 1, 1] as const) {
      terminal.recall(step);
      seen.push(terminal.typed.value);
    }
    expect(seen).toEqual(['UNWATCH', 'HELP', 'HELP', 'UNWATCH', 'GE', 'GE']);
    expect(terminal.complete()).toBe(true);
    expect(terminal.typed.value).toBe('GET ');
    expect(terminal.complete()).toBe(false);
  });

  test('to cancel ends what is under way and what waits, and the next command goes on', async () => {
    const { local, store, terminal } = await openTerminal();
    await store.put('k', '');
    local.mishaps.push('answer-lost', ...Array.from({ length: 40 }, () => 'lost' as const));
    typeAll(terminal, ['APPEND k a', 'APPEND k b']);
    await expect.poll(() => local.mishaps.length).toBeLessThan(40);
    terminal.cancel();
    await expect.poll(() => terminal.running.value).toBe(0);
    local.mishaps.length = 0;
    typeAll(terminal, ['GET k']);
    await expect.poll(() => linesOf(terminal).at(-1)).toBe('answer: Get(k) -> a');
    expect(linesOf(terminal).filter((line) => line.startsWith('error: Aborted'))).toHaveLength(2);
  });

  test('a watch that waits when the line is closed is never begun', async () => {
    const { local, terminal } = await openTerminal();
    const live = vi.spyOn(local.db, 'live');
    typeAll(terminal, ['PUT k v', 'WATCH k']);
    terminal.close();
    await expect.poll(() => terminal.running.value).toBe(0);
    expect(live).not.toHaveBeenCalled();
  });

  test('what is shown is bounded, whatever is in it', async () => {
    const { terminal } = await openTerminal();
    const long = 'x'.repeat(10_000);
    typeAll(
      terminal,
      Array.from({ length: 30 }, () => `PUT k ${long}`),
    );
    typeAll(terminal, ['GET k']);
    await expect.poll(() => terminal.running.value).toBe(0);
    const characters = terminal.lines.value.reduce((sum, { text }) => sum + text.length, 0);
    expect(characters).toBeLessThanOrEqual(200_000);
    expect(characters).toBeGreaterThan(190_000);
    expect(linesOf(terminal).at(-1)).toMatch(/^answer: Get\(k\) -> x{4000}… \(10000 bytes\)$/u);
    typeAll(
      terminal,
      Array.from({ length: 200 }, () => 'UNWATCH'),
    );
    await expect.poll(() => terminal.running.value).toBe(0);
    expect(terminal.lines.value).toHaveLength(300);
  });
});

test('the keys beside it are those of the prefix, as they are at any moment', async () => {
  const { local, store } = await openTerminal();
  const keys = new KeyList(store);
  const shown = (): string | undefined => keys.page.value?.keys.map(({ key }) => key).join();
  await expect.poll(shown).toBe('');
  const other = new KeyValueStore(local.another());
  for (const key of ['a', 'b', 'b2']) await other.put(key, key);
  await expect.poll(shown).toBe('a,b,b2');
  keys.prefix.value = 'b';
  await expect.poll(shown).toBe('b,b2');
  keys.prefix.value = 'b'.repeat(513);
  expect(keys.problem.value).toBe('a key has at most 512 bytes of UTF-8');
  keys.prefix.value = 'b2';
  expect(keys.problem.value).toBe(null);
  await expect.poll(shown).toBe('b2');
  keys.close();
  await other.delete('b2');
  expect(await other.get('b2')).toBe('');
  expect(shown()).toBe('b2');
});
