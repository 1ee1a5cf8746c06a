/** The key-value store over real SQLite: what its calls do, and that lost messages make no difference. */

import { describe, expect, test, vi } from 'vitest';

import {
  IdempotencyKeyReused,
  KeyValueStore,
  type Entry,
  type KeyPage,
} from '../../../src/apps/kv/kv.ts';
import { LIST_SQL, MAX_CLERKS } from '../../../src/apps/kv/statements.ts';
import { MAX_KEY_BYTES, MAX_VALUE_BYTES } from '../../../src/apps/kv/texts.ts';
import { ResqliteError } from '../../../src/client/errors.ts';
import { failure } from '../../../src/node/errors.ts';
import { verdict } from '../../client/fake-database.ts';
import { LocalDatabase } from '../local-database.ts';

async function openStore(): Promise<{ local: LocalDatabase; store: KeyValueStore }> {
  const local = await LocalDatabase.open();
  return { local, store: new KeyValueStore(local.db) };
}

function lostAnswer(): ResqliteError {
  return new ResqliteError(failure('Timeout', 'unknown', 'the answer was lost'));
}

/** Waits, bounded by the test's own time, until a list of what was told ends with `last`. */
async function until<T>(told: readonly T[], last: T): Promise<void> {
  await expect.poll(() => told.at(-1)).toEqual(last);
}

describe('reads and writes', () => {
  test('a missing key reads as empty, also before the store is made, and an append to it puts', async () => {
    const { local, store } = await openStore();
    expect(await store.get('k')).toBe('');
    expect(await store.entry('k')).toBe(null);
    expect(await store.list()).toEqual({ keys: [], next: null });
    expect(local.applied).toBe(0);
    expect(await store.append('k', 'a')).toMatchObject({ outcome: 'created', bytes: 1 });
    expect(await store.append('k', 'é')).toMatchObject({ outcome: 'replaced', bytes: 3 });
    expect(await store.get('k')).toBe('aé');
  });

  test('put replaces, and an empty value is told from a missing one by `entry` alone', async () => {
    const { store } = await openStore();
    await store.put('k', 'long before');
    const { version } = await store.put('k', '');
    expect(await store.get('k')).toBe('');
    expect(await store.entry('k')).toEqual({ value: '', version });
  });

  test('delete takes the key away, and says where there was none', async () => {
    const { store } = await openStore();
    await store.put('k', 'v');
    expect(await store.delete('k')).toEqual({ outcome: 'deleted', version: null, bytes: null });
    expect((await store.delete('k')).outcome).toBe('missing');
    expect(await store.entry('k')).toBe(null);
  });

  test('texts come back as they were, whatever is in them', async () => {
    const { store } = await openStore();
    const value = 'a\0b\'"\n\u{1f600}\ufeff';
    await store.put("k'\u{1f600}", value);
    await store.append("k'\u{1f600}", value);
    expect(await store.get("k'\u{1f600}")).toBe(value + value);
  });

  test('calls of one handle take effect in the order of the calls', async () => {
    const { store } = await openStore();
    const calls = Array.from({ length: 20 }, (_call, at) => store.append('k', `${at} `));
    const seen = await store.get('k');
    await Promise.all(calls);
    expect(seen).toBe(Array.from({ length: 20 }, (_call, at) => `${at} `).join(''));
  });

  test('two handles, as two tabs have them, see each other', async () => {
    const { local, store } = await openStore();
    const other = new KeyValueStore(local.another());
    await Promise.all([store.append('k', 'a'), other.append('k', 'b')]);
    expect((await other.get('k')).split('').toSorted()).toEqual(['a', 'b']);
  });
});

