/**
 * The log that machines are compared on: the stream's requests as a cluster's leader puts them into
 * entries, with several sessions, retries, registrations that evict others, state checks and entries
 * that are nobody's. Stamps go forward, every entry has a seed of its own.
 */

import { encodeCommand, SEED_BYTES, type Command, type Execute } from '../../node/command.ts';
import type { StateRequest } from '../../node/sql.ts';
import type { Entry, LogIndex, Term } from '../../raft/types.ts';
import { encodeRequest } from '../../sqlite/request-codec.ts';
import type { Random } from '../random.ts';
import { StatementStream, type StreamOptions } from './statement-stream.ts';

interface Session {
  readonly id: LogIndex;
  sequence: number;
  lastIndex: LogIndex;
  /** The last request, as it may be sent again. */
  last: Execute | null;
}

/** How many sessions machines keep: few, so that some are evicted. */
export const MAX_SESSIONS = 6;

const TERM = 1 as Term;
const VACUUM = { mode: 'vacuum' } as const;
/** One of so many requests. */
const VACUUM_INTERVAL = 60;
const FIRST_STAMP_MS = Date.UTC(2031, 1, 3, 4, 5, 6, 789);
const STEP_MAX_MS = 40_000;

export class DifferentialLog {
  /** Statements in all entries so far. */
  statements = 0;
  readonly #random: Random;
  readonly #stream: StatementStream;
  #sessions: Session[] = [];
  #evicted: Session | null = null;
  #index = 0;
  #stampMs = FIRST_STAMP_MS;

  constructor(random: Random, options: StreamOptions) {
    this.#random = random.stream('log');
    this.#stream = new StatementStream(random.stream('statements'), options);
  }

  get lastIndex(): LogIndex {
    return this.#index as LogIndex;
  }

  next(): Entry {
    this.#index += 1;
    const index = this.lastIndex;
    const draw = this.#random.below(100);
    const { length } = this.#sessions;
    if (length === 0 || draw < 1) return entryOf(index, this.#register(index));
    if (draw < 3) return { type: 'noop', index, term: TERM };
    this.#stampMs += this.#random.below(STEP_MAX_MS);
    if (draw < 6) return entryOf(index, { type: 'check-state', stampMs: this.#stampMs });
    if (draw < 7 && this.#evicted !== null) return entryOf(index, this.#again(this.#evicted));
    const session = this.#random.pick(this.#sessions);
    if (draw < 8 && this.#sessions.length === MAX_SESSIONS) return this.#close(index, session);
    session.lastIndex = index;
    if (draw < 9) return entryOf(index, this.#again(session));
    const vacuums = session.last !== null && this.#random.below(VACUUM_INTERVAL) === 0;
    const request = vacuums ? VACUUM : this.#stream.next();
    return entryOf(index, this.#execute(session, request));
  }

  /** Machines forget the session that has been idle longest. */
  #register(index: LogIndex): Command {
    this.#sessions.push({ id: index, sequence: 0, lastIndex: index, last: null });
    if (this.#sessions.length > MAX_SESSIONS) {
      const idlest = this.#sessions.toSorted((a, b) => a.lastIndex - b.lastIndex)[0] ?? null;
      this.#sessions = this.#sessions.filter((session) => session !== idlest);
      this.#evicted = idlest;
    }
    return { type: 'register-session', nonce: index * 3, durable: false };
  }

  #close(index: LogIndex, closed: Session): Entry {
    this.#sessions = this.#sessions.filter((session) => session !== closed);
    this.#evicted = closed;
    return entryOf(index, { type: 'close-session', sessionId: closed.id });
  }

  /** What was sent before, or, where nothing was, a request that is ahead of its turn. */
  #again({ id, last }: Session): Command {
    if (last !== null) return last;
    const session = { sessionId: id, sequence: 2, lowestUnanswered: 1 };
    const seed = this.#random.bytes(SEED_BYTES);
    return { type: 'execute', stampMs: this.#stampMs, seed, session, body: new Uint8Array(0) };
  }

  #execute(session: Session, request: StateRequest): Command {
    session.sequence += 1;
    const { id, sequence } = session;
    this.statements += 'statements' in request ? request.statements.length : 1;
    session.last = {
      type: 'execute',
      stampMs: this.#stampMs,
      seed: this.#random.bytes(SEED_BYTES),
      session: { sessionId: id, sequence, lowestUnanswered: sequence },
      body: encodeRequest(request),
    };
    return session.last;
  }
}

function entryOf(index: LogIndex, command: Command): Entry {
  return { type: 'command', index, term: TERM, data: encodeCommand(command) };
}
