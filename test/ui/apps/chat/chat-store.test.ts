/** What the chat's forms do and say, and what a tab remembers, over the library and real SQLite. */

import { signal } from '@preact/signals';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { Chat } from '../../../../src/apps/chat/chat.ts';
import { hashPassword } from '../../../../src/apps/chat/password.ts';
import type { Database } from '../../../../src/client/database.ts';
import { ChatStore } from '../../../../src/ui/apps/chat/chat-store.ts';
import { LocalDatabase } from '../../../apps/local-database.ts';

const options = { iterations: 1_000 };
/** What a tab's storage has. */
let stored: Map<string, string>;

beforeEach(() => {
  stored = new Map();
  vi.stubGlobal('sessionStorage', {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => void stored.set(key, value),
  });
  return () => void vi.unstubAllGlobals();
});

async function openStore() {
  const local = await LocalDatabase.open();
  const chat = new Chat(local.db, options);
  return { local, chat, store: storeOf(local.db) };
}

function storeOf(db: Database): ChatStore {
  const store = new ChatStore(signal(db), options);
  onTestFinished(store.follow());
  return store;
}

/** Somebody who is logged in, and has got messages from ben, one a second. */
async function openInbox(messages: number) {
  const opened = await openStore();
  const { chat, store } = opened;
  await chat.signUp('ben', 'secret');
  await store.signUp('ann', 'secret');
  for (let at = 1; at <= messages; at += 1) {
    const body = `message ${at}`;
    await chat.send({ sender: 'ben', recipient: 'ann', body, timestamp: at });
  }
  await vi.waitFor(() => expect(store.inbox.value?.unread).toBe(messages));
  return opened;
}

function bodiesOf(store: ChatStore): string[] {
  return store.inbox.value?.messages.map(({ body }) => body) ?? [];
}

describe('entry', () => {
  test('who signs up is in; who logs in wrongly is told, and is not', async () => {
    const { store } = await openStore();
    await store.logIn('ann', 'secret');
    expect(store.entry.problem.value).toBe('Invalid username or password.');
    expect(store.user.value).toBeNull();
    await store.signUp('a b', 'secret');
    expect(store.entry.problem.value).toBe('Username must be alphanumeric');
    await store.signUp('ann', 'secret');
    expect(store.entry.problem.value).toBeNull();
    expect(store.user.value).toBe('ann');
    store.signOut();
    await store.signUp('ann', 'secret');
    expect(store.entry.problem.value).toBe('Username already exists.');
    await store.logIn('ann', 'secret');
    expect(store.user.value).toBe('ann');
  });

  test('what the cluster could not do is said, and whether it happened', async () => {
    const { local, store } = await openStore();
    local.mishaps.push('lost');
    await store.signUp('ann', 'secret');
    expect(store.entry.problem.value).toBe('lost on the way. It changed nothing.');
    expect(store.user.value).toBeNull();
  });

  test('a tab that is reloaded goes on, and keeps no secret', async () => {
    const { local, store } = await openStore();
    await store.signUp('ann', 'hush hush');
    expect(storeOf(local.db).user.value).toBe('ann');
    const kept = JSON.stringify(store.account.value);
    expect([...stored]).toEqual([[`resqlite:chat:${local.db.clusterId}`, kept]]);
    store.signOut();
    expect(storeOf(local.db).user.value).toBeNull();
    for (const spoilt of ['"ann"', '{"name":"ann"}', '{"name":1,"id":"x"}', 'null', '{']) {
      stored.set(`resqlite:chat:${local.db.clusterId}`, spoilt);
      expect(storeOf(local.db).user.value).toBeNull();
    }
  });

  test('who signs out while the node is opened anew is out', async () => {
    const { local } = await openStore();
    const database = signal<Database | null>(local.db);
    const store = new ChatStore(database, options);
    onTestFinished(store.follow());
    await store.signUp('ann', 'secret');
    database.value = null;
    store.signOut();
    database.value = local.db;
    expect(store.user.value).toBeNull();
    expect(storeOf(local.db).user.value).toBeNull();
  });

  test('who is in one cluster is not in another for that', async () => {
    const [one, other] = [await LocalDatabase.open(), await LocalDatabase.open()];
    Object.defineProperty(other.db, 'clusterId', { value: 'another' });
    const database = signal<Database>(one.db);
    const store = new ChatStore(database, options);
    onTestFinished(store.follow());
    await store.signUp('ann', 'secret');
    database.value = other.db;
    expect(store.user.value).toBeNull();
    database.value = one.db;
    expect(store.user.value).toBe('ann');
  });

  test('without a database it says so', async () => {
    const store = new ChatStore(signal(null), options);
    await store.logIn('ann', 'secret');
    expect(store.entry.problem.value).toBe('The database is not open yet.');
  });
});

