/** The chat's rules and what it says, against real SQLite; that what is refused has committed nothing. */

import { describe, expect, test } from 'vitest';
import { Chat, SHOWN_MESSAGES, type Inbox } from '../../../src/apps/chat/chat.ts';
import { ITERATIONS } from '../../../src/apps/chat/password.ts';
import { deleteUser, insertMessage, REMEMBERED_SENDS } from '../../../src/apps/chat/statements.ts';
import { verdict } from '../../client/fake-database.ts';
import { LocalDatabase } from '../local-database.ts';

/** Few, so that tests are quick; one test takes the usual number. */
const iterations = 1_000;
const UNKNOWN_ID = '00000000-0000-4000-8000-000000000000';

async function openChat() {
  const local = await LocalDatabase.open();
  return { local, chat: new Chat(local.db, { iterations }) };
}

async function chatOf(...usernames: string[]) {
  const opened = await openChat();
  for (const username of usernames) await opened.chat.signUp(username, `${username} secret`);
  return opened;
}

/** Nothing is committed by what fails. */
async function expectRefusal(
  local: LocalDatabase,
  call: () => Promise<unknown>,
  message: string,
): Promise<void> {
  const before = local.applied;
  await expect(call()).rejects.toMatchObject({ name: 'ChatError', message });
  expect(local.applied).toBe(before);
}

