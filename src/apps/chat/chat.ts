/**
 * The chat: accounts that send each other messages. It is made of three tables and nothing else, so
 * everything it knows is in the cluster, and any tab serves any user. Tables are made with the first account; before that
 * there is nobody, and nothing to read.
 *
 * Who is logged in is nothing the cluster knows: `logIn` tells whether a password is right, and what follows
 * from that is up to the caller. The members of a cluster trust each other: each can read these
 * tables, and write them, with SQL.
 *
 * What a person did wrong is thrown as `ChatError`, what the cluster could not do as `ResqliteError`.
 * While a write's effect is unknown it is sent again a few times, which does no harm. Where it stays unknown
 * the same call does no harm either, if it names what it is about: `send` with the id, `deleteAccount` with the
 * account. After a `signUp` try `logIn`: another `signUp` is another account, and finds the name taken by the first.
 */

import type { Database } from '../../client/database.ts';
import { ResqliteError, restated } from '../../client/errors.ts';
import { asObjects } from '../../client/row.ts';
import type { SqlParams, SqlValue, Statement } from '../../node/sql.ts';
import { isMissingTable } from '../missing-table.ts';
import { hashPassword, isPassword, ITERATIONS, type PasswordHash } from './password.ts';
import { ChatError, checkBody, checkPassword, checkUsername } from './rules.ts';
import {
  deleteMessages,
  deleteUser,
  insertMessage,
  insertUser,
  IS_ACCOUNT,
  IS_READABLE,
  updateRead,
  type NewMessage,
} from './statements.ts';

/** Names are given again when an account is deleted; this one is never another's. */
export interface Account {
  /** As it is kept. */
  readonly name: string;
  /** The account's salt, in hexadecimal. It is no secret, and no password. */
  readonly id: string;
}

/** An account, or whichever has the name. */
export type AccountOrName = Account | string;

export interface Message extends NewMessage {
  readonly read: boolean;
}

/** What a user has received. */
export interface Inbox {
  /** Those that were read, newest first; of more than `SHOWN_MESSAGES` the newest. */
  readonly messages: readonly Message[];
  /** How many were read, shown or not. */
  readonly read: number;
  readonly unread: number;
}

/** Of a message, what its sender says; the rest is made where it is missing. */
export type Outgoing = Pick<NewMessage, 'sender' | 'recipient' | 'body'> & Partial<NewMessage>;

export interface ChatOptions {
  /** Of the derivation of new accounts' keys; `ITERATIONS` where not given. */
  readonly iterations?: number;
}

/** An inbox that is watched holds no more messages than this. */
export const SHOWN_MESSAGES = 200;
/** A search that is watched holds no more users than this. */
export const SHOWN_USERS = 200;
const ATTEMPTS = 3;

const MESSAGE_COLUMNS = 'id, sender, recipient, body, timestamp, read';
/** Equal times are told apart by the log's order. */
const NEWEST_FIRST = 'order by timestamp desc, rowid desc';

/** ?1 and ?2 are what `whoOf` answers. */
const RECEIVED = `recipient = ?1 and ${IS_READABLE}
and (?2 is null or exists (select 1 from chat_users where ${IS_ACCOUNT}))`;

const BY_NAME = 'order by username collate nocase, username';

type MessageRow = Omit<Message, 'read'> & { readonly read: number };

export class Chat {
  readonly #db: Database;
  readonly #iterations: number;

  constructor(db: Database, { iterations = ITERATIONS }: ChatOptions = {}) {
    this.#db = db;
    this.#iterations = iterations;
  }

