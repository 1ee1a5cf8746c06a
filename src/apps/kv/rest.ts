/**
 * The store as resources: a key below `kv/`, whose representation is its value. Requests and responses
 * are plain data; who carries them, and from where, is not this file's business.
 *
 * | request | does | answers |
 * |---|---|---|
 * | `GET kv/<key>` | reads | 200 with the text, or 404 for a missing key |
 * | `PUT kv/<key>` | puts the body | 201 where the key is new, else 200 |
 * | `POST kv/<key>` | appends the body | the same |
 * | `DELETE kv/<key>` | deletes | 204, or 404 |
 * | `GET kv/?prefix=&limit=&after=` | lists keys | 200 with `{ keys, next }` |
 *
 * `HEAD` is `GET` without the text. The version is the ETag, for `If-Match` and `If-None-Match`: 412
 * where it does not hold, 304 for a read. `?level=` of a read is one of the read levels. A write with an
 * `Idempotency-Key` may be sent again: it has the first answer, whatever that was, or 422 where its body or
 * condition is another one. Every error has the body `{ error: { code, message, applied } }`;
 * what may be otherwise later is 503.
 *
 * Unlike the library, which reads a missing key as the empty text, this tells the two apart.
 */

import { invalidArgument, toResqliteError, type ResqliteError } from '../../client/errors.ts';
import type { ReadLevel } from '../../node/sql.ts';
import type { Handles } from './handles.ts';
import {
  IdempotencyKeyReused,
  type Condition,
  type Entry,
  type KeyValueStore,
  type WriteAnswer,
  type WriteOptions,
} from './kv.ts';
import { MAX_VALUE_BYTES, tooLarge } from './texts.ts';

export interface RestRequest {
  readonly method: string;
  /** What stands behind `kv/` in the address, percent-encoded as there, with the query. */
  readonly path: string;
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface RestResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Null: a response of this status, or to this method, has none. */
  readonly body: string | null;
}

const LEVELS: readonly ReadLevel[] = ['none', 'weak', 'linearizable', 'strong'];
const KEY_METHODS = 'GET, HEAD, PUT, POST, DELETE';
const LIST_METHODS = 'GET, HEAD';
const LIST_PARAMETERS = new Set(['prefix', 'limit', 'after', 'level']);
const DIGITS = /^\d{1,9}$/u;
/** A strong entity tag of ours; weak ones and those of others are nobody's. */
const TAG = /^"(\d{1,15})"$/u;
const RETRY_AFTER_S = 1;

/** Does not reject. */
export async function answerRest(
  handles: Handles,
  request: RestRequest,
  signal?: AbortSignal,
): Promise<RestResponse> {
  const answer = await answered(handles, request, signal);
  const isHead = request.method === 'HEAD';
  const headers = { 'cache-control': 'no-store', ...answer.headers };
  return { ...answer, headers, body: isHead ? null : answer.body };
}

async function answered(
  handles: Handles,
  request: RestRequest,
  signal: AbortSignal | undefined,
): Promise<RestResponse> {
  try {
    const at = request.path.indexOf('?');
    const key = decoded(at < 0 ? request.path : request.path.slice(0, at));
    const query = new URLSearchParams(at < 0 ? '' : request.path.slice(at));
    if (key === '') return await list(handles.free, request.method, query, signal);
    switch (request.method) {
      case 'GET':
      case 'HEAD':
        return await read(handles.free, key, { request, query, signal });
      case 'PUT':
      case 'POST':
      case 'DELETE':
        return await write(handles, key, request, signal);
      default:
        return notAllowed(request.method, KEY_METHODS);
    }
  } catch (error) {
    return failed(toResqliteError(error));
  }
}

async function list(
  store: KeyValueStore,
  method: string,
  query: URLSearchParams,
  signal: AbortSignal | undefined,
): Promise<RestResponse> {
  if (method !== 'GET' && method !== 'HEAD') return notAllowed(method, LIST_METHODS);
  for (const name of query.keys()) {
    if (!LIST_PARAMETERS.has(name)) throw invalidArgument(`a list has no parameter ${name}`);
  }
  const limit = query.get('limit');
  if (limit !== null && !DIGITS.test(limit)) throw invalidArgument('limit must be a whole number');
  const page = await store.list(query.get('prefix') ?? '', {
    ...(limit === null ? {} : { limit: Number(limit) }),
    after: query.get('after'),
    ...levelOf(query),
    ...(signal === undefined ? {} : { signal }),
  });
  return json(200, page);
}

async function read(
  store: KeyValueStore,
  key: string,
  asked: {
    readonly request: RestRequest;
    readonly query: URLSearchParams;
    readonly signal: AbortSignal | undefined;
  },
): Promise<RestResponse> {
  const { headers } = asked.request;
  const signal = asked.signal === undefined ? {} : { signal: asked.signal };
  const entry = await store.entry(key, { ...levelOf(asked.query), ...signal });
  const wanted = headers['if-match'];
  if (wanted !== undefined && !isMatch(wanted, entry)) return preconditionFailed(entry?.version);
  if (entry === null) return notFound(key);
  const tag = tagOf(entry.version);
  const known = headers['if-none-match'];
  if (known !== undefined && isMatch(known, entry)) {
    return { status: 304, headers: { etag: tag }, body: null };
  }
  return {
    status: 200,
    headers: { 'content-type': 'text/plain; charset=utf-8', etag: tag },
    body: entry.value,
  };
}

