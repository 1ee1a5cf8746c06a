/** The outbox's form as bytes. */

import { expect, test } from 'vitest';

import type { SessionId } from '../../src/node/command.ts';
import type { LogIndex, Term } from '../../src/raft/types.ts';
import { NO_HASH, sealFrame } from '../../src/storage/frame.ts';
import {
  decodeOutbox,
  encodeOutbox,
  OUTBOX_FORMAT,
  type Outbox,
  type OutboxEntry,
} from '../../src/storage/outbox-codec.ts';
import { StorageError } from '../../src/storage/storage-error.ts';

const START = { sequence: 0, hash: NO_HASH };
const SESSION = 40 as SessionId;

const PENDING: OutboxEntry = {
  id: 'entryaaaaaaaaaaa',
  sql: 'insert into “t” …',
  statements: 2,
  queuedAtMs: 1_800_000_000_000,
  body: Uint8Array.of(1, 0, 255),
  sent: null,
  outcome: null,
};
const sqlite = { resultCode: 787, offset: null, statement: 1 };
const refused = { code: 'Sql', applied: 'no', message: 'a “foreign” key', sqlite } as const;
const entry = { index: 44 as LogIndex, term: 3 as Term };

const OUTBOX: Outbox = {
  session: { nonce: 2 ** 53 - 2, sessionId: SESSION, nextSequence: 4 },
  closing: [12 as SessionId, 13 as SessionId],
  inherited: ['formerclusteraaa'],
  entries: [
    {
      ...PENDING,
      body: new Uint8Array(0),
      sent: { sessionId: SESSION, sequence: 2 },
      outcome: {
        applied: 'yes',
        failure: null,
        entry,
        rowsAffected: 5,
        response: Uint8Array.of(7, 8),
      },
    },
    {
      ...PENDING,
      body: new Uint8Array(0),
      outcome: { applied: 'no', failure: refused, entry, rowsAffected: 0, response: null },
    },
    { ...PENDING, sent: { sessionId: SESSION, sequence: 3 } },
    PENDING,
  ],
};

test('an outbox is read as it was written', () => {
  const empty: Outbox = { session: null, closing: [], inherited: [], entries: [] };
  const begun: Outbox = { ...empty, session: { nonce: 0, sessionId: null, nextSequence: 1 } };
  for (const outbox of [OUTBOX, begun, empty]) {
    expect(decodeOutbox(encodeOutbox(outbox, START))).toEqual(outbox);
  }
});

test('content that is malformed anywhere is refused', () => {
  const { payload } = encodeOutbox(OUTBOX, START);
  const length = new DataView(payload.buffer, payload.byteOffset).getUint32(0, true);
  const json = new TextDecoder().decode(payload.subarray(4, 4 + length));
  const sealed = (text: string, rest: Uint8Array) => {
    const bytes = new TextEncoder().encode(text);
    const head = new Uint8Array(4);
    new DataView(head.buffer).setUint32(0, bytes.length, true);
    return sealFrame(OUTBOX_FORMAT, 1, NO_HASH, new Uint8Array([...head, ...bytes, ...rest]));
  };
  const rest = payload.slice(4 + length);
  expect(decodeOutbox(sealed(json, rest))).toEqual(OUTBOX);
  const rubbish = [
    '',
    'null',
    json.replace('"nonce":', '"nonce_":'),
    json.replace('"closing":[12', '"closing":["12"'),
    json.replace('"statements":2', '"statements":2.5'),
    json.replace('"inherited":[', '"inherited":[7,'),
    json.replace('"applied":"yes"', '"applied":"perhaps"'),
    json.replace('"response":true', '"response":1'),
    json.replace('"sent":{"sessionId":40', '"sent":{"sessionId":null'),
    json.replace('"resultCode":787', '"resultCode":"787"'),
    json.replace('"index":44', '"index":null'),
  ];
  for (const text of rubbish) {
    expect(text).not.toBe(json);
    expect(() => decodeOutbox(sealed(text, rest))).toThrow(StorageError);
  }
  expect(() => decodeOutbox(sealed(json, rest.slice(0, -1)))).toThrow(StorageError);
  expect(() => decodeOutbox(sealed(json, new Uint8Array([...rest, 0])))).toThrow(StorageError);
});