describe('versions', () => {
  test('a version never comes back, also not for a key that was deleted and made again', async () => {
    const { store } = await openStore();
    const seen = [(await store.put('k', 'v')).version];
    seen.push((await store.put('k', 'v')).version);
    await store.delete('k');
    seen.push((await store.put('k', 'v')).version);
    expect(new Set(seen).size).toBe(3);
    expect(seen).toEqual(seen.toSorted((a, b) => Number(a) - Number(b)));
  });

  test('compareAndSet sets where the key is what is expected: a value, a version, or missing', async () => {
    const { store } = await openStore();
    expect(await store.compareAndSet('k', 'x', 'no')).toBe(false);
    expect(await store.compareAndSet('k', null, 'one')).toBe(true);
    expect(await store.compareAndSet('k', null, 'no')).toBe(false);
    expect(await store.compareAndSet('k', 'one', 'two')).toBe(true);
    const entry = await store.entry('k');
    const version = entry?.version ?? 0;
    expect(await store.compareAndSet('k', { version: version + 1 }, 'no')).toBe(false);
    expect(await store.compareAndSet('k', { version }, 'three')).toBe(true);
    expect(await store.get('k')).toBe('three');
  });

  test('of many that expect the same, one alone sets', async () => {
    const { local, store } = await openStore();
    await store.put('k', '0');
    const handles = Array.from({ length: 8 }, () => new KeyValueStore(local.another()));
    const won = await Promise.all(
      handles.map((handle, at) => handle.compareAndSet('k', '0', `${at + 1}`)),
    );
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(await store.get('k')).toBe(`${won.indexOf(true) + 1}`);
  });

  test('deletes and appends may have a condition, too', async () => {
    const { store } = await openStore();
    const { version } = await store.put('k', 'v');
    const unmet = { outcome: 'unmet', version, bytes: 1 };
    expect(await store.append('k', 'w', { onlyIf: { type: 'missing' } })).toEqual(unmet);
    expect(await store.delete('k', { onlyIf: { type: 'value', value: 'w' } })).toEqual(unmet);
    const versions = [1, version ?? 0];
    const deleted = await store.delete('k', { onlyIf: { type: 'version', versions } });
    expect(deleted.outcome).toBe('deleted');
    expect((await store.put('k', '', { onlyIf: { type: 'there' } })).outcome).toBe('unmet');
  });
});

describe('lists', () => {
  test('are of a prefix, in the order of UTF-8, page by page', async () => {
    const { store } = await openStore();
    const keys = ['b', 'a\u{10ffff}z', 'a/2', 'a/1', 'a', 'a\uffff', 'a\u{1f600}', 'A'];
    for (const key of keys) await store.put(key, `value of ${key}`);
    const first = await store.list('a', { limit: 2 });
    expect(first.keys.map(({ key }) => key)).toEqual(['a', 'a/1']);
    expect(first.keys[1]).toMatchObject({ bytes: 12, start: 'value of a/1' });
    const second = await store.list('a', { limit: 2, after: first.next });
    expect(second.keys.map(({ key }) => key)).toEqual(['a/2', 'a\uffff']);
    const third = await store.list('a', { limit: 2, after: second.next });
    expect(third.keys.map(({ key }) => key)).toEqual(['a\u{1f600}', 'a\u{10ffff}z']);
    expect(third.next).toBe(null);
    expect((await store.list()).keys).toHaveLength(keys.length);
    expect((await store.list('%')).keys).toEqual([]);
  });

  test('show the beginning of a value, whatever is in it, and read no more of it', async () => {
    const { local, store } = await openStore();
    const start = '\0\u{1f600}\ufeffé'.repeat(25);
    await store.put('long', start.slice(0, -1));
    await store.append('long', 'éx'.repeat(100_000));
    await store.put('short', '\0');
    await store.put('empty', '');
    const { keys } = await store.list();
    expect(keys.map((key) => key.start)).toEqual(['', start, '\0']);
    await store.append('empty', 'a');
    await store.compareAndSet('short', '\0', 'b');
    expect((await store.list()).keys.map((key) => key.start)).toEqual(['a', start, 'b']);
    // Columns stand in a row as they were declared: what a list reads is in front of the value.
    const { rows } = await local.db.query("select name from pragma_table_xinfo('kv_entries')");
    expect(rows.flat()).toEqual(['key', 'version', 'start', 'value']);
    // Of the value itself no more than its length, which is not in it.
    expect(LIST_SQL.replace('octet_length(value)', '')).not.toContain('value');
  });

  test('and keys can be watched before the store is made, and on', async () => {
    const { local, store } = await openStore();
    const entries: (string | undefined)[] = [];
    const lists: string[] = [];
    const end = store.watch('a/k', (entry: Entry | null) => entries.push(entry?.value));
    const endList = store.watchList(
      'a/',
      ({ keys, next }: KeyPage) => {
        lists.push(`${keys.map(({ key }) => key).join()} ${String(next)}`);
      },
      { limit: 2 },
    );
    await until(entries, undefined);
    await until(lists, ' null');
    const other = new KeyValueStore(local.another());
    await other.put('b', 'of no interest');
    for (const key of ['k', 'l', 'm']) await other.put(`a/${key}`, key);
    await until(entries, 'k');
    await until(lists, 'a/k,a/l a/l');
    await other.delete('a/k');
    await until(entries, undefined);
    await until(lists, 'a/l,a/m null');
    end();
    endList();
  });
});

