/**
 * What callers pass, checked before anything is cloned or sent: a wrong type or an absurd size fails
 * here, in the caller's own stack, as 'InvalidArgument' or 'TooLarge', and nothing has happened.
 */

import {
  MAX_BODY_BYTES,
  MAX_DELAY_MS,
  MAX_MEMBERS,
  MAX_VOTERS,
  VOTER_SILENCE_MIN_MS,
  VOTER_SILENCE_MS,
} from '../node/limits.ts';
import type { SqlParams, SqlValue, Statement } from '../node/sql.ts';
import { invalidArgument, ResqliteError } from './errors.ts';
import type { AutopilotOptions, InviteTerms } from './protocol.ts';

const MIB = 1024 * 1024;
const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

export function checkSql(sql: unknown): string {
  if (typeof sql !== 'string') throw invalidArgument('SQL must be a string');
  if (sql.length > MAX_BODY_BYTES) throw tooLarge(sql.length);
  return sql;
}

export function checkParams(params: unknown): SqlParams {
  if (typeof params !== 'object' || params === null || params instanceof Uint8Array) {
    throw invalidArgument('parameters must be an array or an object');
  }
  if (Array.isArray(params)) {
    // By place, so that holes are seen, too.
    for (let at = 0; at < params.length; at += 1) checkParam(String(at), params[at]);
  } else {
    for (const [name, value] of Object.entries(params)) checkParam(name, value);
  }
  return params as SqlParams;
}

function checkParam(name: string, value: unknown): void {
  const fault = valueFault(value);
  if (fault !== null) throw invalidArgument(`parameter ${name}: ${fault}`);
}

/** Timers take no longer ones; what asks for more is bound by this, with room for what is added. */
export const MAX_TIMEOUT_MS = 2 ** 31 - 60_000;

export function checkTimeout(timeoutMs: unknown): number {
  if (typeof timeoutMs !== 'number' || !Number.isFinite(timeoutMs) || timeoutMs <= 0) {
    throw invalidArgument('timeoutMs must be a positive number');
  }
  return Math.min(timeoutMs, MAX_TIMEOUT_MS);
}

/** `name` is what the caller calls it. Throws `ResqliteError` 'InvalidArgument'. */
export function checkCount(name: string, count: number): number {
  if (Number.isSafeInteger(count) && count >= 0) return count;
  throw invalidArgument(`${name} must be a whole number, not negative`);
}

/** Milliseconds by which messages are made late. Throws `ResqliteError` 'InvalidArgument'. */
export function checkDelay(ms: number): number {
  if (Number.isFinite(ms) && ms >= 0 && ms <= MAX_DELAY_MS) return ms;
  throw invalidArgument(`a delay is 0 to ${MAX_DELAY_MS} ms`);
}

/** Whether writes may be queued. Throws `ResqliteError` 'InvalidArgument'. */
export function checkOffline(offline: unknown): boolean {
  if (offline === undefined || offline === 'queue') return offline === 'queue';
  throw invalidArgument("offline must be 'queue'");
}

/** `taker` is whose argument it is. */
export function checkFunction<F>(taker: string, callback: F): F {
  if (typeof callback !== 'function') throw invalidArgument(`${taker} takes a function`);
  return callback;
}

/** What holds where nothing is given. */
export const AUTOPILOT_DEFAULTS: Required<AutopilotOptions> = {
  maxVoters: MAX_VOTERS,
  voterTimeoutMs: VOTER_SILENCE_MS,
};

/** How far it may be changed: the number of voters is odd and at most the one, the time at least the other. */
export const AUTOPILOT_BOUNDS: Required<AutopilotOptions> = {
  maxVoters: MAX_MEMBERS - 1,
  voterTimeoutMs: VOTER_SILENCE_MIN_MS,
};

/** Throws `ResqliteError` 'InvalidArgument'. */
export function checkAutopilot(options: AutopilotOptions): AutopilotOptions {
  const { maxVoters, voterTimeoutMs } = options;
  if (maxVoters !== undefined) {
    const isOdd = Number.isInteger(maxVoters) && maxVoters % 2 === 1;
    if (!isOdd || maxVoters < 1 || maxVoters > AUTOPILOT_BOUNDS.maxVoters) {
      throw invalidArgument(`maxVoters must be odd, 1 to ${AUTOPILOT_BOUNDS.maxVoters}`);
    }
  }
  if (voterTimeoutMs !== undefined && !(voterTimeoutMs >= AUTOPILOT_BOUNDS.voterTimeoutMs)) {
    throw invalidArgument(`voterTimeoutMs must be at least ${AUTOPILOT_BOUNDS.voterTimeoutMs}`);
  }
  return options;
}

