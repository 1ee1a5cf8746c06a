/**
 * The chat's tables, and each of its writes as one log entry: what it checks and what it changes is one step,
 * the same on every node. A write may be sent again when nobody knows whether it came through: what is new has
 * an id, or a salt, that its sender made, and everything else says how things are to be, not how to change them.
 * Ids that were sent are remembered apart from the messages, which their recipient may delete meanwhile.
 *
 * Anybody in the cluster can write these tables with SQL. What they do not take is what would keep an inbox
 * from being read.
 */

import type { Statement } from '../../node/sql.ts';
import type { PasswordHash } from './password.ts';
import { LONGEST_BODY } from './rules.ts';

export interface NewMessage {
  /** A UUID, made by the sender. */
  readonly id: string;
  readonly sender: string;
  readonly recipient: string;
  readonly body: string;
  /** When it was sent by the sender's clock, in seconds since 1970. */
  readonly timestamp: number;
}

/** Of a UTF-16 code unit, in UTF-8. */
const MOST_BYTES_OF_A_UNIT = 3;
const MOST_BODY_BYTES = LONGEST_BODY * MOST_BYTES_OF_A_UNIT;
/** Of ids and names, which are shorter. */
const MOST_NAME_BYTES = 1_000;
/** The latest: a message that is sent again after so many others is new. */
export const REMEMBERED_SENDS = 10_000;

/** Of a row of chat_messages; no table from here has others, but one may be made by hand. */
export const IS_READABLE = `typeof(id) = 'text' and octet_length(id) <= ${MOST_NAME_BYTES}
and typeof(sender) = 'text' and octet_length(sender) <= ${MOST_NAME_BYTES}
and typeof(body) = 'text' and octet_length(body) <= ${MOST_BODY_BYTES}
and typeof(timestamp) in ('integer', 'real')`;

/** Of a row of chat_users: ?1 is its name, ?2 its salt in hexadecimal, or null for any. */
export const IS_ACCOUNT = 'username = ?1 and (?2 is null or lower(hex(salt)) = ?2)';

/** A message belongs to who has received it: it goes with that account. Its sender may be gone. */
const TABLES = [
  `create table if not exists chat_users (
  username text primary key not null
    check (typeof(username) = 'text' and octet_length(username) <= ${MOST_NAME_BYTES}),
  algorithm text not null,
  iterations integer not null,
  salt blob not null,
  password_hash blob not null
)`,
  `create table if not exists chat_messages (
  id text primary key not null,
  sender text not null,
  recipient text not null references chat_users (username) on delete cascade,
  body text not null,
  timestamp real not null,
  read boolean not null default 0,
  check (${IS_READABLE})
)`,
  `create index if not exists chat_messages_by_recipient
on chat_messages (recipient, read, timestamp)`,
  `create table if not exists chat_sent (
  number integer primary key,
  id text not null unique
)`,
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
returning lower(hex(salt))`,
      params: [username, algorithm, iterations, salt, hash],
    },
  ];
}

/**
 * The last one answers a row where the recipient exists, or the message was sent before: then it is not put in
 * again, whether it is still there or not.
 */
export function insertMessage(message: NewMessage): Statement[] {
  const { id, sender, recipient, body, timestamp } = message;
  return [
    {
      sql: `insert into chat_messages (id, sender, recipient, body, timestamp)
select ?1, ?2, username, ?4, ?5 from chat_users
where username = ?3 and not exists (select 1 from chat_sent where id = ?1)
on conflict (id) do nothing`,
      params: [id, sender, recipient, body, timestamp],
    },
    {
      sql: `delete from chat_sent
where number <= (select max(number) from chat_sent) - ${REMEMBERED_SENDS}`,
    },
    {
      sql: `insert into chat_sent (id)
select ?1 where exists (select 1 from chat_users where username = ?2)
or exists (select 1 from chat_sent where id = ?1)
on conflict (id) do update set id = excluded.id
returning id`,
      params: [id, recipient],
    },
  ];
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

/** What was sent to it goes in the same entry. Of an account that is gone nothing goes, whoever has its name. */
export function deleteUser(username: string, id: string): Statement[] {
  const params = [username, id];
  return [
    {
      sql: `delete from chat_messages
where recipient = ?1 and exists (select 1 from chat_users where ${IS_ACCOUNT})`,
      params,
    },
    { sql: `delete from chat_users where ${IS_ACCOUNT}`, params },
  ];
}
