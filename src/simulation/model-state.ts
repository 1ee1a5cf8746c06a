/**
 * The whole replicated state of a simulated database: the model, the session table and the applied
 * index, which change together. It applies entries, and is encoded to bytes and made from them again:
 * what a snapshot or a database file holds is this and nothing else.
 */

import type { AdoptedBuild } from '../node/build.ts';
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
/** Each hashes everything; those of a real database hash a slice. */
const CHECKS_OF_ROUND = 3;

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
  /** Entries that were not applied when they came. */
  readonly #skipped = new Set<number>();
  #adopted = '';
  #checksLeft = 0;
  /** Those that are not to be applied when they come; not part of the state. */
  readonly toSkip = new Set<number>();

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

  get adopted(): AdoptedBuild {
    return { build: this.#adopted, goesOn: this.#checksLeft > 0 };
  }

  /** Throws where `entry` is not the next one. */
  apply(entry: Entry): AppliedEntry {
    if (entry.index !== this.#appliedIndex + 1) {
      throw new Error(`applied ${entry.index} behind ${this.#appliedIndex} (SM1)`);
    }
    this.#appliedIndex = entry.index;
    if (entry.type !== 'command') return this.#applied(entry, null, null, null);
    const { command, write } = decoded(entry);
    const isSkipped = this.toSkip.has(entry.index);
    if (isSkipped) this.#skipped.add(entry.index);
    if (isSkipped && command.type !== 'execute') {
      return this.#applied(entry, command, { type: 'nothing' }, null);
    }
    if (command.type === 'register-session') {
      return this.#applied(entry, command, this.#sessions.register(entry.index, command), null);
    }
    if (command.type === 'close-session') {
      return this.#applied(entry, command, this.#sessions.close(command), null);
    }
    if (command.type === 'check-state') {
      this.#checksLeft = Math.max(0, this.#checksLeft - 1);
      const goesOn = this.#checksLeft > 0;
      return this.#applied(entry, command, { type: 'checked', hash: this.hash(), goesOn }, null);
    }
    if (command.type === 'adopt-build') {
      this.#adopted = command.build;
      this.#checksLeft = CHECKS_OF_ROUND;
      const { build } = command;
      return this.#applied(entry, command, { type: 'build-adopted', build }, null);
    }
    if (command.type === 'skip') {
      const { index } = command;
      const agrees = this.#skipped.has(index);
      return this.#applied(entry, command, { type: 'skip-seen', index, agrees }, null);
    }
    const { session } = command;
    const known = this.#sessions.admit(session, entry.index);
    if (known !== null) return this.#applied(entry, command, known, null);
    if (isSkipped) {
      return this.#applied(entry, command, this.#sessions.finish(session, NO_RESPONSE), null);
    }
    const response = write === null ? NO_RESPONSE : this.model.write(write);
    const outcome = this.#sessions.finish(session, response);
    return this.#applied(entry, command, outcome, write);
  }

  /** What an entry that was applied before answers; changes nothing. */
  recall(entry: Entry): CommandOutcome | null {
    if (entry.type !== 'command') return null;
    const { command } = decoded(entry);
    if (this.#skipped.has(entry.index) && command.type !== 'execute') return { type: 'nothing' };
    switch (command.type) {
      case 'register-session':
        return this.#sessions.recallRegistration(entry.index, command);
      case 'close-session':
        return { type: 'session-closed', sessionId: command.sessionId };
      case 'check-state':
        return { type: 'checked', hash: '', goesOn: this.adopted.goesOn };
      case 'adopt-build':
        return { type: 'build-adopted', build: command.build };
      case 'skip': {
        const { index } = command;
        return { type: 'skip-seen', index, agrees: this.#skipped.has(index) };
      }
      case 'execute':
        return this.#sessions.recall(command.session);
    }
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
    writer.u32(this.#skipped.size);
    for (const index of this.#skipped) writer.integer(index);
    if (this.#adopted !== '') {
      writer.name(this.#adopted);
      writer.u8(this.#checksLeft);
    }
    return writer.finish();
  }

  static decode(bytes: Uint8Array, maxSessions: number): ModelState {
    const reader = new ByteReader(bytes);
    reader.expect(FORMAT_VERSION, 'version of a model state');
    const appliedIndex = reader.integer();
    const model = Model.decode(reader);
    const sessions = new SessionTable(maxSessions);
    for (let count = reader.count(29); count > 0; count -= 1) {
      const id = reader.integer() as SessionId;
      const lastSequence = reader.integer();
      const lastIndex = reader.integer() as LogIndex;
      const durableNonce = reader.boolean() ? reader.integer() : null;
      const responses = new Map<number, Uint8Array>();
      for (let left = reader.count(12); left > 0; left -= 1) {
        responses.set(reader.integer(), reader.bytes());
      }
      sessions.restore(id, { lastSequence, lastIndex, durableNonce, responses });
    }
    const state = new ModelState(model, sessions, appliedIndex);
    for (let left = reader.count(8); left > 0; left -= 1) state.#skipped.add(reader.integer());
    if (reader.remaining > 0) {
      state.#adopted = reader.name();
      state.#checksLeft = reader.u8();
    }
    reader.end();
    return state;
  }

  #encodeSession(writer: ByteWriter, id: SessionId): void {
    const session = this.#sessions.get(id);
    if (session === undefined) throw new Error(`no session ${id}`);
    writer.integer(id);
    writer.integer(session.lastSequence);
    writer.integer(session.lastIndex);
    writer.boolean(session.durableNonce !== null);
    if (session.durableNonce !== null) writer.integer(session.durableNonce);
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