describe('limits', () => {
  test.each<[string, (store: KeyValueStore) => Promise<unknown>, string]>([
    ['an empty key', (store) => store.get(''), 'InvalidArgument no'],
    ['a key with NUL', (store) => store.put('a\0', ''), 'InvalidArgument no'],
    ['half a surrogate pair', (store) => store.put('k', 'a\ud800'), 'InvalidArgument no'],
    ['a long key', (store) => store.put('é'.repeat(MAX_KEY_BYTES / 2 + 1), ''), 'TooLarge no'],
    ['a long value', (store) => store.put('k', 'a'.repeat(MAX_VALUE_BYTES + 1)), 'TooLarge no'],
    ['a page of none', (store) => store.list('', { limit: 0 }), 'InvalidArgument no'],
    ['no time', (store) => store.put('k', 'v', { timeoutMs: 0 }), 'InvalidArgument no'],
    ['all time', (store) => store.put('k', 'v', { timeoutMs: Infinity }), 'InvalidArgument no'],
  ])('%s is refused before it is sent', async (_what, call, expected) => {
    const { local, store } = await openStore();
    expect(await verdict(call(store))).toBe(expected);
    expect(local.applied).toBe(0);
  });

  test('the largest key and value are taken, and nothing can be appended to it', async () => {
    const { store } = await openStore();
    const key = 'é'.repeat(MAX_KEY_BYTES / 2);
    const value = 'é'.repeat(MAX_VALUE_BYTES / 2);
    await store.put(key, value);
    expect(await verdict(store.append(key, 'a'))).toBe('TooLarge no');
    expect(await store.get(key)).toBe(value);
    expect((await store.append(key, '')).bytes).toBe(MAX_VALUE_BYTES);
  });
});

