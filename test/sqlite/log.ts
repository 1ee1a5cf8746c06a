/** Log entries for the tests of sqlite/, in Node and in browsers. */

import { encodeCommand, SEED_BYTES, type CommandOutcome } from '../../src/node/command.ts';
import type {
  ExecuteRequest,
  ExecuteResponse,
  StateRequest,
  Statement,
} from '../../src/node/sql.ts';
import type { Entry, LogIndex, Term } from '../../src/raft/types.ts';
import { encodeRequest } from '../../src/sqlite/request-codec.ts';
import { decodeResponse } from '../../src/sqlite/response-codec.ts';

export const STAMP_MS = Date.UTC(2031, 1, 3, 4, 5, 6, 789);
const TERM = 1 as Term;

function seedOf(number: number): Uint8Array {
  const seed = new Uint8Array(SEED_BYTES);
  new DataView(seed.buffer).setFloat64(3, number, true);
  return seed;
}

/** The entry that registers the session the tests use: the first one. */
export function registration(index = 1, nonce = 77): Entry {
  return commandEntry(index, encodeCommand({ type: 'register-session', nonce, durable: false }));
}

export function checkEntry(index: number, stampMs = STAMP_MS): Entry {
  return commandEntry(index, encodeCommand({ type: 'check-state', stampMs }));
}

export function noopEntry(index: number): Entry {
  return { type: 'noop', index: index as LogIndex, term: TERM };
}

/** The log with another entry behind every one; sessions keep their number. */
export function interleaved(log: readonly Entry[], other: (index: number) => Entry): Entry[] {
  return log.flatMap((entry, at) => {
    const index = (2 * at + 1) as LogIndex;
    return [{ ...entry, index }, other(index + 1)];
  });
}

export function commandEntry(index: number, data: Uint8Array): Entry {
  return { type: 'command', index: index as LogIndex, term: TERM, data };
}

export type RequestOptions = Partial<Omit<ExecuteRequest, 'statements'>>;

export function requestOf(
  statements: readonly (string | Statement)[],
  options: RequestOptions = {},
): ExecuteRequest {
  return {
    statements: statements.map((one) => (typeof one === 'string' ? { sql: one } : one)),
    mode: 'atomic',
    foreignKeys: true,
    bail: false,
    rows: true,
    ...options,
  };
}

export interface EntryOptions {
  readonly session?: number;
  readonly sequence: number;
  readonly lowestUnanswered?: number;
  readonly stampMs?: number;
  readonly body: Uint8Array;
}

export function executeEntry(index: number, options: EntryOptions): Entry {
  const { session = 1, sequence, lowestUnanswered = sequence, stampMs = STAMP_MS, body } = options;
  const command = encodeCommand({
    type: 'execute',
    stampMs,
    seed: seedOf(index),
    session: { sessionId: session as LogIndex, sequence, lowestUnanswered },
    body,
  });
  return commandEntry(index, command);
}

/** Log entries with these requests, behind a registration at index 1. */
export function logOf(requests: readonly StateRequest[]): Entry[] {
  const entries = [registration()];
  for (const [at, request] of requests.entries()) {
    const sequence = at + 1;
    entries.push(executeEntry(at + 2, { sequence, body: encodeRequest(request) }));
  }
  return entries;
}

export function responseOf(outcome: CommandOutcome | undefined): ExecuteResponse {
  if (outcome?.type !== 'executed') throw new Error(`not executed: ${JSON.stringify(outcome)}`);
  return decodeResponse(outcome.response);
}

/** The error messages of a response's outcomes; null for results. */
export function messagesOf(response: ExecuteResponse): (string | null)[] {
  return response.outcomes.map((one) => (one.type === 'error' ? one.error.message : null));
}
