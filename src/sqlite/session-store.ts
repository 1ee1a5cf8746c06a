/**
 * Keeps the session table in the database: read when it is opened, and what changed is written in
 * the transaction of the entries that changed it. The column `durable` is 0, or a durable session's
 * nonce and 1.
 */

import type { LogIndex } from '../raft/types.ts';
import type { SessionId } from '../node/command.ts';
import { SessionTable, type Session } from '../node/sessions.ts';
import { RESPONSES, SESSIONS, type SqlDatabase } from './database.ts';

const READ_SESSIONS = `SELECT id, last_sequence, last_index, durable FROM ${SESSIONS}`;
const READ_RESPONSES = `SELECT session, sequence, response FROM ${RESPONSES}
  ORDER BY session, sequence`;
const WRITE_SESSION = `INSERT INTO ${SESSIONS} VALUES(?, ?, ?, ?) ON CONFLICT(id) DO UPDATE SET
  last_sequence = excluded.last_sequence, last_index = excluded.last_index`;
const WRITE_RESPONSE = `INSERT INTO ${RESPONSES} VALUES(?, ?, ?)`;
const REMOVE_OLD = `DELETE FROM ${RESPONSES} WHERE session = ? AND sequence <= ?`;
const REMOVE_SESSION = `DELETE FROM ${SESSIONS} WHERE id = ?`;
const REMOVE_RESPONSES = `DELETE FROM ${RESPONSES} WHERE session = ?`;

export class SessionStore {
  readonly table: SessionTable;
  readonly #database: SqlDatabase;
  /** The responses in the database, by session. */
  readonly #stored = new Map<SessionId, Set<number>>();

  /** Reads the table. */
  constructor(database: SqlDatabase) {
    const { maxSessions } = database.options;
    this.#database = database;
    this.table = new SessionTable(maxSessions);
    const responses = this.#readResponses();
    for (const [id, lastSequence, lastIndex, durable] of database.rows(READ_SESSIONS)) {
      const sessionId = Number(id) as SessionId;
      const kept = responses.get(sessionId) ?? new Map<number, Uint8Array>();
      this.table.restore(sessionId, {
        lastSequence: Number(lastSequence),
        lastIndex: Number(lastIndex) as LogIndex,
        durableNonce: durable === 0 ? null : Number(durable) - 1,
        responses: kept,
      });
      this.#stored.set(sessionId, new Set(kept.keys()));
    }
  }

  /** Writes what changed since the last call; within a transaction. */
  save(): void {
    for (const sessionId of this.table.takeChanged()) {
      const session = this.table.get(sessionId);
      if (session === undefined) this.#remove(sessionId);
      else this.#write(sessionId, session);
    }
  }

  #write(sessionId: SessionId, session: Session): void {
    const { lastSequence, lastIndex, durableNonce, responses } = session;
    this.#database.execute(
      WRITE_SESSION,
      sessionId,
      lastSequence,
      lastIndex,
      durableNonce === null ? 0 : durableNonce + 1,
    );
    const stored = this.#stored.get(sessionId) ?? new Set<number>();
    this.#stored.set(sessionId, stored);
    this.#removeOld(sessionId, stored, responses);
    for (const [sequence, response] of responses) {
      if (stored.has(sequence)) continue;
      this.#database.execute(WRITE_RESPONSE, sessionId, sequence, response);
      stored.add(sequence);
    }
  }

  /** Answers are given up from the oldest on, so that one statement removes all that were. */
  #removeOld(
    sessionId: SessionId,
    stored: Set<number>,
    responses: ReadonlyMap<number, Uint8Array>,
  ): void {
    let last = 0;
    for (const sequence of stored) {
      if (responses.has(sequence)) continue;
      last = Math.max(last, sequence);
      stored.delete(sequence);
    }
    if (last === 0) return;
    this.#database.execute(REMOVE_OLD, sessionId, last);
  }

  #remove(sessionId: SessionId): void {
    this.#database.execute(REMOVE_SESSION, sessionId);
    this.#database.execute(REMOVE_RESPONSES, sessionId);
    this.#stored.delete(sessionId);
  }

  #readResponses(): Map<SessionId, Map<number, Uint8Array>> {
    const bySession = new Map<SessionId, Map<number, Uint8Array>>();
    for (const [id, sequence, response] of this.#database.rows(READ_RESPONSES)) {
      const sessionId = Number(id) as SessionId;
      const kept = bySession.get(sessionId) ?? new Map<number, Uint8Array>();
      bySession.set(sessionId, kept);
      kept.set(Number(sequence), response instanceof Uint8Array ? response : new Uint8Array(0));
    }
    return bySession;
  }
}