/** Longer ones could as well not expire. */
const MAX_EXPIRES_IN_MS = 100 * 365 * 24 * 60 * 60 * 1_000;

/** Throws `ResqliteError` 'InvalidArgument'. */
export function checkInviteTerms(terms: InviteTerms): InviteTerms {
  const { expiresInMs, uses } = terms;
  const isTime = typeof expiresInMs === 'number' && expiresInMs > 0;
  if (expiresInMs !== null && !(isTime && expiresInMs <= MAX_EXPIRES_IN_MS)) {
    throw invalidArgument('expiresInMs must be a positive number, at most a century, or null');
  }
  if (uses !== null && !(Number.isSafeInteger(uses) && uses > 0)) {
    throw invalidArgument('uses must be a positive whole number, or null');
  }
  return { expiresInMs: expiresInMs === null ? null : Math.ceil(expiresInMs), uses };
}

/** Throws `ResqliteError` 'InvalidArgument'. */
export function checkPage(page: string | URL, base: string): URL {
  if (URL.canParse(page, base)) return new URL(page, base);
  throw invalidArgument('page must be an address');
}

/** Throws `ResqliteError` 'InvalidArgument'. */
export function checkInviteId(inviteId: unknown): string {
  if (typeof inviteId === 'string' && /^[a-z2-7]{16}$/.test(inviteId)) return inviteId;
  throw invalidArgument('the id of an invite is 16 characters, as invites() tells it');
}

/** The statements of one request in the one form the worker takes. */
export function checkStatements(
  request: string | Statement | readonly (string | Statement)[],
): Statement[] {
  const list: readonly (string | Statement)[] = Array.isArray(request)
    ? request
    : [request as string | Statement];
  if (list.length === 0) throw invalidArgument('there is no statement to execute');
  const statements = list.map(checkStatement);
  const sizeBytes = statements.reduce((sum, statement) => sum + leastBytes(statement), 0);
  if (sizeBytes > MAX_BODY_BYTES) throw tooLarge(sizeBytes);
  return statements;
}

/** A tagged template: its values become parameters. */
export function statementOf(
  strings: TemplateStringsArray,
  values: readonly (SqlValue | boolean)[],
): { readonly sql: string; readonly params: SqlParams } {
  if (strings.some((part: string | undefined) => part === undefined)) {
    throw invalidArgument('the SQL has an escape sequence that JavaScript does not know');
  }
  return { sql: checkSql(strings.join('?')), params: checkParams(values) };
}

export function checkStatement(statement: string | Statement): Statement {
  if (typeof statement === 'string') return { sql: checkSql(statement) };
  if (typeof statement !== 'object' || statement === null) {
    throw invalidArgument('a statement must be a string or { sql, params }');
  }
  const { params } = statement;
  const sql = checkSql(statement.sql);
  return params === undefined ? { sql } : { sql, params: checkParams(params) };
}

export function isInt64(value: bigint): boolean {
  return value >= INT64_MIN && value <= INT64_MAX;
}

function valueFault(value: unknown): string | null {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
      return null;
    case 'bigint':
      return isInt64(value) ? null : 'does not fit in 64 bits';
    case 'object':
      if (value === null || value instanceof Uint8Array) return null;
      return 'objects are not SQL values (JSON.stringify it, or pass a Uint8Array)';
    default:
      return `${typeof value} is not an SQL value`;
  }
}

/** At least as many bytes as this does the statement take; exact sizes are the worker's business. */
function leastBytes(statement: Statement): number {
  let bytes = statement.sql.length;
  for (const value of Object.values(statement.params ?? {})) {
    if (typeof value === 'string' || value instanceof Uint8Array) bytes += value.length;
  }
  return bytes;
}

function tooLarge(sizeBytes: number): ResqliteError {
  const has = (sizeBytes / MIB).toFixed(1);
  const message = `the request has at least ${has} MiB; the limit is ${MAX_BODY_BYTES / MIB} MiB`;
  return new ResqliteError({ code: 'TooLarge', applied: 'no', message, sqlite: null });
}
