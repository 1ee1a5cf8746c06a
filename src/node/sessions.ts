/**
 * The session table: what makes a request take effect exactly once however often it is in the log
 * (thesis section 6.3). Pure bookkeeping; whoever applies entries keeps it beside the data.
 *
 * A session is a FIFO, named by the index of the entry that registered it. The number after its
 * last one runs; one up to the last answers what it answered then, while that is kept; one beyond
 * has no effect. A request tells the lowest number its sender still waits for: answers below it are
 * dropped. Of more sessions than the table holds, the one idle for the most entries goes. Durable ones
 * are counted apart: they end when they are closed, and only where a profile was lost with writes under
 * way does one stay until it is the idlest of too many. A durable one is registered once, however often
 * its registration is in the log: whoever crashed before it had kept the session's id asks for it again
 * by the same nonce, and leaves no session behind.
 */

import type { LogIndex } from '../raft/types.ts';
import type {
  CloseSession,
  CommandOutcome,
  RegisterSession,
  SessionId,
  SessionRequest,
} from './command.ts';
import { MAX_DURABLE_SESSIONS, MAX_PENDING_REQUESTS, MAX_SESSIONS } from './limits.ts';

export interface Session {
  /** The last sequence number that ran; 0 where none did. */
  readonly lastSequence: number;
  /** The last entry that named the session. */
  readonly lastIndex: LogIndex;
  /** The nonce of a durable one, which outlives whoever registered it; null: it is not durable. */
  readonly durableNonce: number | null;
  /** By sequence number, ascending. */
  readonly responses: ReadonlyMap<number, Uint8Array>;
}

interface MutableSession extends Session {
  lastSequence: number;
  lastIndex: LogIndex;
  readonly responses: Map<number, Uint8Array>;
}

export class SessionTable {
  readonly #maxSessions: number;
  readonly #sessions = new Map<SessionId, MutableSession>();
  readonly #changed = new Set<SessionId>();

  constructor(maxSessions = MAX_SESSIONS) {
    this.#maxSessions = maxSessions;
  }

  /** Puts back what was stored; it does not count as a change. */
  restore(sessionId: SessionId, session: Session): void {
    this.#sessions.set(sessionId, { ...session, responses: new Map(session.responses) });
  }

  get(sessionId: SessionId): Session | undefined {
    return this.#sessions.get(sessionId);
  }

  ids(): IterableIterator<SessionId> {
    return this.#sessions.keys();
  }

  /** The entry at `index` registers a session. */
  register(index: LogIndex, { nonce, durable }: RegisterSession): CommandOutcome {
    const known = durable ? this.#durableOf(nonce) : null;
    if (known !== null) return { type: 'registered', sessionId: known, nonce };
    const durableNonce = durable ? nonce : null;
    const session = { lastSequence: 0, lastIndex: index, durableNonce, responses: new Map() };
    this.#sessions.set(index, session);
    this.#changed.add(index);
    const bound = durable ? MAX_DURABLE_SESSIONS : this.#maxSessions;
    if (this.#count(durable) > bound) this.#evict(durable);
    return { type: 'registered', sessionId: index, nonce };
  }

  /** What the registration at `index`, applied before, answers; changes nothing. */
  recallRegistration(index: LogIndex, { nonce, durable }: RegisterSession): CommandOutcome {
    const sessionId = durable ? this.#durableOf(nonce) : index;
    if (sessionId === null) return { type: 'session-refused', nonce };
    return { type: 'registered', sessionId, nonce };
  }

  close({ sessionId }: CloseSession): CommandOutcome {
    if (this.#sessions.delete(sessionId)) this.#changed.add(sessionId);
    return { type: 'session-closed', sessionId };
  }

  /** The request in the entry at `index`: its outcome, or null where it is to run now. */
  admit(request: SessionRequest, index: LogIndex): CommandOutcome | null {
    const session = this.#sessions.get(request.sessionId);
    if (session === undefined) return this.recall(request);
    session.lastIndex = index;
    this.#changed.add(request.sessionId);
    if (request.sequence > session.lastSequence + 1) return this.recall(request);
    for (const sequence of session.responses.keys()) {
      if (sequence >= request.lowestUnanswered) break;
      session.responses.delete(sequence);
    }
    return request.sequence <= session.lastSequence ? this.recall(request) : null;
  }

  /** The request that `admit` let run has run. */
  finish(request: SessionRequest, response: Uint8Array): CommandOutcome {
    const { sessionId, sequence } = request;
    const session = this.#sessions.get(sessionId);
    if (session === undefined || sequence !== session.lastSequence + 1) {
      throw new Error(`request ${sequence} of session ${sessionId} was not admitted`);
    }
    session.lastSequence = sequence;
    session.responses.set(sequence, response);
    // A node never waits for more than this many, so nobody asks for older ones.
    session.responses.delete(sequence - MAX_PENDING_REQUESTS);
    this.#changed.add(sessionId);
    return { type: 'executed', sessionId, sequence, response };
  }

  /** What a request that does not run answers; changes nothing. */
  recall(request: SessionRequest): CommandOutcome {
    const { sessionId, sequence } = request;
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return { type: 'unknown-session', sessionId, sequence };
    if (sequence > session.lastSequence) return { type: 'out-of-order', sessionId, sequence };
    const response = session.responses.get(sequence);
    if (response === undefined) return { type: 'forgotten', sessionId, sequence };
    return { type: 'executed', sessionId, sequence, response };
  }

  /** The sessions registered, changed or evicted since the last call. */
  takeChanged(): SessionId[] {
    const changed = [...this.#changed];
    this.#changed.clear();
    return changed;
  }

  #durableOf(nonce: number): SessionId | null {
    for (const [sessionId, session] of this.#sessions) {
      if (session.durableNonce === nonce) return sessionId;
    }
    return null;
  }

  #count(durable: boolean): number {
    let count = 0;
    for (const { durableNonce } of this.#sessions.values()) {
      if ((durableNonce !== null) === durable) count += 1;
    }
    return count;
  }

  #evict(durable: boolean): void {
    let idleId: SessionId | null = null;
    let idleIndex = Infinity;
    for (const [sessionId, session] of this.#sessions) {
      if ((session.durableNonce !== null) !== durable) continue;
      if (session.lastIndex >= idleIndex) continue;
      idleId = sessionId;
      idleIndex = session.lastIndex;
    }
    if (idleId === null) return;
    this.#sessions.delete(idleId);
    this.#changed.add(idleId);
  }
}
