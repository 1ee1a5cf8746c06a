/**
 * The nine functions of the suite that the chat comes from, in its order: each goes on from what the one
 * before has left. They call the library in a page, as anybody can from its console.
 */

import { expect } from 'vitest';

import type * as chatModule from '../../src/apps/chat/chat.ts';
import type { ChatServers } from './chat-servers.ts';
import type { AnyTab } from './tab.ts';

type Chat = chatModule.Chat;
type Method = 'signUp' | 'logIn' | 'listUsers' | 'send' | 'messages' | 'readEarliest';
type AnyMethod = Method | 'markRead' | 'deleteMessages' | 'deleteAccount';

/** What forms do takes the usual number, and is paid for once or twice. */
const ITERATIONS = 10_000;

/** What a method of the chat resolves with, in a tab; rejects with its message. */
export async function chat<Name extends AnyMethod>(
  tab: AnyTab,
  name: Name,
  ...args: Parameters<Chat[Name]>
): Promise<Awaited<ReturnType<Chat[Name]>>> {
  const answer = await tab.db(
    async (db, [name, values, iterations]) => {
      const page = globalThis as unknown as {
        resqlite: { chat(): Promise<typeof chatModule> };
      };
      const { Chat } = await page.resqlite.chat();
      const method = Chat.prototype[name] as (...values: readonly unknown[]) => Promise<unknown>;
      return method.call(new Chat(db, { iterations }), ...values);
    },
    [name, args, ITERATIONS] as const,
  );
  return answer as Awaited<ReturnType<Chat[Name]>>;
}

async function refusal<Name extends AnyMethod>(
  tab: AnyTab,
  name: Name,
  ...args: Parameters<Chat[Name]>
): Promise<string> {
  const outcome: unknown = await chat(tab, name, ...args).catch((error: unknown) => error);
  if (outcome instanceof Error) return outcome.message;
  throw new Error(`${name} should have been refused.`);
}

async function idsOf(tab: AnyTab, username: string): Promise<string[]> {
  return (await chat(tab, 'messages', username)).map(({ id }) => id);
}

interface ChatFunction {
  readonly name: string;
  readonly does: string;
  /** It stops and starts servers itself. */
  readonly drives: boolean;
  readonly run: (servers: ChatServers) => Promise<void>;
}

const INVALID = 'Invalid username or password.';
const NO_RECIPIENT = 'Recipient does not exist.';
const JASON = { sender: 'jason', recipient: 'jason' };

