/** The key-value store as resources: one table of requests and what they answer. */

import { describe, expect, test, vi } from 'vitest';

import { Handles } from '../../../src/apps/kv/handles.ts';
import { answerRest, type RestResponse } from '../../../src/apps/kv/rest.ts';
import { MAX_VALUE_BYTES } from '../../../src/apps/kv/texts.ts';
import { LocalDatabase } from '../local-database.ts';

interface Asked {
  readonly body?: string | Uint8Array;
  readonly headers?: Record<string, string>;
}

type Ask = (line: string, asked?: Asked) => Promise<RestResponse>;

async function served(): Promise<{ local: LocalDatabase; ask: Ask }> {
  const local = await LocalDatabase.open();
  const handles = new Handles(local.db);
  const ask: Ask = (line, { body = '', headers = {} } = {}) => {
    const [method = '', path = ''] = line.split(' ');
    const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
    return answerRest(handles, { method, path, headers, body: bytes });
  };
  return { local, ask };
}

function content(response: RestResponse): unknown {
  return JSON.parse(response.body ?? 'null');
}

async function errorOf(response: Promise<RestResponse>): Promise<string> {
  const { status, headers, body } = await response;
  expect(headers['content-type']).toBe('application/json; charset=utf-8');
  const { error } = JSON.parse(body ?? '') as { error: Record<string, string> };
  expect(Object.keys(error)).toEqual(['code', 'message', 'applied']);
  return `${status} ${error['code']} ${error['applied']}`;
}

test('a key is put, read, appended to, deleted, and then missing', async () => {
  const { ask } = await served();
  const put = await ask('PUT a%2Fb', { body: 'é' });
  expect(put).toMatchObject({ status: 201, headers: { etag: '"2"' } });
  expect(content(put)).toEqual({ key: 'a/b', version: 2, bytes: 2 });
  expect((await ask('PUT a/b', { body: 'é' })).status).toBe(200);
  expect(await ask('POST a/b', { body: '!' })).toMatchObject({ status: 200 });
  expect(await ask('POST c', { body: '?' })).toMatchObject({ status: 201 });
  expect(await ask('GET a/b')).toEqual({
    status: 200,
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      etag: '"4"',
      'cache-control': 'no-store',
    },
    body: 'é!',
  });
  expect(await ask('HEAD a/b')).toMatchObject({
    status: 200,
    headers: { etag: '"4"' },
    body: null,
  });
  expect(await ask('DELETE a/b')).toMatchObject({ status: 204, body: null });
  expect(await errorOf(ask('GET a/b'))).toBe('404 NotFound no');
  expect(await errorOf(ask('DELETE a/b'))).toBe('404 NotFound no');
  expect(await ask('HEAD a/b')).toMatchObject({ status: 404, body: null });
});

test('a missing key is told from an empty one', async () => {
  const { ask } = await served();
  expect(await errorOf(ask('GET k'))).toBe('404 NotFound no');
  await ask('PUT k');
  expect(await ask('GET k?level=none')).toMatchObject({ status: 200, body: '' });
});

test('keys are listed by prefix, a page at a time', async () => {
  const { ask } = await served();
  expect(content(await ask('GET '))).toEqual({ keys: [], next: null });
  for (const key of ['a/1', 'a/2', 'a/3', 'b']) await ask(`PUT ${key}`, { body: key });
  const first = content(await ask('GET ?prefix=a%2F&limit=2'));
  expect(first).toMatchObject({ keys: [{ key: 'a/1', bytes: 3 }, { key: 'a/2' }], next: 'a/2' });
  const second = content(await ask('GET ?prefix=a/&limit=2&after=a/2&level=strong'));
  expect(second).toMatchObject({ keys: [{ key: 'a/3', start: 'a/3' }], next: null });
});

describe('conditions', () => {
  test('a write is done where the version is the one that was read, or the key is new', async () => {
    const { ask } = await served();
    const made = { body: '1', headers: { 'if-none-match': '*' } };
    const { headers } = await ask('PUT k', made);
    const tag = headers['etag'] ?? '';
    expect(await errorOf(ask('PUT k', made))).toBe('412 PreconditionFailed no');
    const other = { body: '2', headers: { 'if-match': '"9", W/"2", other' } };
    expect(await errorOf(ask('PUT k', other))).toBe('412 PreconditionFailed no');
    const same = { body: '2', headers: { 'if-match': `"9", ${tag}` } };
    const second = await ask('PUT k', same);
    expect(second.status).toBe(200);
    const { etag } = second.headers;
    expect(await ask('DELETE k', same)).toMatchObject({ status: 412, headers: { etag } });
    expect((await ask('DELETE k', { headers: { 'if-match': '*' } })).status).toBe(204);
    expect(await errorOf(ask('POST k', { headers: { 'if-match': '*' } }))).toMatch(/^412/u);
  });

  test('a read of what is known already has no body', async () => {
    const { ask } = await served();
    await ask('PUT k', { body: 'v' });
    const known = { headers: { 'if-none-match': '"2"' } };
    expect(await ask('GET k', known)).toMatchObject({ status: 304, body: null });
    await ask('PUT k', { body: 'w' });
    expect(await ask('GET k', known)).toMatchObject({ status: 200, body: 'w' });
    expect((await ask('GET k', { headers: { 'if-match': '"2"' } })).status).toBe(412);
  });
});