async function write(
  handles: Handles,
  key: string,
  request: RestRequest,
  signal: AbortSignal | undefined,
): Promise<RestResponse> {
  const idempotencyKey = request.headers['idempotency-key'];
  const onlyIf = conditionOf(request.headers);
  const options: WriteOptions = {
    signal,
    ...(onlyIf === null ? {} : { onlyIf }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  };
  const carryOut = (store: KeyValueStore): Promise<WriteAnswer> => {
    switch (request.method) {
      case 'PUT':
        return store.put(key, textOf(request.body), options);
      case 'POST':
        return store.append(key, textOf(request.body), options);
      default:
        return store.delete(key, options);
    }
  };
  const isNamed = idempotencyKey !== undefined;
  return written(key, await (isNamed ? carryOut(handles.free) : handles.write(carryOut)));
}

function written(key: string, { outcome, version, bytes }: WriteAnswer): RestResponse {
  switch (outcome) {
    case 'created':
    case 'replaced': {
      const answer = json(outcome === 'created' ? 201 : 200, { key, version, bytes });
      return { ...answer, headers: { ...answer.headers, etag: tagOf(version ?? 0) } };
    }
    case 'deleted':
      return { status: 204, headers: {}, body: null };
    case 'missing':
      return notFound(key);
    case 'unmet':
      return preconditionFailed(version ?? undefined);
  }
}

/** Null: none is stated. Throws where two are, or one that makes no sense for a write. */
function conditionOf(headers: RestRequest['headers']): Condition | null {
  const wanted = headers['if-match'];
  const unwanted = headers['if-none-match'];
  if (wanted !== undefined && unwanted !== undefined) {
    throw invalidArgument('a write has If-Match or If-None-Match, not both');
  }
  if (unwanted !== undefined) {
    if (unwanted.trim() === '*') return { type: 'missing' };
    throw invalidArgument('If-None-Match of a write is *');
  }
  if (wanted === undefined) return null;
  if (wanted.trim() === '*') return { type: 'there' };
  return { type: 'version', versions: versionsOf(wanted) };
}

function isMatch(header: string, entry: Entry | null): boolean {
  if (entry === null) return false;
  return header.trim() === '*' || versionsOf(header).includes(entry.version);
}

function versionsOf(header: string): number[] {
  const tags = header.split(',').map((tag) => TAG.exec(tag.trim())?.[1]);
  return tags.filter((digits) => digits !== undefined).map(Number);
}

function tagOf(version: number): string {
  return `"${version}"`;
}

function levelOf(query: URLSearchParams): { readonly level?: ReadLevel } {
  const asked = query.get('level');
  if (asked === null) return {};
  const level = LEVELS.find((known) => known === asked);
  if (level === undefined) throw invalidArgument(`level is one of ${LEVELS.join(', ')}`);
  return { level };
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw invalidArgument('the key is not percent-encoded UTF-8');
  }
}

function textOf(body: Uint8Array): string {
  if (body.length > MAX_VALUE_BYTES) throw tooLarge('value', MAX_VALUE_BYTES);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    throw invalidArgument('the body is not UTF-8');
  }
}

function failed(failure: ResqliteError): RestResponse {
  const { code, message, applied } = failure;
  if (failure instanceof IdempotencyKeyReused) {
    return error(422, { code: 'IdempotencyKeyReused', message, applied });
  }
  switch (code) {
    case 'InvalidArgument':
      return error(400, { code, message, applied });
    case 'TooLarge':
      return error(413, { code, message, applied });
    case 'Sql':
    case 'NotReplicable':
    case 'Internal':
      return error(500, { code, message, applied });
    default: {
      const answer = error(503, { code, message, applied });
      return { ...answer, headers: { ...answer.headers, 'retry-after': String(RETRY_AFTER_S) } };
    }
  }
}

function notAllowed(method: string, allow: string): RestResponse {
  const message = `${method} is not one of ${allow}`;
  const answer = error(405, { code: 'MethodNotAllowed', message, applied: 'no' });
  return { ...answer, headers: { ...answer.headers, allow } };
}

function notFound(key: string): RestResponse {
  return error(404, { code: 'NotFound', message: `there is no key ${key}`, applied: 'no' });
}

function preconditionFailed(version: number | undefined): RestResponse {
  const is = version === undefined ? 'missing' : `of version ${version}`;
  const message = `the key is ${is}`;
  const answer = error(412, { code: 'PreconditionFailed', message, applied: 'no' });
  if (version === undefined) return answer;
  return { ...answer, headers: { ...answer.headers, etag: tagOf(version) } };
}

function error(
  status: number,
  fields: { readonly code: string; readonly message: string; readonly applied: string },
): RestResponse {
  return json(status, { error: fields });
}

function json(status: number, content: object): RestResponse {
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  return { status, headers, body: JSON.stringify(content) };
}