export const CHAT_FUNCTIONS: readonly ChatFunction[] = [
  {
    name: 'test_auth',
    does: 'sign-up, log-in, a name that is taken, a wrong password',
    drives: false,
    async run(servers) {
      const tab = servers.on(servers.running());
      expect(await refusal(tab, 'logIn', 'jason', 'secret')).toBe(INVALID);
      const jason = await chat(tab, 'signUp', 'jason', 'secret');
      expect(jason).toMatchObject({ name: 'jason' });
      expect(await refusal(tab, 'signUp', 'jason', 'other')).toBe('Username already exists.');
      expect(await chat(tab, 'logIn', 'jason', 'secret')).toEqual(jason);
      expect(await refusal(tab, 'logIn', 'jason', 'wrong')).toBe(INVALID);
    },
  },
  {
    name: 'test_get_and_send',
    does: 'a message to nobody is refused, two to oneself come newest first and unread',
    drives: false,
    async run(servers) {
      const tab = servers.on(servers.running());
      const toDaniel = { sender: 'jason', recipient: 'daniel', body: 'hello' };
      expect(await refusal(tab, 'send', toDaniel)).toBe(NO_RECIPIENT);
      const first = await chat(tab, 'send', { ...JASON, body: 'one', timestamp: 1 });
      const second = await chat(tab, 'send', { ...JASON, body: 'two', timestamp: 2 });
      expect(await chat(tab, 'messages', 'jason')).toEqual([
        { ...second, read: false },
        { ...first, read: false },
      ]);
    },
  },
  {
    name: 'test_list_users',
    does: 'users are found by glob',
    drives: false,
    async run(servers) {
      const tab = servers.on(servers.running());
      expect(await chat(tab, 'listUsers', 'j*')).toEqual(['jason']);
      expect(await chat(tab, 'listUsers', 'z*')).toEqual([]);
    },
  },
  {
    name: 'test_read_messages',
    does: 'what is marked as read is read',
    drives: false,
    async run(servers) {
      const tab = servers.on(servers.running());
      await chat(tab, 'markRead', await idsOf(tab, 'jason'));
      const messages = await chat(tab, 'messages', 'jason');
      expect(messages.map(({ body, read }) => [body, read])).toEqual([
        ['two', true],
        ['one', true],
      ]);
    },
  },
  {
    name: 'test_delete_messages',
    does: 'what is deleted is gone',
    drives: false,
    async run(servers) {
      const tab = servers.on(servers.running());
      const ids = await idsOf(tab, 'jason');
      expect(ids).toHaveLength(2);
      await chat(tab, 'deleteMessages', ids);
      expect(await idsOf(tab, 'jason')).toEqual([]);
    },
  },
  {
    name: 'test_delete_user',
    does: 'an account goes with what it has received, and is no recipient any more',
    drives: false,
    async run(servers) {
      const tab = servers.on(servers.running());
      await chat(tab, 'send', { ...JASON, body: 'to myself' });
      await chat(tab, 'deleteAccount', 'jason');
      expect(await chat(tab, 'listUsers', '*')).toEqual([]);
      expect(await chat(tab, 'messages', 'jason')).toEqual([]);
      expect(await refusal(tab, 'send', { ...JASON, body: 'again' })).toBe(NO_RECIPIENT);
    },
  },
  {
    name: 'test_fault_tolerant_auth',
    does: 'accounts are known to those that live, and to one that has just been started',
    drives: true,
    async run(servers) {
      for (const server of [1, 2, 3, 4, 5]) await servers.start(server);
      await chat(servers.on(3), 'signUp', 'rajiv', 'rajiv’s');
      await chat(servers.on(3), 'signUp', 'daniel', 'daniel’s');
      await servers.stop(3, 1);
      const rajiv = { name: 'rajiv' };
      expect(await chat(servers.on(2), 'logIn', 'rajiv', 'rajiv’s')).toMatchObject(rajiv);
      const daniel = { name: 'daniel' };
      expect(await chat(servers.on(2), 'logIn', 'daniel', 'daniel’s')).toMatchObject(daniel);
      await servers.start(1);
      await servers.stop(2);
      expect(await chat(servers.on(1), 'listUsers', 'dan*')).toEqual(['daniel']);
      expect(await chat(servers.on(1), 'listUsers', 'raj*')).toEqual(['rajiv']);
      expect(await chat(servers.on(1), 'listUsers', 'z*')).toEqual([]);
    },
  },
  {
    name: 'test_fault_tolerant_messaging',
    does: 'what was sent through one that has come back is read on the next one that does',
    drives: true,
    async run(servers) {
      const hello = { sender: 'daniel', recipient: 'rajiv', body: 'hello' };
      await servers.start(2);
      await servers.stop(1);
      const sent = await chat(servers.on(2), 'send', hello);
      await servers.start(3);
      expect(await chat(servers.on(3), 'messages', 'rajiv')).toEqual([{ ...sent, read: false }]);
    },
  },
  {
    name: 'test_fault_tolerant_deletes',
    does: 'what was deleted stays deleted, whoever is asked',
    drives: true,
    async run(servers) {
      const note = { sender: 'daniel', recipient: 'daniel', body: 'a note' };
      await servers.stop(1, 3);
      await chat(servers.on(2), 'deleteAccount', 'rajiv');
      expect(await chat(servers.on(2), 'listUsers', '*')).toEqual(['daniel']);
      expect(await chat(servers.on(2), 'messages', 'rajiv')).toEqual([]);
      const { id } = await chat(servers.on(2), 'send', note);
      await servers.start(3);
      await servers.stop(2);
      expect(await idsOf(servers.on(3), 'daniel')).toEqual([id]);
      await chat(servers.on(3), 'deleteMessages', [id]);
      await servers.start(1);
      await servers.stop(3);
      expect(await chat(servers.on(1), 'messages', 'daniel')).toEqual([]);
    },
  },
];
