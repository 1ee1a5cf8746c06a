/**
 * Commands: what the runtime puts into log entries of type `command`, and what comes of them.
 *
 * The body of an `execute` is the state machine's own (for SQLite: statements with parameters); the
 * runtime never looks inside. A body of length 0 does nothing but take its place in the session: a
 * strong read waits for one, and one replaces a request whose caller has given up.
 *
 * Format, little-endian: u8 version, u8 type, then
 *   1 register-session: f64 nonce
 *   2 execute: f64 stampMs, 16 bytes seed, f64 session, f64 sequence, f64 lowestUnanswered, body
 *   3 check-state: f64 stampMs
 *   4 register-session of a durable one: f64 nonce
 *   5 close-session: f64 session
 *   6 skip: f64 index
 *   7 adopt-build: f64 stampMs, the build's name: u8 length and ASCII characters
 * Version 1 knows types 1 to 3, version 2 all of them; what version 1 can say is said in it.
 */

import type { LogIndex } from '../raft/types.ts';
import { readBuild, writeBuild, type BuildName } from './build.ts';
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
  /**
   * By this the registering node knows its own entry again; below 2^53 - 1. A durable session is known by
   * it: registered again with the same nonce, it is the same session.
   */
  readonly nonce: number;
  /**
   * It ends with a `close-session` only, however long it is idle: for requests that are kept where
   * they were made until they are answered. There is room for few, and where there is none the
   * registration is refused.
   */
  readonly durable: boolean;
}