  /** Letters and digits make a name. Resolves when the account is committed. */
  async signUp(username: string, password: string): Promise<Account> {
    const name = checkUsername(username);
    // Before it is known whether the name is free, so that either answer takes as long.
    const hash = await hashPassword(checkPassword(password), this.#iterations);
    const isTaken = await this.hasAccount(name);
    const [row] = isTaken ? [] : await this.#write(insertUser(name, hash));
    if (row === undefined) throw new ChatError('Username already exists.');
    return { name, id: String(row[0]) };
  }

  /** Resolves where it is the password of that user. Commits nothing. */
  async logIn(username: string, password: string): Promise<Account> {
    const name = username.normalize('NFC');
    const [stored] = await this.#read<PasswordHash & { id: string }>(
      `select algorithm, iterations, salt, password_hash as hash, lower(hex(salt)) as id
from chat_users where username = ?`,
      [name],
    );
    const isRight = await isPassword(password, stored ?? null, this.#iterations);
    if (stored === undefined || !isRight) throw new ChatError('Invalid username or password.');
    return { name, id: stored.id };
  }

  async hasAccount(account: AccountOrName): Promise<boolean> {
    const sql = `select 1 from chat_users where ${IS_ACCOUNT}`;
    return (await this.#read(sql, whoOf(account))).length > 0;
  }

  /** The users whose names match the pattern (SQLite's GLOB: `*`, `?`, `[a-z]`), by name. */
  async listUsers(glob = '*'): Promise<string[]> {
    const sql = `select username from chat_users where username glob ? ${BY_NAME}`;
    const found = await this.#read<{ username: string }>(sql, [glob]);
    return found.map(({ username }) => username);
  }

  /**
   * Resolves with the message when it is committed. Its id and its time are made here where they are not given:
   * give the same id again to be sure that it is sent once.
   */
  async send(outgoing: Outgoing): Promise<NewMessage> {
    const message = {
      id: crypto.randomUUID() as string,
      timestamp: Date.now() / 1_000,
      ...outgoing,
      recipient: outgoing.recipient.normalize('NFC'),
      body: checkBody(outgoing.body),
    };
    // Asked first, so that a mere mistake costs no log entry; the entry itself has the last word.
    const isThere = await this.#mayArrive(message);
    const rows = isThere ? await this.#write(insertMessage(message)) : [];
    if (rows.length === 0) throw new ChatError('Recipient does not exist.');
    return message;
  }

  /** What has arrived once goes on to be told so, wherever its recipient is now. */
  async #mayArrive({ id, recipient }: NewMessage): Promise<boolean> {
    if (await this.hasAccount(recipient)) return true;
    return (await this.#read('select 1 from chat_sent where id = ?', [id])).length > 0;
  }

  /** What a user has received, newest first; of a user that does not exist, nothing. */
  async messages(account: AccountOrName): Promise<Message[]> {
    const sql = `select ${MESSAGE_COLUMNS} from chat_messages where ${RECEIVED} ${NEWEST_FIRST}`;
    return (await this.#read<MessageRow>(sql, whoOf(account))).map(messageOf);
  }

  /** Marks a user's earliest unread messages as read, `count` at most, and answers them, earliest first. */
  async readEarliest(account: AccountOrName, count: number): Promise<Message[]> {
    const sql = `select ${MESSAGE_COLUMNS} from chat_messages
where ${RECEIVED} and not read order by timestamp, rowid limit ?3`;
    const params = [...whoOf(account), count];
    const earliest = (await this.#read<MessageRow>(sql, params)).map(messageOf);
    if (earliest.length === 0) throw new ChatError('No messages to read');
    await this.markRead(earliest.map(({ id }) => id));
    return earliest.map((message) => ({ ...message, read: true }));
  }

  /** Ids that nobody knows are ignored. */
  async markRead(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.#write([updateRead(ids)]);
  }

  /** Ids that nobody knows are ignored. */
  async deleteMessages(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.#write([deleteMessages(ids)]);
  }

  /**
   * The account goes, and what it has received; what it has sent stays. An unknown user is no error. Of a name
   * it is the account that has it now: one that takes it later is left alone, however often this is sent.
   */
  async deleteAccount(account: AccountOrName): Promise<void> {
    const sql = `select username as name, lower(hex(salt)) as id from chat_users where ${IS_ACCOUNT}`;
    const [found] = await this.#read<Account>(sql, whoOf(account));
    if (found !== undefined) await this.#write(deleteUser(found.name, found.id));
  }

  /** Calls back with a user's inbox now and whenever it changes, of this tab's data; the answer ends it. */
  watch(
    account: AccountOrName,
    onInbox: (inbox: Inbox) => void,
    onError: (error: ResqliteError) => void = reportError,
  ): () => void {
    // One query, so that the counter and the list are of one state.
    const sql = `select count(*) filter (where read) as read, count(*) filter (where not read) as unread,
  (select json_group_array(json_array(${MESSAGE_COLUMNS})) from (
    select ${MESSAGE_COLUMNS} from chat_messages where ${RECEIVED} and read
    ${NEWEST_FIRST} limit ${SHOWN_MESSAGES})) as messages
from chat_messages where ${RECEIVED}`;
    return this.#live<{ read: number; unread: number; messages: string }>(sql, whoOf(account), {
      onRows: ([row]) => {
        const { read, unread, messages } = row ?? { read: 0, unread: 0, messages: '[]' };
        onInbox({ read, unread, messages: messagesOf(messages) });
      },
      onError,
    });
  }

  /**
   * The same of the users whose names match, by name, `SHOWN_USERS` at most; `total` says how many
   * there are.
   */
  watchUsers(
    glob: string,
    onUsers: (users: readonly string[], total: number) => void,
    onError: (error: ResqliteError) => void = reportError,
  ): () => void {
    const sql = `select username, count(*) over () as total from chat_users
where username glob ? ${BY_NAME} limit ${SHOWN_USERS}`;
    return this.#live<{ username: string; total: number }>(sql, [glob], {
      onRows: (rows) =>
        onUsers(
          rows.map(({ username }) => username),
          rows[0]?.total ?? 0,
        ),
      onError,
    });
  }

