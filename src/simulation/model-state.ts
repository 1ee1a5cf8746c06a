/**
 * The whole replicated state of a simulated database: the model, the session table and the applied
 * index, which change together. It applies entries, and is encoded to bytes and made from them again:
 * what a snapshot or a database file holds is this and nothing else.
 */

import { ByteReader, ByteWriter } from '../node/bytes.ts';
import {
  decodeCommand,
  type Command,
  type CommandOutcome,
  type SessionId,
} from '../node/command.ts';
import { SessionTable } from '../node/sessions.ts';
import type { CommandEntry, Entry, LogIndex } from '../raft/types.ts';
import { Digest, digestText } from './digest.ts';
import { decodeWrite, Model, type ModelWrite } from './model.ts';

const FORMAT_VERSION = 1;

/** One entry as it was applied, for the checkers. */
export interface AppliedEntry {
  readonly entry: Entry;
  /** Null for entries that are no commands. */
  readonly command: Command | null;
  readonly outcome: CommandOutcome | null;
  /** The write that took effect now, not in an earlier copy; null where none did. */
  readonly write: ModelWrite | null;
  /** Of the state behind it; null where nobody can tell, within a transaction. */
  readonly digest: number | null;
}

interface Decoded {
  readonly command: Command;
  readonly write: ModelWrite | null;
}

/** Entries are shared by all servers of a run, and frozen: each is decoded once. */
const decodedByEntry = new WeakMap<Entry, Decoded>();

function decoded(entry: CommandEntry): Decoded {
  const known = decodedByEntry.get(entry);
  if (known !== undefined) return known;
  const command = decodeCommand(entry.data);
  const hasBody = command.type === 'execute' && command.body.length > 0;
  const made = { command, write: hasBody ? decodeWrite(command.body) : null };
  decodedByEntry.set(entry, made);
  return made;
}

const NO_RESPONSE = new Uint8Array(0);

export class ModelState {
  readonly model: Model;
  readonly #sessions: SessionTable;
  #appliedIndex: number;

  private constructor(model: Model, sessions: SessionTable, appliedIndex: number) {
    this.model = model;
    this.#sessions = sessions;
    this.#appliedIndex = appliedIndex;
  }

  static empty(maxSessions: number): ModelState {
    return new ModelState(new Model(), new SessionTable(maxSessions), 0);
  }

  get appliedIndex(): LogIndex {
    return this.#appliedIndex as LogIndex;
  }

  /** Throws where `entry` is not the next one. */
  apply(entry: Entry): AppliedEntry {
    if (entry.index !== this.#appliedIndex + 1) {
      throw new Error(`applied ${entry.index} behind ${this.#appliedIndex} (SM1)`);
    }
    this.#appliedIndex = entry.index;
    if (entry.type !== 'command') return this.#applied(entry, null, null, null);
    const { command, write } = decoded(entry);
    if (command.type === 'register-session') {
      const sessionId = this.#sessions.register(entry.index);
      const { nonce } = command;
      return this.#applied(entry, command, { type: 'registered', sessionId, nonce }, null);
    }
    if (command.type === 'check-state') {
      return this.#applied(entry, command, { type: 'checked', hash: this.hash() }, null);
    }
    const { session } = command;
    const known = this.#sessions.admit(session, entry.index);
    if (known !== null) return this.#applied(entry, command, known, null);
    const response = write === null ? NO_RESPONSE : this.model.write(write);
    const outcome = this.#sessions.finish(session, response);
    return this.#applied(entry, command, outcome, write);
  }

  /** One transaction has ended. */
  commit(): void {
    this.#sessions.takeChanged();
  }

  /** Of everything: what a state check compares. */
  hash(): string {
    return hashOf(this.encode());
  }

  encode(): Uint8Array {
    const writer = new ByteWriter(1_024);
    writer.u8(FORMAT_VERSION);
    writer.integer(this.#appliedIndex);
    this.model.encode(writer);
    const ids = [...this.#sessions.ids()].toSorted((a, b) => a - b);
    writer.u32(ids.length);
    for (const id of ids) this.#encodeSession(writer, id);
    return writer.finish();
  }

  static decode(bytes: Uint8Array, maxSessions: number): ModelState {
    const reader = new ByteReader(bytes);
    reader.expect(FORMAT_VERSION, 'version of a model state');
    const appliedIndex = reader.integer();
    const model = Model.decode(reader);
    const sessions = new SessionTable(maxSessions);
    for (let count = reader.count(28); count > 0; count -= 1) {
      const id = reader.integer() as SessionId;
      const lastSequence = reader.integer();
      const lastIndex = reader.integer() as LogIndex;
      const responses = new Map<number, Uint8Array>();
      for (let left = reader.count(12); left > 0; left -= 1) {
        responses.set(reader.integer(), reader.bytes());
      }
      sessions.restore(id, { lastSequence, lastIndex, responses });
    }
    reader.end();
    return new ModelState(model, sessions, appliedIndex);
  }

  #encodeSession(writer: ByteWriter, id: SessionId): void {
    const session = this.#sessions.get(id);
    if (session === undefined) throw new Error(`no session ${id}`);
    writer.integer(id);
    writer.integer(session.lastSequence);
    writer.integer(session.lastIndex);
    writer.u32(session.responses.size);
    for (const [sequence, response] of session.responses) {
      writer.integer(sequence);
      writer.bytes(response);
    }
  }

  #applied(
    entry: Entry,
    command: Command | null,
    outcome: CommandOutcome | null,
    write: ModelWrite | null,
  ): AppliedEntry {
    return { entry, command, outcome, write, digest: this.model.digest };
  }
}

/** The hash of a state's bytes, as the StateMachine port tells it. */
export function hashOf(bytes: Uint8Array): string {
  return digestText(new Digest(2).bytes(bytes).value());
}
