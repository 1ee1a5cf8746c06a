/**
 * The chat's tables, and each of its writes as one log entry: what it checks and what it changes is one step,
 * the same on every node. A write may be sent again when nobody knows whether it came through: what is new has
 * an id, or a salt, that its sender made, and everything else says how things are to be, not how to change them.
 */

import type { Statement } from '../../node/sql.ts';
import type { PasswordHash } from './password.ts';

export interface NewMessage {
  /** A UUID, made by the sender. */
  readonly id: string;
  readonly sender: string;
  readonly recipient: string;
  readonly body: string;
  /** When it was sent by the sender's clock, in seconds since 1970. */
  readonly timestamp: number;
}

/** A message belongs to who has received it: it goes with that account. Its sender may be gone. */
const TABLES = [
  `create table if not exists chat_users (
  username text primary key,
  algorithm text not null,
  iterations integer not null,
  salt blob not null,
  password_hash blob not null
)`,
  `create table if not exists chat_messages (
  id text primary key,
  sender text not null,
  recipient text not null references chat_users (username) on delete cascade,
  body text not null,
  timestamp real not null,
  read boolean not null default 0
)`,
  `create index if not exists chat_messages_by_recipient
on chat_messages (recipient, read, timestamp)`,
];

/** The last one answers a row where the account is this one: new, or of an earlier attempt. */
export function insertUser(username: string, password: PasswordHash): (string | Statement)[] {
  const { algorithm, iterations, salt, hash } = password;
  return [
    ...TABLES,
    {
      sql: `insert into chat_users (username, algorithm, iterations, salt, password_hash)
values (?, ?, ?, ?, ?)
on conflict (username) do update set salt = excluded.salt
where salt = excluded.salt and password_hash = excluded.password_hash
returning username`,
      params: [username, algorithm, iterations, salt, hash],
    },
  ];
}

/** Answers a row where the recipient exists. A message that is there already stays as it is. */
export function insertMessage(message: NewMessage): Statement {
  const { id, sender, recipient, body, timestamp } = message;
  return {
    sql: `insert into chat_messages (id, sender, recipient, body, timestamp)
select ?1, ?2, username, ?4, ?5 from chat_users where username = ?3
on conflict (id) do update set id = excluded.id
returning id`,
    params: [id, sender, recipient, body, timestamp],
  };
}

export function updateRead(ids: readonly string[]): Statement {
  return {
    sql: `update chat_messages set read = 1
where id in (select value from json_each(?)) and not read`,
    params: [JSON.stringify(ids)],
  };
}

export function deleteMessages(ids: readonly string[]): Statement {
  return {
    sql: 'delete from chat_messages where id in (select value from json_each(?))',
    params: [JSON.stringify(ids)],
  };
}

/** What was sent to it goes in the same entry. */
export function deleteUser(username: string): Statement[] {
  return [
    { sql: 'delete from chat_messages where recipient = ?', params: [username] },
    { sql: 'delete from chat_users where username = ?', params: [username] },
  ];
}