/** Ends a session, and forgets its answers; one that there is not is closed already. */
export interface CloseSession {
  readonly type: 'close-session';
  readonly sessionId: SessionId;
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

/**
 * The entry at `index`, before this one, is not applied, since no node can: it takes its number in its
 * session, and answers an error of code 'Skipped'. Nodes look ahead for it.
 */
export interface Skip {
  readonly type: 'skip';
  readonly index: LogIndex;
}

/**
 * From here on SQL means what it means to this build, as far as nodes have it: a leader says so when all
 * voters do. Nodes of an older one apply neither this entry nor what comes behind it. State checks begin
 * anew with the first slice, and follow each other until all of the state has had its turn.
 */
export interface AdoptBuild {
  readonly type: 'adopt-build';
  readonly stampMs: number;
  readonly build: BuildName;
}

export type Command = RegisterSession | CloseSession | Execute | CheckState | Skip | AdoptBuild;

/** What became of one command when it was applied; the same on every node. */
export type CommandOutcome =
  | { readonly type: 'registered'; readonly sessionId: SessionId; readonly nonce: number }
  /** The durable session that was registered there has ended since. */
  | { readonly type: 'session-refused'; readonly nonce: number }
  | { readonly type: 'session-closed'; readonly sessionId: SessionId }
  /** `agrees`: the entry was skipped here; else this state is not that of the others. */
  | { readonly type: 'skip-seen'; readonly index: LogIndex; readonly agrees: boolean }
  /** The entry was skipped, and made no sense here. */
  | { readonly type: 'nothing' }
  /**
   * What the slice hashed to; the one outcome that may differ, and then shows a fault. `goesOn`: the
   * round of checks that an adopted build asks for has not come to its end.
   */
  | { readonly type: 'checked'; readonly hash: string; readonly goesOn: boolean }
  | { readonly type: 'build-adopted'; readonly build: BuildName }
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

const FIRST_VERSION = 1;
const VERSION = 2;
const REGISTER_SESSION = 1;
const EXECUTE = 2;
const CHECK_STATE = 3;
const REGISTER_DURABLE_SESSION = 4;
const CLOSE_SESSION = 5;
const SKIP = 6;
const ADOPT_BUILD = 7;
export const SEED_BYTES = 16;
/** What an `execute` takes besides its body. */
export const EXECUTE_OVERHEAD_BYTES = 2 + SEED_BYTES + 4 * 8;

export function encodeCommand(command: Command): Uint8Array {
  const writer = new ByteWriter(command.type === 'execute' ? 64 + command.body.length : 16);
  const type = typeOf(command);
  writer.u8(type > CHECK_STATE ? VERSION : FIRST_VERSION);
  writer.u8(type);
  switch (command.type) {
    case 'register-session':
      writer.integer(command.nonce);
      break;
    case 'close-session':
      writer.integer(command.sessionId);
      break;
    case 'skip':
      writer.integer(command.index);
      break;
    case 'check-state':
      writer.integer(command.stampMs);
      break;
    case 'adopt-build':
      writer.integer(command.stampMs);
      writeBuild(writer, command.build);
      break;
    case 'execute':
      writer.integer(command.stampMs);
      writer.raw(command.seed);
      writer.integer(command.session.sessionId);
      writer.integer(command.session.sequence);
      writer.integer(command.session.lowestUnanswered);
      writer.raw(command.body);
  }
  return writer.finish();
}

function typeOf(command: Command): number {
  switch (command.type) {
    case 'register-session':
      return command.durable ? REGISTER_DURABLE_SESSION : REGISTER_SESSION;
    case 'close-session':
      return CLOSE_SESSION;
    case 'skip':
      return SKIP;
    case 'adopt-build':
      return ADOPT_BUILD;
    case 'check-state':
      return CHECK_STATE;
    case 'execute':
      return EXECUTE;
  }
}

/** Throws `FormatError` on anything but exactly one command of a known version. */
export function decodeCommand(data: Uint8Array): Command {
  const reader = new ByteReader(data);
  const version = reader.u8();
  const type = reader.u8();
  const isKnown = version === (type > CHECK_STATE ? VERSION : FIRST_VERSION);
  if (!isKnown) throw reader.error(`unknown command ${type} of version ${version}`);
  if (type === EXECUTE) return readExecute(reader);
  const command = readShort(reader, type);
  reader.end();
  return command;
}

function readShort(reader: ByteReader, type: number): Command {
  const number = reader.integer();
  switch (type) {
    case REGISTER_SESSION:
    case REGISTER_DURABLE_SESSION:
      return {
        type: 'register-session',
        nonce: number,
        durable: type === REGISTER_DURABLE_SESSION,
      };
    case CHECK_STATE:
      return { type: 'check-state', stampMs: number };
    case CLOSE_SESSION:
      return { type: 'close-session', sessionId: number as SessionId };
    case SKIP:
      return { type: 'skip', index: number as LogIndex };
    case ADOPT_BUILD:
      return { type: 'adopt-build', stampMs: number, build: readBuild(reader) };
    default:
      throw reader.error(`unknown command type ${type}`);
  }
}

function readExecute(reader: ByteReader): Execute {
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

/**
 * The stamp of an encoded command, or 0 where it has none, as far as this version knows; cheap, for
 * entries by the thousand.
 */
export function stampOf(data: Uint8Array): number {
  const [version, type] = data;
  const isOfFirst = version === FIRST_VERSION && (type === EXECUTE || type === CHECK_STATE);
  if (!isOfFirst && (version !== VERSION || type !== ADOPT_BUILD)) return 0;
  const reader = new ByteReader(data);
  reader.raw(2);
  return reader.integer();
}

/** Which entry an encoded command has skipped; null where it is no `skip`. */
export function skippedBy(data: Uint8Array): LogIndex | null {
  if (data[0] !== VERSION || data[1] !== SKIP) return null;
  const command = decodeCommand(data);
  return command.type === 'skip' ? command.index : null;
}

/** Which build an encoded command adopts; null where it is no `adopt-build`. */
export function buildAdoptedBy(data: Uint8Array): BuildName | null {
  if (data[0] !== VERSION || data[1] !== ADOPT_BUILD) return null;
  const command = decodeCommand(data);
  return command.type === 'adopt-build' ? command.build : null;
}
