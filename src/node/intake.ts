/**
 * The leader's door for sessions' requests: in one term it lets each sequence number of a session
 * into the log once and in order, so that resends cost nothing and gaps never reach the log.
 *
 * A leader is append-only in its term (paper section 5.3), so what it let in is in its log and needs
 * no copy, unless the sender says that it skipped entries by a snapshot: it takes its answers from what
 * it applies, and will see no answer to what it skipped. The first number it lets in for a session is the lowest that the sender has no answer to:
 * everything below it was applied where the sender runs, hence committed.
 *
 * This is an economy, not the guarantee: the session table decides at apply.
 */

import type { Term } from '../raft/types.ts';
import type { SessionId, SessionRequest } from './command.ts';
import { MAX_SESSIONS } from './limits.ts';

/** 'copy': it was let in before, and is to go into the log again. */
export type IntakeVerdict = 'new' | 'copy' | 'duplicate' | 'gap';

export class Intake {
  #term: Term | null = null;
  readonly #lastBySession = new Map<SessionId, number>();

  judge(term: Term, session: SessionRequest, isCopyWanted: boolean): IntakeVerdict {
    if (term !== this.#term) {
      this.#term = term;
      this.#lastBySession.clear();
    }
    // A copy that was long on its way may have been let in as the first; the sender has moved on.
    const admitted = this.#lastBySession.get(session.sessionId) ?? 0;
    const last = Math.max(admitted, session.lowestUnanswered - 1);
    if (session.sequence <= last) {
      const isUnanswered = session.sequence >= session.lowestUnanswered;
      return isCopyWanted && isUnanswered ? 'copy' : 'duplicate';
    }
    return session.sequence === last + 1 ? 'new' : 'gap';
  }

  /** The request was appended. */
  admit(session: SessionRequest): void {
    this.#lastBySession.delete(session.sessionId);
    this.#lastBySession.set(session.sessionId, session.sequence);
    if (this.#lastBySession.size <= 2 * MAX_SESSIONS) return;
    for (const oldest of this.#lastBySession.keys()) {
      this.#lastBySession.delete(oldest);
      break;
    }
  }
}
