/** The command language of the key-value store: its words, and what each command prints. */

import { describe, expect, test, vi } from 'vitest';

import { CommandLine, completionsOf, shown, wordsOf } from '../../../src/apps/kv/command-line.ts';
import { KeyValueStore } from '../../../src/apps/kv/kv.ts';
import { LocalDatabase } from '../local-database.ts';

async function openLine(): Promise<{
  local: LocalDatabase;
  store: KeyValueStore;
  line: CommandLine;
  printed: string[];
}> {
  const local = await LocalDatabase.open();
  const store = new KeyValueStore(local.db);
  const printed: string[] = [];
  const line = new CommandLine(store, ({ kind, text }) => printed.push(`${kind}: ${text}`));
  return { local, store, line, printed };
}

describe('words', () => {
  test.each<[string, string[]]>([
    ['', []],
    ['  get \t k ', ['get', 'k']],
    ['put "a b" \'c d\'', ['put', 'a b', 'c d']],
    ['put "" \'\'', ['put', '', '']],
    [String.raw`"\n\r\t\\\"\q" 'it\'s \n \\'`, ['\n\r\t\\"q', String.raw`it's \n \ `.trimEnd()]],
    [String.raw`"\x41\u{1f600}\xzz"`, ['A\u{1f600}xzz']],
    ['it"s', ['it"s']],
  ])('%s', (line, expected) => {
    expect(wordsOf(line).map(({ text }) => text)).toEqual(expected);
  });

  test.each(['put "a', "put 'a\\'", 'put "a"b', String.raw`"\u{110000}"`])(
    '%s is refused',
    (line) => {
      expect(() => wordsOf(line)).toThrow(Error);
    },
  );

  test('the names of commands are completed', () => {
    expect(completionsOf('g')).toEqual(['GET']);
    expect(completionsOf('')).toEqual([]);
    expect(completionsOf('get ')).toEqual([]);
  });
});

test('commands print what the original prints', async () => {
  const { line, printed } = await openLine();
  const lines = ['PUT foo bar', 'GET foo', 'APPEND foo !', 'GET foo', 'GET none', 'PUT foo', 'FOO'];
  for (const text of lines) await line.run(text);
  expect(printed).toEqual([
    'answer: Put(foo, bar)',
    'answer: Get(foo) -> bar',
    'answer: Append(foo, !)',
    'answer: Get(foo) -> bar!',
    'answer: Get(none) -> ',
    'error: Cannot PUT empty value',
    'error: Not supported method',
  ]);
});

test('an empty text may be put and appended in quotes', async () => {
  const { line, store, printed } = await openLine();
  await line.run('PUT k ""');
  await line.run("APPEND l ''");
  expect(printed).toEqual(['answer: Put(k, )', 'answer: Append(l, )']);
  expect([await store.entry('k'), await store.entry('l')]).toMatchObject([
    { value: '' },
    { value: '' },
  ]);
});

test('of a long value the beginning is printed, and its size', async () => {
  const { line, store, printed } = await openLine();
  const value = `${'é'.repeat(3_999)}\u{1f600}${'x'.repeat(1_000)}`;
  await store.put('k', value);
  await line.run('GET k');
  expect(printed).toEqual([`answer: Get(k) -> ${'é'.repeat(3_999)}… (9002 bytes)`]);
  await line.run(`APPEND k ${value}`);
  await line.run(`CAS k ${value} ${value}`);
  await line.run('WATCH k');
  await expect.poll(() => printed.length).toBe(4);
  for (const text of printed) expect(text.length).toBeLessThan(9_000);
  expect(shown('x'.repeat(4_000))).toBe('x'.repeat(4_000));
  line.close();
});

test('what was aborted before its turn, and what comes after the end, does nothing', async () => {
  const { local, line, printed } = await openLine();
  const live = vi.spyOn(local.db, 'live');
  await line.run('WATCH k', AbortSignal.abort());
  line.close();
  await line.run('WATCH k');
  await line.run('PUT k v');
  expect(printed).toEqual([
    'error: Aborted: the caller aborted the request',
    'error: Closed: this command line was closed',
    'error: Closed: this command line was closed',
  ]);
  expect(live).not.toHaveBeenCalled();
  expect(local.applied).toBe(0);
});