describe('exactly once', () => {
  test('a write whose answers are lost takes effect once, and gets the first answer', async () => {
    const { local, store } = await openStore();
    const { version } = await store.append('k', 'a');
    local.mishaps.push('answer-lost', 'lost', 'answer-lost');
    const answer = await store.append('k', 'b');
    expect(answer).toEqual({ outcome: 'replaced', version: (version ?? 0) + 1, bytes: 2 });
    expect(await store.get('k')).toBe('ab');
    local.mishaps.push('answer-lost');
    expect((await store.delete('k')).outcome).toBe('deleted');
    local.mishaps.push('answer-lost');
    expect(await store.compareAndSet('k', null, 'c')).toBe(true);
  });

  test('so does the first write of a handle, whose registration may be lost as well', async () => {
    const { local, store } = await openStore();
    local.mishaps.push('answer-lost', 'lost', 'answer-lost');
    await store.append('k', 'a');
    local.mishaps.push('answer-lost');
    await store.append('k', 'b');
    expect(await store.get('k')).toBe('ab');
  });

  test('the repeated write gets the first answer, also when others have written the key since', async () => {
    const { local, store } = await openStore();
    const other = new KeyValueStore(local.another());
    await store.put('k', '');
    await other.put('l', '');
    local.mishaps.push('answer-lost');
    const first = store.append('k', 'a');
    const second = other.append('k', 'b');
    const answers = await Promise.all([first, second]);
    expect(answers.map(({ bytes }) => bytes)).toEqual([1, 2]);
    expect(await store.get('k')).toBe('ab');
  });

  test('where its time is up first, the error says what is known', async () => {
    const { local, store } = await openStore();
    await store.put('k', '');
    const limits = { timeoutMs: 400 };
    local.mishaps.push(...Array.from({ length: 40 }, () => 'lost' as const));
    expect(await verdict(store.append('k', 'a', limits))).toBe('NoQuorum no');
    local.mishaps.length = 0;
    local.mishaps.push('answer-lost', ...Array.from({ length: 40 }, () => 'lost' as const));
    expect(await verdict(store.append('k', 'b', limits))).toBe('NoQuorum unknown');
    local.mishaps.length = 0;
    await store.append('k', 'c');
    expect(await store.get('k')).toBe('bc');
  });

  test('a long time is a long time, also behind another write', async () => {
    const { store } = await openStore();
    const limits = { timeoutMs: 2 ** 40 };
    await Promise.all([store.append('k', 'a', limits), store.append('k', 'b', limits)]);
    expect(await store.get('k', limits)).toBe('ab');
  });

  test('what is known to have done nothing is told so, also where an answer was lost', async () => {
    const { local, store } = await openStore();
    await store.put('k', 'a'.repeat(MAX_VALUE_BYTES));
    local.mishaps.push('answer-lost');
    expect(await verdict(store.append('k', 'b'))).toBe('TooLarge no');
    local.mishaps.push('answer-lost');
    expect(await verdict(store.append('k', 'b', { idempotencyKey: 'n' }))).toBe('TooLarge no');
  });

  test('an abort says the same, and those behind it go on', async () => {
    const { local, store } = await openStore();
    await store.put('k', '');
    local.mishaps.push('answer-lost', ...Array.from({ length: 40 }, () => 'lost' as const));
    const cancel = new AbortController();
    const aborted = verdict(store.append('k', 'a', { signal: cancel.signal }));
    const waiting = verdict(store.append('k', 'b', { signal: cancel.signal }));
    const next = store.append('k', 'c');
    await expect.poll(() => local.mishaps.length).toBeLessThan(40);
    cancel.abort();
    expect(await aborted).toBe('Aborted unknown');
    expect(await waiting).toBe('Aborted no');
    local.mishaps.length = 0;
    await next;
    expect(await store.get('k')).toBe('ac');
  });

  test('reads are tried again as well', async () => {
    const { local, store } = await openStore();
    await store.put('k', 'v');
    const query = vi.spyOn(local.db, 'query').mockRejectedValueOnce(lostAnswer());
    expect(await store.get('k')).toBe('v');
    expect(query).toHaveBeenCalledTimes(2);
    query.mockRejectedValue(lostAnswer());
    expect(await verdict(store.get('k', { timeoutMs: 200 }))).toBe('Timeout no');
  });
});