test.each<[string, string, Asked]>([
  ['PATCH k', '405 MethodNotAllowed no', {}],
  ['POST ', '405 MethodNotAllowed no', { body: 'x' }],
  ['GET %ff', '400 InvalidArgument no', {}],
  ['PUT %00', '400 InvalidArgument no', {}],
  ['PUT k', '400 InvalidArgument no', { body: new Uint8Array([0xff]) }],
  ['PUT k', '400 InvalidArgument no', { headers: { 'if-none-match': '"1"' } }],
  ['PUT k', '400 InvalidArgument no', { headers: { 'if-none-match': '*', 'if-match': '*' } }],
  ['PUT k', '400 InvalidArgument no', { headers: { 'idempotency-key': '' } }],
  ['GET k?level=some', '400 InvalidArgument no', {}],
  ['GET ?limit=1e3', '400 InvalidArgument no', {}],
  ['GET ?limit=1001', '400 InvalidArgument no', {}],
  ['GET ?Prefix=a', '400 InvalidArgument no', {}],
  [`PUT ${'k'.repeat(513)}`, '413 TooLarge no', {}],
  ['PUT k', '413 TooLarge no', { body: new Uint8Array(MAX_VALUE_BYTES + 1) }],
])('%s is refused with %s', async (line, expected, asked) => {
  const { local, ask } = await served();
  expect(await errorOf(ask(line, asked))).toBe(expected);
  expect(local.applied).toBe(0);
});

test('a method that is not allowed is answered with those that are', async () => {
  const { ask } = await served();
  expect((await ask('PATCH k')).headers['allow']).toBe('GET, HEAD, PUT, POST, DELETE');
  expect((await ask('PUT ')).headers['allow']).toBe('GET, HEAD');
});

test('a write with an idempotency key is done once, however often it comes', async () => {
  const { local, ask } = await served();
  const named = { body: 'a', headers: { 'idempotency-key': 'n' } };
  local.mishaps.push('answer-lost');
  const first = await ask('POST k', named);
  expect(first.status).toBe(201);
  expect(await ask('POST k', named)).toEqual(first);
  expect((await ask('GET k')).body).toBe('a');
});

test.each<[string, Asked, Asked]>([
  ['body', { body: 'a' }, { body: 'b' }],
  [
    'condition',
    { body: 'a', headers: { 'if-match': '"9"' } },
    { body: 'a', headers: { 'if-match': '"1"' } },
  ],
])(
  'an idempotency key with another %s is 422, and the first answer stays',
  async (_what, first, second) => {
    const { ask } = await served();
    await ask('PUT k', { body: 'before' });
    const named = ({ body = '', headers = {} }: Asked): Asked => {
      return { body, headers: { ...headers, 'idempotency-key': 'n' } };
    };
    const answer = await ask('POST k', named(first));
    expect(await errorOf(ask('POST k', named(second)))).toBe('422 IdempotencyKeyReused no');
    expect(await ask('POST k', named(first))).toEqual(answer);
    expect((await ask('GET k')).body).toBe(answer.status === 412 ? 'before' : 'beforea');
  },
);

test('nobody waits for the write of another', async () => {
  const { local, ask } = await served();
  await ask('PUT k', { body: 'a' });
  const execute = vi.spyOn(local.db, 'execute').mockReturnValueOnce(new Promise(() => {}));
  void ask('POST k', { body: '!' });
  await expect.poll(() => execute.mock.calls.length).toBe(1);
  expect((await ask('GET k')).body).toBe('a');
  expect((await ask('POST k', { body: 'b' })).status).toBe(200);
  expect((await ask('GET k')).body).toBe('ab');
});

test('writes that come one after another need one handle', async () => {
  const { local, ask } = await served();
  for (const key of ['a', 'b', 'c']) await ask(`PUT ${key}`);
  const { rows } = await local.db.query("select count(*) from kv_clerks where kind = 'handle'");
  expect(rows).toEqual([[1]]);
});

test('many writes at once share the handles there are', async () => {
  const { local, ask } = await served();
  await Promise.all(Array.from({ length: 40 }, () => ask('POST k', { body: 'x' })));
  expect((await ask('GET k')).body).toBe('x'.repeat(40));
  const { rows } = await local.db.query("select count(*) from kv_clerks where kind = 'handle'");
  expect(rows).toEqual([[16]]);
});

test('dots in a key are nothing special where it is encoded as a whole', async () => {
  const { ask } = await served();
  await ask(`PUT ${encodeURIComponent('a/../b')}`, { body: 'x' });
  expect(content(await ask('GET '))).toMatchObject({ keys: [{ key: 'a/../b' }] });
});

test('what may be otherwise later is 503, and says whether the write took effect', async () => {
  const { local } = await served();
  const handles = new Handles(local.db);
  await handles.write((store) => store.put('k', ''));
  local.mishaps.push('answer-lost', ...Array.from({ length: 40 }, () => 'lost' as const));
  const cancel = new AbortController();
  const request = { method: 'POST', path: 'k', headers: {}, body: new Uint8Array([65]) };
  const answer = answerRest(handles, request, cancel.signal);
  await expect.poll(() => local.mishaps.length).toBeLessThan(40);
  cancel.abort();
  expect(await errorOf(answer)).toBe('503 Aborted unknown');
  expect((await answer).headers['retry-after']).toBe('1');
});