test('the others delete, list, compare and set, and help, in any case', async () => {
  const { line, printed } = await openLine();
  const lines = [
    'cas k nil 1',
    'cas k nil 2',
    'Cas k 1 "nil"',
    'cas k "nil" 3',
    'put "k k" "two\\nlines"',
    'keys k',
    'list k k',
    'del k',
    'delete k',
  ];
  for (const text of lines) await line.run(text);
  expect(printed).toEqual([
    'answer: CompareAndSet(k, nil, 1) -> true',
    'answer: CompareAndSet(k, nil, 2) -> false',
    'answer: CompareAndSet(k, 1, nil) -> true',
    'answer: CompareAndSet(k, nil, 3) -> true',
    'answer: Put(k k, two\nlines)',
    'answer: List(k) -> 2\n  k -> 3\n  k k -> two lines',
    'answer: List(k) -> 1\n  k k -> two lines',
    'answer: Delete(k)',
    'answer: Delete(k) -> there was none',
  ]);
  await line.run('help');
  for (const name of [
    'GET key',
    'PUT key value',
    'APPEND key value',
    'DELETE key',
    'LIST',
    'CAS',
    'WATCH',
  ]) {
    expect(printed.at(-1)).toContain(name);
  }
});

test('a list that is longer than a page says how it goes on', async () => {
  const { local, line, printed } = await openLine();
  await line.run('put x y');
  await local.db.execute(
    `with recursive n(i) as (select 1 union all select i + 1 from n where i < 101)
     insert into kv_entries (key, value, version) select format('a %03d', i), '', 0 from n`,
  );
  await line.run('list a');
  expect(printed.at(-1)).toMatch(/^answer: List\(a\) -> 100\n/u);
  expect(printed.at(-1)).toMatch(/\n {2}more: LIST a "a 100"$/u);
  await line.run('LIST a "a 100"');
  expect(printed.at(-1)).toBe('answer: List(a) -> 1\n  a 101 -> ');
});

test('a watched key is told of with every change, until it is watched no more', async () => {
  const { local, line, printed } = await openLine();
  const other = new KeyValueStore(local.another());
  await line.run('watch k');
  await expect.poll(() => printed.at(-1)).toBe('answer: Watch(k) -> ');
  await other.put('k', '1');
  await expect.poll(() => printed.at(-1)).toBe('answer: Watch(k) -> 1');
  await line.run('unwatch');
  expect(printed.at(-1)).toBe('answer: Unwatch(k)');
  await other.put('k', '2');
  expect(await other.get('k')).toBe('2');
  expect(printed.at(-1)).toBe('answer: Unwatch(k)');
});

test.each([
  ['GET', 'Usage: GET key'],
  ['get a b', 'Usage: GET key'],
  ['put a b c', 'Usage: PUT key value'],
  ['put', 'Usage: PUT key value'],
  ['cas a b', 'Usage: CAS key old new'],
  ['list a b c', 'Usage: LIST [prefix [after]]'],
  ['unwatch k', 'Usage: UNWATCH'],
  ['append k', 'Cannot APPEND empty value'],
  ['get "', 'A " is not closed'],
  [`get ${'k'.repeat(513)}`, 'TooLarge: a key has at most 512 bytes of UTF-8'],
])('%s says why not', async (text, expected) => {
  const { local, line, printed } = await openLine();
  await line.run(text);
  expect(printed).toEqual([`error: ${expected}`]);
  expect(local.applied).toBe(0);
});

test('an abort says what is known of the write', async () => {
  const { local, store, line, printed } = await openLine();
  await store.put('k', '');
  local.mishaps.push('answer-lost', ...Array.from({ length: 40 }, () => 'lost' as const));
  const cancel = new AbortController();
  const run = line.run('append k a', cancel.signal);
  await expect.poll(() => local.mishaps.length).toBeLessThan(40);
  cancel.abort();
  await run;
  expect(printed.at(-1)).toMatch(/^error: Aborted: .*nobody knows/u);
});