describe('reading', () => {
  test('only what was read is shown, newest first; the earliest are read first', async () => {
    const { store } = await openInbox(3);
    expect(bodiesOf(store)).toEqual([]);
    store.count.value = '2';
    await store.read();
    await vi.waitFor(() => expect(bodiesOf(store)).toEqual(['message 2', 'message 1']));
    expect(store.inbox.value?.unread).toBe(1);
    expect(store.count.value).toBe('');
  });

  test('what is typed while it is read stays in the field', async () => {
    const { store } = await openInbox(3);
    store.count.value = '2';
    const read = store.read();
    store.count.value = '1';
    await read;
    expect(store.count.value).toBe('1');
    await vi.waitFor(() => expect(store.inbox.value?.unread).toBe(1));
  });

  test('without a number, or without a message, it is refused', async () => {
    const { local, store } = await openInbox(0);
    const before = local.applied;
    for (const count of ['', '0', '01', '101', 'x']) {
      store.count.value = count;
      await store.read();
      expect(store.reading.problem.value).toBe('Please enter a number of messages to read.');
      expect(store.count.value).toBe(count);
    }
    store.count.value = '1';
    await store.read();
    expect(store.reading.problem.value).toBe('No messages to read');
    expect(local.applied).toBe(before);
  });
});

describe('sending', () => {
  test('what is sent goes, and the field is free for the next; a refusal leaves it', async () => {
    const { chat, store } = await openInbox(0);
    store.body.value = 'hello';
    await store.send();
    expect(store.sending.problem.value).toBe('Please enter a recipient.');
    store.recipient.value = 'nobody';
    await store.send();
    expect(store.sending.problem.value).toBe('Recipient does not exist.');
    expect(store.body.value).toBe('hello');
    store.recipient.value = ' ben ';
    await store.send();
    expect(store.sending.problem.value).toBeNull();
    expect(store.sending.success.value).toBe('Sent to ben.');
    expect(store.body.value).toBe('');
    expect(await chat.messages('ben')).toMatchObject([{ sender: 'ann', body: 'hello' }]);
    await store.send();
    expect(store.sending.problem.value).toBe('Please enter a message.');
  });

  test('sent again where nobody knew whether it arrived, it arrives once', async () => {
    const { local, chat, store } = await openInbox(0);
    store.recipient.value = 'ben';
    store.body.value = 'once';
    local.mishaps.push('answer-lost', 'answer-lost', 'answer-lost');
    await store.send();
    expect(store.sending.problem.value).toContain('Whether it took effect is not known.');
    expect(store.body.value).toBe('once');
    await store.send();
    expect(store.sending.success.value).toBe('Sent to ben.');
    expect(await chat.messages('ben')).toHaveLength(1);
    store.body.value = 'once';
    await store.send();
    expect(await chat.messages('ben')).toHaveLength(2);
  });

  test('two clicks are one message', async () => {
    const { chat, store } = await openInbox(0);
    store.recipient.value = 'ben';
    store.body.value = 'hello';
    await Promise.all([store.send(), store.send()]);
    expect(await chat.messages('ben')).toHaveLength(1);
  });
});

describe('the list', () => {
  test('what is marked stays marked while messages come, and is deleted', async () => {
    const { chat, store } = await openInbox(3);
    store.count.value = '2';
    await store.read();
    await vi.waitFor(() => expect(bodiesOf(store)).toHaveLength(2));
    const [second, first] = store.inbox.value?.messages ?? [];
    store.mark([first?.id ?? ''], true);
    store.count.value = '1';
    await store.read();
    await vi.waitFor(() => expect(bodiesOf(store)).toHaveLength(3));
    expect(store.selected.value).toEqual([first?.id]);
    await store.deleteSelected();
    await vi.waitFor(() => expect(bodiesOf(store)).toEqual(['message 3', 'message 2']));
    expect(store.selected.value).toEqual([]);
    store.mark([second?.id ?? ''], true);
    await chat.deleteMessages([second?.id ?? '']);
    await vi.waitFor(() => expect(store.selected.value).toEqual([]));
  });

  test('people are found by a pattern, none being everybody', async () => {
    const { store } = await openInbox(0);
    await vi.waitFor(() => expect(store.found.value).toEqual({ names: ['ann', 'ben'], total: 2 }));
    store.pattern.value = 'b*';
    await vi.waitFor(() => expect(store.found.value).toEqual({ names: ['ben'], total: 1 }));
    store.pattern.value = 'z*';
    await vi.waitFor(() => expect(store.found.value).toEqual({ names: [], total: 0 }));
    store.pattern.value = '';
    await vi.waitFor(() => expect(store.found.value?.total).toBe(2));
  });
});