describe('clerks', () => {
  async function clerks(local: LocalDatabase, kind: string): Promise<unknown> {
    const { rows } = await local.db.query('select count(*) from kv_clerks where kind = ?', [kind]);
    return rows[0]?.[0];
  }

  /** Makes clerks that wrote just now, in one entry. */
  async function crowd(local: LocalDatabase, count: number): Promise<void> {
    await local.db.execute({
      sql: `with recursive n(i) as (select 1 union all select i + 1 from n where i < ?1)
        insert into kv_clerks (clerk, kind, digest, request, version, is_open)
        select 'c' || i, 'handle', '', 1, (select max(version) from kv_clerks) + i, 0 from n`,
      params: [count],
    });
  }

  test('who wrote longest ago is forgotten when there are too many, and versions go on', async () => {
    const { local, store } = await openStore();
    await store.put('k', 'v');
    await crowd(local, MAX_CLERKS.handle + 5);
    const { version } = await new KeyValueStore(local.another()).put('k', 'w');
    expect(await clerks(local, 'handle')).toBe(MAX_CLERKS.handle);
    expect(version).toBeGreaterThan(MAX_CLERKS.handle);
    const { rows } = await local.db.query("select count(*) from kv_clerks where clerk = 'c1'");
    expect(rows).toEqual([[0]]);
  });

  test('one that is forgotten goes on as another, where its request was never sent', async () => {
    const { local, store } = await openStore();
    await store.append('k', 'a');
    await local.db.execute('delete from kv_clerks');
    await store.append('k', 'b');
    expect(await store.get('k')).toBe('ab');
    await local.db.execute(['drop table kv_clerks', 'drop table kv_entries']);
    await store.append('k', 'c');
    expect(await store.get('k')).toBe('c');
  });

  test.each([undefined, 'n'])(
    'what cannot be mended is told, and not tried for ever: idempotency key %s',
    async (idempotencyKey) => {
      const { local, store } = await openStore();
      await store.put('k', 'v');
      const named = idempotencyKey === undefined ? {} : { idempotencyKey };
      const entriesOf = async (): Promise<number> => {
        const before = local.applied;
        expect(await verdict(store.put('k', 'w', named))).toBe('Sql no');
        return local.applied - before;
      };
      // Tables that are none of the store's: there is nothing to mend.
      for (const table of ['kv_log', 'kv_entries_log']) {
        await local.db.execute(`create trigger logged after update on kv_clerks
          begin insert into ${table} (a) values (1); end`);
        expect(await entriesOf()).toBe(1);
        await local.db.execute('drop trigger logged');
      }
      await local.db.execute([
        'drop table kv_entries',
        'create view kv_entries as select * from "kv_clerks.gone"',
      ]);
      expect(await entriesOf()).toBeLessThan(5);
    },
  );

  test('one that is forgotten again and again tries less and less often, until its time is up', async () => {
    const { local, store } = await openStore();
    await store.put('k', 'v');
    await local.db.execute(`create trigger forgetful after insert on kv_clerks
      begin delete from kv_clerks where clerk = new.clerk; end`);
    await local.db.execute('delete from kv_clerks');
    const before = local.applied;
    expect(await verdict(store.put('k', 'w', { timeoutMs: 300 }))).toBe('Overloaded no');
    expect(local.applied - before).toBeLessThan(12);
    await local.db.execute('drop trigger forgetful');
    await store.put('k', 'w');
    expect(await store.get('k')).toBe('w');
  });

  test('where it may have been, it is not carried out again, and the caller is told', async () => {
    const { local, store } = await openStore();
    await store.put('k', '');
    local.mishaps.push('answer-lost');
    const written = verdict(store.append('k', 'a'));
    await expect.poll(() => local.mishaps.length).toBe(0);
    await local.db.execute('delete from kv_clerks');
    expect(await written).toBe('Timeout unknown');
    await store.append('k', 'b');
    expect(await store.get('k')).toBe('ab');
  });

  test('a request that arrives later than its successor has no effect', async () => {
    const { local, store } = await openStore();
    await store.put('k', '');
    const sent = vi.spyOn(local.db, 'execute').mockRejectedValueOnce(lostAnswer());
    expect(await verdict(store.append('k', 'a', { timeoutMs: 20 }))).toBe('Timeout unknown');
    const late = sent.mock.calls[0]?.[0] ?? [];
    await store.append('k', 'b');
    await local.db.execute(late);
    expect(await store.get('k')).toBe('b');
  });

  test('a named write takes effect once, whoever repeats it, and its name is of that key alone', async () => {
    const { local, store } = await openStore();
    const other = new KeyValueStore(local.another());
    const named = { idempotencyKey: 'n' };
    local.mishaps.push('answer-lost');
    const first = await store.append('k', 'a', named);
    expect(await other.append('k', 'a', named)).toEqual(first);
    await other.append('l', 'a', named);
    await other.put('k', 'b', named);
    expect([await store.get('k'), await store.get('l')]).toEqual(['b', 'a']);
    expect(await clerks(local, 'fetch')).toBe(3);
    expect(await verdict(store.put('k', '', { idempotencyKey: '' }))).toBe('InvalidArgument no');
  });

  test('a name with another value or condition does nothing, and says so', async () => {
    const { store } = await openStore();
    const named = { idempotencyKey: 'n' };
    await store.put('k', 'a', named);
    const other = store.put('k', 'b', named);
    await expect(other).rejects.toThrow(IdempotencyKeyReused);
    expect(await verdict(other)).toBe('InvalidArgument no');
    const onlyIf = { type: 'there' } as const;
    expect(await verdict(store.put('k', 'a', { ...named, onlyIf }))).toBe('InvalidArgument no');
    expect(await store.get('k')).toBe('a');
  });
});
