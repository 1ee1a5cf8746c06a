/**
 * Commands: what the runtime puts into log entries of type `command`, and what comes of them.
 *
 * The body of an `execute` is the state machine's own (for SQLite: statements with parameters); the
 * runtime never looks inside. A body of length 0 does nothing but take its place in the session: a
 * strong read waits for one, and one replaces a request whose caller has given up.
 *
 * Format, version 1, little-endian: u8 version, u8 type, then
 *   1 register-session: f64 nonce
 *   2 execute: f64 stampMs, 16 bytes seed, f64 session, f64 sequence, f64 lowestUnanswered, body
 *   3 check-state: f64 stampMs
 */

import type { LogIndex } from '../raft/types.ts';
import { ByteReader, ByteWriter } from './bytes.ts';

/** A session's id: the index of the entry that registered it. */
export type SessionId = LogIndex;

export interface SessionRequest {
  readonly sessionId: SessionId;
  /** Counted from 1 within the session. */
  readonly sequence: number;
  /** Answers below this sequence number are no longer needed. */
  readonly lowestUnanswered: number;
}

export interface RegisterSession {
  readonly type: 'register-session';
  /** By this the registering node knows its own entry again; below 2^53. */
  readonly nonce: number;
}

export interface Execute {
  readonly type: 'execute';
  /** The leader's wall clock when it appended the entry, whole milliseconds since 1970. */
  readonly stampMs: number;
  /** 16 random bytes from the leader: the seed of every random value in the entry. */
  readonly seed: Uint8Array;
  readonly session: SessionRequest;
  readonly body: Uint8Array;
}

/**
 * Every node hashes the next slice of its state, which moves on with every check until all of it has
 * had its turn; the slice is part of the state, so that all hash the same one.
 */
export interface CheckState {
  readonly type: 'check-state';
  readonly stampMs: number;
}

export type Command = RegisterSession | Execute | CheckState;

/** What became of one command when it was applied; the same on every node. */
export type CommandOutcome =
  | { readonly type: 'registered'; readonly sessionId: SessionId; readonly nonce: number }
  /** What the slice hashed to; the one outcome that may differ, and then shows a fault. */
  | { readonly type: 'checked'; readonly hash: string }
  /** It ran, now or (a retry) before; `response` is the first run's answer. */
  | {
      readonly type: 'executed';
      readonly sessionId: SessionId;
      readonly sequence: number;
      readonly response: Uint8Array;
    }
  /** A retry of a request whose answer was already given and forgotten; no effect. */
  | { readonly type: 'forgotten'; readonly sessionId: SessionId; readonly sequence: number }
  /** It skipped a sequence number; no effect. */
  | { readonly type: 'out-of-order'; readonly sessionId: SessionId; readonly sequence: number }
  /** No such session (never registered, or expired); no effect. */
  | { readonly type: 'unknown-session'; readonly sessionId: SessionId; readonly sequence: number };

const COMMAND_VERSION = 1;
const REGISTER_SESSION = 1;
const EXECUTE = 2;
const CHECK_STATE = 3;
export const SEED_BYTES = 16;
/** What an `execute` takes besides its body. */
export const EXECUTE_OVERHEAD_BYTES = 2 + SEED_BYTES + 4 * 8;

export function encodeCommand(command: Command): Uint8Array {
  const writer = new ByteWriter(command.type === 'execute' ? 64 + command.body.length : 16);
  writer.u8(COMMAND_VERSION);
  if (command.type === 'register-session') {
    writer.u8(REGISTER_SESSION);
    writer.integer(command.nonce);
    return writer.finish();
  }
  if (command.type === 'check-state') {
    writer.u8(CHECK_STATE);
    writer.integer(command.stampMs);
    return writer.finish();
  }
  writer.u8(EXECUTE);
  writer.integer(command.stampMs);
  writer.raw(command.seed);
  writer.integer(command.session.sessionId);
  writer.integer(command.session.sequence);
  writer.integer(command.session.lowestUnanswered);
  writer.raw(command.body);
  return writer.finish();
}

/** Throws `FormatError` on anything but exactly one command of a known version. */
export function decodeCommand(data: Uint8Array): Command {
  const reader = new ByteReader(data);
  reader.expect(COMMAND_VERSION, 'command version');
  const type = reader.u8();
  if (type === REGISTER_SESSION) {
    const nonce = reader.integer();
    reader.end();
    return { type: 'register-session', nonce };
  }
  if (type === CHECK_STATE) {
    const stampMs = reader.integer();
    reader.end();
    return { type: 'check-state', stampMs };
  }
  if (type !== EXECUTE) throw reader.error(`unknown command type ${type}`);
  const stampMs = reader.integer();
  const seed = reader.raw(SEED_BYTES);
  const sessionId = reader.integer() as SessionId;
  const sequence = reader.integer();
  const lowestUnanswered = reader.integer();
  const body = reader.rest();
  return {
    type: 'execute',
    stampMs,
    seed,
    session: { sessionId, sequence, lowestUnanswered },
    body,
  };
}

/** The stamp of an encoded command, or 0 where it has none; cheap, for entries by the thousand. */
export function stampOf(data: Uint8Array): number {
  const reader = new ByteReader(data);
  reader.expect(COMMAND_VERSION, 'command version');
  return reader.u8() === REGISTER_SESSION ? 0 : reader.integer();
}