describe('leaving', () => {
  test('signing out clears every field, and nothing of the next user is of the last', async () => {
    const { store } = await openInbox(1);
    store.count.value = '1';
    await store.read();
    await vi.waitFor(() => expect(bodiesOf(store)).toHaveLength(1));
    store.mark(
      (store.inbox.value?.messages ?? []).map(({ id }) => id),
      true,
    );
    Object.assign(store.recipient, { value: 'ben' });
    Object.assign(store.body, { value: 'a draft' });
    Object.assign(store.pattern, { value: 'b*' });
    store.count.value = 'x';
    await store.read();
    store.signOut();
    const { user, inbox, found, recipient, body, pattern, count, marked, reading } = store;
    expect([user, inbox, found].map(({ value }) => value)).toEqual([null, null, null]);
    expect([recipient, body, count].map(({ value }) => value)).toEqual(['', '', '']);
    expect(pattern.value).toBe('*');
    expect(marked.value.size).toBe(0);
    expect(reading.problem.value).toBeNull();
    await store.logIn('ben', 'secret');
    await vi.waitFor(() => expect(inbox.value).toEqual({ messages: [], read: 0, unread: 0 }));
  });

  test('what comes of a form after that is nobody’s', async () => {
    const { store } = await openInbox(0);
    store.recipient.value = 'nobody';
    store.body.value = 'hello';
    const sent = store.send();
    store.signOut();
    await sent;
    expect(store.sending.problem.value).toBeNull();
    expect(store.sending.isBusy.value).toBe(false);
  });

  test('an account is deleted, here or in another tab', async () => {
    const { local, chat, store } = await openInbox(2);
    const other = storeOf(local.another());
    expect(other.user.value).toBe('ann');
    await store.deleteAccount();
    expect(store.user.value).toBeNull();
    expect(store.entry.success.value).toBe('The account ann is deleted.');
    await vi.waitFor(() => expect(other.user.value).toBeNull());
    expect(other.entry.problem.value).toBe('The account ann does not exist any more.');
    expect(await chat.listUsers()).toEqual(['ben']);
    expect(await chat.messages('ann')).toEqual([]);
  });

  test.each(['shown', 'not shown'])(
    'a name that is deleted and signed up anew is not who is logged in, %s',
    async (how) => {
      const { local, chat, store } = await openInbox(1);
      store.count.value = '1';
      await store.read();
      const database = signal<Database | null>(local.db);
      const view = new ChatStore(database, options);
      let end = view.follow();
      expect(view.user.value).toBe('ann');
      if (how === 'not shown') end();
      // In one entry, so that no read is of the time between.
      const { algorithm, iterations, salt, hash } = await hashPassword('another', 1_000);
      await local.db.execute([
        "delete from chat_users where username = 'ann'",
        {
          sql: `insert into chat_users (username, algorithm, iterations, salt, password_hash)
            values ('ann', ?, ?, ?, ?)`,
          params: [algorithm, iterations, salt, hash],
        },
      ]);
      await chat.send({ sender: 'ben', recipient: 'ann', body: 'for the other one' });
      if (how === 'not shown') end = view.follow();
      onTestFinished(end);
      await vi.waitFor(() => expect(view.user.value).toBeNull());
      expect(view.entry.problem.value).toBe('The account ann does not exist any more.');
      expect(storeOf(local.db).user.value).toBeNull();
      expect(await chat.messages('ann')).toMatchObject([{ read: false }]);
    },
  );

  test('whether an account is gone is asked until somebody can tell', async () => {
    const { chat, store } = await openInbox(0);
    const asked = vi.spyOn(Chat.prototype, 'hasAccount');
    onTestFinished(() => asked.mockRestore());
    asked.mockRejectedValueOnce(new Error('no quorum')).mockRejectedValueOnce(new Error('again'));
    await chat.deleteAccount('ann');
    await vi.waitFor(() => expect(store.user.value).toBeNull(), 10_000);
    expect(asked).toHaveBeenCalledTimes(3);
  });
});