describe('accounts', () => {
  test('who signs up logs in with that password and no other', async () => {
    const { local, chat } = await openChat();
    const invalid = 'Invalid username or password.';
    await expectRefusal(local, () => chat.logIn('jason', 'secret'), invalid);
    const jason = await chat.signUp('jason', 'secret');
    expect(jason).toEqual({ name: 'jason', id: expect.stringMatching(/^[\da-f]{32}$/) });
    expect(local.applied).toBe(1);
    expect(await chat.logIn('jason', 'secret')).toEqual(jason);
    await expectRefusal(local, () => chat.logIn('jason', 'Secret'), invalid);
    await expectRefusal(local, () => chat.logIn('jason', ''), invalid);
    await expectRefusal(local, () => chat.logIn('Jason', 'secret'), invalid);
    expect(local.applied).toBe(1);
  });

  test('a name is taken once, also by two at the same time', async () => {
    const { local, chat } = await chatOf('jason');
    const taken = 'Username already exists.';
    await expectRefusal(local, () => chat.signUp('jason', 'another'), taken);
    const both = await Promise.allSettled([chat.signUp('ann', '1'), chat.signUp('ann', '2')]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    const winner = both[0].status === 'fulfilled' ? '1' : '2';
    expect(await chat.logIn('ann', winner)).toMatchObject({ name: 'ann' });
  });

  /** Hangul fillers, a zero-width joiner, marks that are not seen, and a mark of no letter. */
  const invisible = ['\u3164', 'an\u3164n', 'an\u200dn', 'ann\u034f', 'ann\ufe0f', '\u0301ann'];

  test.each(['', ' ', 'two words', 'a-b', "o'hara", 'a*', 'tab\t', '😀', ...invisible])(
    'a name of other than letters and digits is refused: %j',
    async (username) => {
      const { local, chat } = await openChat();
      await expectRefusal(
        local,
        () => chat.signUp(username, 'secret'),
        'Username must be alphanumeric',
      );
    },
  );

  test('letters and digits are those of any script, in one spelling', async () => {
    const { local, chat } = await openChat();
    expect(await chat.signUp('Zoe\u0308', 'secret')).toMatchObject({ name: 'Zo\u00eb' });
    await expectRefusal(local, () => chat.signUp('Zo\u00eb', 'x'), 'Username already exists.');
    expect(await chat.logIn('Zoe\u0308', 'secret')).toMatchObject({ name: 'Zo\u00eb' });
    // Hindi and Thai write vowels as marks, Vietnamese may have two on a letter.
    for (const name of ['山田7', 'प्रिया', 'สมชาย', 'Nguye\u0323\u0302n']) {
      expect(await chat.signUp(name, 'secret')).toMatchObject({ name: name.normalize('NFC') });
    }
  });

  test('names and passwords have a length', async () => {
    const { local, chat } = await openChat();
    const tooLong = 'Username must have at most 64 characters';
    await expectRefusal(local, () => chat.signUp('a'.repeat(65), 'secret'), tooLong);
    await expectRefusal(local, () => chat.signUp('ann', ''), 'Please enter a password.');
    const long = 'Password must have at most 1024 characters';
    await expectRefusal(local, () => chat.signUp('ann', 'a'.repeat(1_025)), long);
  });

  test('what the database has of a password is neither it nor the same for two', async () => {
    const local = await LocalDatabase.open();
    const chat = new Chat(local.db);
    await chat.signUp('ann', 'correct horse');
    await chat.signUp('ben', 'correct horse');
    const { rows } = await local.db.query(
      `select iterations, length(salt), length(password_hash), salt, password_hash
       from chat_users order by username`,
    );
    const [ann = [], ben = []] = rows;
    expect(ann.slice(0, 3)).toEqual([ITERATIONS, 16, 32]);
    expect(ann[3]).not.toEqual(ben[3]);
    expect(ann[4]).not.toEqual(ben[4]);
    expect(JSON.stringify(rows)).not.toContain('correct');
    expect(await chat.logIn('ben', 'correct horse')).toMatchObject({ name: 'ben' });
  });

  test('users are listed by glob, by name', async () => {
    const { local, chat } = await openChat();
    expect(await chat.listUsers()).toEqual([]);
    for (const username of ['rajiv', 'jason', 'Jane', 'Jo']) await chat.signUp(username, 'secret');
    const before = local.applied;
    expect(await chat.listUsers()).toEqual(['Jane', 'jason', 'Jo', 'rajiv']);
    expect(await chat.listUsers('j*')).toEqual(['jason']);
    expect(await chat.listUsers('[jJ]a*')).toEqual(['Jane', 'jason']);
    expect(await chat.listUsers('?o')).toEqual(['Jo']);
    expect(await chat.listUsers('z*')).toEqual([]);
    expect(local.applied).toBe(before);
  });

  test('an account goes with what it received; what it sent stays', async () => {
    const { chat } = await chatOf('ann', 'ben');
    await chat.send({ sender: 'ann', recipient: 'ann', body: 'to myself' });
    await chat.send({ sender: 'ben', recipient: 'ann', body: 'unread' });
    await chat.send({ sender: 'ann', recipient: 'ben', body: 'stays' });
    await chat.deleteAccount('ann');
    await chat.deleteAccount('nobody');
    expect(await chat.listUsers()).toEqual(['ben']);
    expect(await chat.messages('ann')).toEqual([]);
    expect((await chat.messages('ben')).map(({ body }) => body)).toEqual(['stays']);
    await chat.signUp('ann', 'again');
    expect(await chat.messages('ann')).toEqual([]);
  });

  test('a name that is signed up anew is another account, which the first one has nothing of', async () => {
    const { local, chat } = await openChat();
    const first = await chat.signUp('ann', 'first');
    await chat.deleteAccount(first);
    const second = await chat.signUp('ann', 'second');
    expect(second.id).not.toBe(first.id);
    await chat.send({ sender: 'ann', recipient: 'ann', body: 'for the second' });
    const has = [first, second, 'ann'].map((account) => chat.hasAccount(account));
    expect(await Promise.all(has)).toEqual([false, true, true]);
    expect(await chat.messages(first)).toEqual([]);
    await expectRefusal(local, () => chat.readEarliest(first, 1), 'No messages to read');
    const inbox = await new Promise<Inbox>((resolve) => {
      chat.watch(first, resolve);
    });
    expect(inbox).toEqual({ messages: [], read: 0, unread: 0 });
    const before = local.applied;
    await chat.deleteAccount(first);
    expect(local.applied).toBe(before);
    // As it is where it was asked for before, and comes behind the deletion and the sign-up.
    await local.db.execute(deleteUser('ann', first.id));
    expect(await chat.messages(second)).toMatchObject([{ body: 'for the second' }]);
    expect(await chat.listUsers()).toEqual(['ann']);
  });
});

describe('messages', () => {
  test('they come newest first and unread, as their sender made them', async () => {
    const { local, chat } = await chatOf('jason');
    const toJason = { sender: 'nobody', recipient: 'jason' };
    const first = await chat.send({ ...toJason, body: 'one', timestamp: 1 });
    const second = await chat.send({ ...toJason, body: 'two', timestamp: 2 });
    const between = await chat.send({ ...toJason, body: 'between', timestamp: 1 });
    expect(await chat.messages('jason')).toEqual(
      [second, between, first].map((message) => ({ ...message, read: false })),
    );
    const before = local.applied;
    expect(await chat.messages('nobody')).toEqual([]);
    expect(local.applied).toBe(before);
  });

  test('an id and a time are made where there are none', async () => {
    const { chat } = await chatOf('ann');
    const nowS = Date.now() / 1_000;
    const { id, timestamp } = await chat.send({ sender: 'ann', recipient: 'ann', body: 'x' });
    expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    expect(Math.abs(timestamp - nowS)).toBeLessThan(60);
  });

  test('what is sent to nobody, or is nothing, is refused', async () => {
    const { local, chat } = await chatOf('jason');
    const missing = 'Recipient does not exist.';
    const from = { sender: 'jason', recipient: 'daniel' };
    await expectRefusal(local, () => chat.send({ ...from, body: 'hi' }), missing);
    await chat.deleteAccount('jason');
    const to = { sender: 'x', recipient: 'jason' };
    await expectRefusal(local, () => chat.send({ ...to, body: 'hi' }), missing);
    await expectRefusal(local, () => chat.send({ ...to, body: ' \n' }), 'Please enter a message.');
    const long = 'A message has at most 10,000 characters.';
    await expectRefusal(local, () => chat.send({ ...to, body: 'a'.repeat(10_001) }), long);
  });

  test('without any account there is nobody, and nothing is made', async () => {
    const { local, chat } = await openChat();
    const missing = 'Recipient does not exist.';
    const hi = { sender: 'a', recipient: 'b', body: 'hi' };
    await expectRefusal(local, () => chat.send(hi), missing);
    await expectRefusal(local, () => chat.readEarliest('a', 1), 'No messages to read');
    expect(await chat.messages('a')).toEqual([]);
    expect(await chat.hasAccount('a')).toBe(false);
    await chat.markRead([UNKNOWN_ID]);
    await chat.deleteMessages([UNKNOWN_ID]);
    await chat.deleteAccount('a');
    const made = "select name from sqlite_schema where name glob 'chat_*'";
    expect((await local.db.query(made)).rows).toEqual([]);
  });

  test('a message to an account that is deleted meanwhile goes nowhere', async () => {
    const { local, chat } = await chatOf('ann');
    const hi = { sender: 'ben', recipient: 'ann', body: 'hi' };
    const [, sent] = await Promise.allSettled([chat.deleteAccount('ann'), chat.send(hi)]);
    expect(sent).toMatchObject({ reason: { message: 'Recipient does not exist.' } });
    // What was asked before it was deleted, and comes behind that.
    const { results } = await local.db.execute(insertMessage({ ...hi, id: '1', timestamp: 1 }));
    expect(results.at(-1)?.rows).toEqual([]);
    expect((await local.db.query('select * from chat_messages')).rows).toEqual([]);
  });

  test('the table itself takes no message to nobody, and none outlives its recipient', async () => {
    const { local, chat } = await chatOf('ann');
    await chat.send({ sender: 'ann', recipient: 'ann', body: 'x' });
    const toNobody = `insert into chat_messages (id, sender, recipient, body, timestamp)
      values ('1', 'ann', 'nobody', 'x', 0)`;
    expect(await verdict(local.db.execute(toNobody))).toBe('Sql no');
    await local.db.execute('delete from chat_users');
    expect((await local.db.query('select * from chat_messages')).rows).toEqual([]);
  });

  test('the earliest unread ones are read', async () => {
    const { local, chat } = await chatOf('ann', 'ben');
    for (const [timestamp, body] of ['b', 'a', 'c'].entries()) {
      await chat.send({ sender: 'ben', recipient: 'ann', body, timestamp: 10 - timestamp });
    }
    await chat.send({ sender: 'ann', recipient: 'ben', body: 'not mine', timestamp: 0 });
    const read = await chat.readEarliest('ann', 2);
    expect(read.map(({ body }) => body)).toEqual(['c', 'a']);
    const isRead = async () => (await chat.messages('ann')).map(({ body, read }) => [body, read]);
    expect(await isRead()).toEqual([
      ['b', false],
      ['a', true],
      ['c', true],
    ]);
    expect(await chat.readEarliest('ann', 100)).toMatchObject([{ body: 'b', read: true }]);
    await expectRefusal(local, () => chat.readEarliest('ann', 1), 'No messages to read');
    expect(await chat.messages('ben')).toMatchObject([{ read: false }]);
  });

  test('those with an id are read and deleted; unknown ids are ignored', async () => {
    const { local, chat } = await chatOf('ann');
    const toMe = { sender: 'ann', recipient: 'ann' };
    const one = await chat.send({ ...toMe, body: 'one' });
    const two = await chat.send({ ...toMe, body: 'two' });
    await chat.markRead([UNKNOWN_ID, one.id]);
    await chat.deleteMessages([two.id, UNKNOWN_ID]);
    expect(await chat.messages('ann')).toEqual([{ ...one, read: true }]);
    const before = local.applied;
    await chat.markRead([]);
    await chat.deleteMessages([]);
    expect(local.applied).toBe(before);
  });
});

describe('what becomes of a write is not known', () => {
  test('it is sent again, and done once', async () => {
    const { local, chat } = await openChat();
    const { mishaps } = local;
    mishaps.push('answer-lost');
    await chat.signUp('ann', 'secret');
    mishaps.push('answer-lost', 'answer-lost');
    const sent = await chat.send({ sender: 'ann', recipient: 'ann', body: 'once' });
    mishaps.push('answer-lost');
    await chat.markRead([sent.id]);
    expect(await chat.messages('ann')).toEqual([{ ...sent, read: true }]);
    mishaps.push('answer-lost');
    await chat.deleteMessages([sent.id]);
    expect(await chat.messages('ann')).toEqual([]);
    mishaps.push('answer-lost');
    await chat.deleteAccount('ann');
    expect(await chat.listUsers()).toEqual([]);
  });

  test('where it stays unknown it is said, and the same call again does no harm', async () => {
    const { local, chat } = await chatOf('ann');
    const id = crypto.randomUUID();
    const message = { id, sender: 'ann', recipient: 'ann', body: 'once', timestamp: 5 };
    local.mishaps.push('answer-lost', 'answer-lost', 'answer-lost');
    expect(await verdict(chat.send(message))).toBe('Timeout unknown');
    local.mishaps.push('answer-lost', 'lost');
    expect(await verdict(chat.send(message))).toBe('NoQuorum unknown');
    local.mishaps.push('lost');
    expect(await verdict(chat.send(message))).toBe('NoQuorum no');
    await chat.send(message);
    expect(await chat.messages('ann')).toEqual([{ ...message, read: false }]);
  });
});

describe('a message that was sent', () => {
  const toAnn = { id: UNKNOWN_ID, sender: 'ben', recipient: 'ann', body: 'once', timestamp: 1 };

  test('does not come again when it has been deleted', async () => {
    const { local, chat } = await chatOf('ann');
    local.mishaps.push('answer-lost', 'answer-lost', 'answer-lost');
    expect(await verdict(chat.send(toAnn))).toBe('Timeout unknown');
    await chat.deleteMessages([toAnn.id]);
    expect(await chat.send(toAnn)).toEqual(toAnn);
    expect(await chat.messages('ann')).toEqual([]);
  });

  test('has been sent, also where its recipient is gone, or another has the name', async () => {
    const { chat } = await chatOf('ann');
    await chat.send(toAnn);
    await chat.deleteAccount('ann');
    expect(await chat.send(toAnn)).toEqual(toAnn);
    await chat.signUp('ann', 'another');
    expect(await chat.send(toAnn)).toEqual(toAnn);
    expect(await chat.messages('ann')).toEqual([]);
  });

  test('is remembered among so many of the latest', async () => {
    const { local, chat } = await chatOf('ann');
    await chat.send(toAnn);
    await local.db.execute({
      sql: `insert into chat_sent (number, id)
        with recursive numbers (n) as (select 2 union all select n + 1 from numbers limit ?)
        select n, n from numbers`,
      params: [REMEMBERED_SENDS],
    });
    await chat.send({ ...toAnn, id: '1' });
    const kept = 'select count(*), min(number), max(number) from chat_sent';
    const last = REMEMBERED_SENDS + 2;
    expect((await local.db.query(kept)).rows).toEqual([[REMEMBERED_SENDS + 1, 2, last]]);
  });
});

describe('what is put into the tables with SQL', () => {
  const insert = 'insert into chat_messages (id, sender, recipient, body, timestamp, read) values';

  test.each([
    ['a text of bytes', `${insert} ('1', 'ben', 'ann', x'00', 1, 1)`],
    ['a text that is too long', `${insert} ('1', 'ben', 'ann', hex(zeroblob(15001)), 1, 1)`],
    [
      'a long text behind a zero',
      `${insert} ('1', 'b', 'ann', char(0) || hex(zeroblob(15e3)), 1, 1)`,
    ],
    ['no id', `${insert} (null, 'ben', 'ann', 'x', 1, 1)`],
    ['a time that is none', `${insert} ('1', 'ben', 'ann', 'x', 'noon', 1)`],
    ['a sender of bytes', `${insert} ('1', x'00', 'ann', 'x', 1, 1)`],
  ])('is refused where it is %s', async (_, sql) => {
    const { local } = await chatOf('ann');
    expect(await verdict(local.db.execute(sql))).toBe('Sql no');
  });

  test('keeps nobody from what else there is, where a table takes everything', async () => {
    const { local, chat } = await chatOf('ann');
    await local.db.execute([
      'drop table chat_messages',
      'create table chat_messages (id, sender, recipient, body, timestamp, read)',
      `${insert} ('1', 'ben', 'ann', x'00', 1, 1), (null, 'ben', 'ann', 'x', 1, 0),
        ('2', 'ben', 'ann', 'x', x'00', 0), ('3', 'ben', 'ann', hex(zeroblob(1e6)), 1, 0),
        ('4', 'ben', 'ann', 'good', 1, 1), ('5', 'ben', 'ann', 'unread', 2, 0)`,
    ]);
    const inbox = await new Promise<Inbox>((resolve) => {
      chat.watch('ann', resolve);
    });
    expect(inbox).toMatchObject({ messages: [{ body: 'good' }], read: 1, unread: 1 });
    expect((await chat.messages('ann')).map(({ body }) => body)).toEqual(['unread', 'good']);
    expect(await chat.readEarliest('ann', 9)).toMatchObject([{ body: 'unread' }]);
  });
});

describe('live', () => {
  test('an inbox is what was read, newest first, and how much was not', async () => {
    const { chat } = await chatOf('ann');
    const inboxes: Inbox[] = [];
    let wake: () => void = () => undefined;
    const end = chat.watch('ann', (inbox) => {
      inboxes.push(inbox);
      wake();
    });
    const until = async (holds: (inbox: Inbox) => boolean): Promise<Inbox> => {
      for (;;) {
        const last = inboxes.at(-1);
        if (last !== undefined && holds(last)) return last;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    };
    expect(await until(() => true)).toEqual({ messages: [], read: 0, unread: 0 });
    const toMe = { sender: 'ben', recipient: 'ann' };
    const quoted = await chat.send({ ...toMe, body: `"ä" \\ 'x'\n😀`, timestamp: 1.5 });
    const second = await chat.send({ ...toMe, body: 'two', timestamp: 2 });
    expect((await until(({ unread }) => unread === 2)).messages).toEqual([]);
    await chat.readEarliest('ann', 2);
    expect(await until(({ unread }) => unread === 0)).toEqual({
      messages: [second, quoted].map((message) => ({ ...message, read: true })),
      read: 2,
      unread: 0,
    });
    end();
  });

  test('of a full inbox the newest are shown, and all are counted', async () => {
    const { local, chat } = await chatOf('ann');
    await local.db.execute({
      sql: `insert into chat_messages (id, sender, recipient, body, timestamp, read)
        with recursive numbers (n) as (select 1 union all select n + 1 from numbers limit ?)
        select n, 'ben', 'ann', n, n, 1 from numbers`,
      params: [SHOWN_MESSAGES + 10],
    });
    const inbox = await new Promise<Inbox>((resolve) => {
      chat.watch('ann', resolve);
    });
    expect(inbox.read).toBe(SHOWN_MESSAGES + 10);
    expect(inbox.messages).toHaveLength(SHOWN_MESSAGES);
    expect(inbox.messages[0]?.body).toBe(String(SHOWN_MESSAGES + 10));
  });

  test('users and an account are watched, also before there is any', async () => {
    const { chat } = await openChat();
    const users: string[] = [];
    const account: boolean[] = [];
    const seen = new Promise<void>((resolve) => {
      chat.watchUsers('a*', (names, total) => {
        users.push(`${names.join()} of ${total}`);
        if (names.length > 0) resolve();
      });
    });
    const gone = new Promise<void>((resolve) => {
      chat.watchAccount('ann', (exists) => {
        account.push(exists);
        if (account.includes(true) && !exists) resolve();
      });
    });
    await chat.signUp('ann', 'secret');
    await seen;
    await chat.deleteAccount('ann');
    await gone;
    expect(users[0]).toBe(' of 0');
    expect(users).toContain('ann of 1');
    expect(account.slice(-2)).toEqual([true, false]);
  });
});