  /** Calls back with whether the account exists, as `watch` does. */
  watchAccount(
    account: AccountOrName,
    onAccount: (exists: boolean) => void,
    onError: (error: ResqliteError) => void = reportError,
  ): () => void {
    const sql = `select 1 from chat_users where ${IS_ACCOUNT}`;
    const onRows = (rows: object[]): void => onAccount(rows.length > 0);
    return this.#live(sql, whoOf(account), { onRows, onError });
  }

  #live<R extends object>(
    sql: string,
    params: SqlParams,
    on: { onRows: (rows: R[]) => void; onError: (error: ResqliteError) => void },
  ): () => void {
    return this.#db.live<R>(sql, params, on.onRows, (error) => {
      if (hasNobody(error)) on.onRows([]);
      else on.onError(error);
    });
  }

  async #read<R extends object>(sql: string, params: readonly SqlValue[]): Promise<R[]> {
    try {
      return asObjects<R>(await this.#db.query(sql, params));
    } catch (error) {
      if (hasNobody(error)) return [];
      throw error;
    }
  }

  /** The rows that the last statement answers; none where there are no tables. */
  async #write(
    statements: readonly (string | Statement)[],
  ): Promise<readonly (readonly SqlValue[])[]> {
    let isUnknown = false;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const { results } = await this.#db.execute(statements);
        return results.at(-1)?.rows ?? [];
      } catch (error) {
        if (hasNobody(error)) return [];
        if (!(error instanceof ResqliteError)) throw error;
        // What comes of a later attempt says nothing of the first.
        if (error.applied !== 'unknown') throw isUnknown ? restated(error, 'unknown') : error;
        isUnknown = true;
        if (attempt === ATTEMPTS) throw error;
      }
    }
  }
}

/** Nobody has signed up yet. */
function hasNobody(error: unknown): boolean {
  return isMissingTable(error, /no such table: chat_/u);
}

/** The parameters of `IS_ACCOUNT`. */
function whoOf(account: AccountOrName): [name: string, id: string | null] {
  return typeof account === 'string' ? [account, null] : [account.name, account.id];
}

function messageOf(row: MessageRow): Message {
  return { ...row, read: row.read !== 0 };
}

/** Each message is an array, in the order of the columns. */
function messagesOf(json: string): Message[] {
  const rows = JSON.parse(json) as [string, string, string, string, number, number][];
  return rows.map(([id, sender, recipient, body, timestamp, read]) =>
    messageOf({ id, sender, recipient, body, timestamp, read }),
  );
}
