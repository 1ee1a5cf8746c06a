/**
 * How much of its election timeout each server has waited. A core tells only how long is left by its own
 * clock; when it began is what is remembered here.
 */

import { MILLION } from '../simulation/random.ts';
import type { Server } from '../simulation/server.ts';

interface Timer {
  /** As the core told it; it tells another number as soon as it has looked at its clock again. */
  dueMs: number;
  beganUs: number;
  endsUs: number;
}

/** What clocks that are read in whole milliseconds may differ by. */
const SAME_US = 2_000;

export class ElectionTimers {
  readonly #timerByServer = new Map<Server, Timer>();

  /** To be called after everything that a server did. */
  observe(server: Server, nowUs: number): void {
    const dueMs = server.running?.node.raft.electionDueMs ?? Infinity;
    if (!Number.isFinite(dueMs)) {
      this.#timerByServer.delete(server);
      return;
    }
    const timer = this.#timerByServer.get(server);
    if (timer?.dueMs === dueMs) return;
    const { driftPpm } = server.clock;
    const endsUs = nowUs + Math.round((dueMs * 1_000 * MILLION) / (MILLION + driftPpm));
    if (timer !== undefined && Math.abs(timer.endsUs - endsUs) <= SAME_US) timer.dueMs = dueMs;
    else this.#timerByServer.set(server, { dueMs, beganUs: nowUs, endsUs });
  }

  of(server: Server, nowUs: number): { readonly gone: number; readonly timeoutUs: number } | null {
    const timer = this.#timerByServer.get(server);
    if (timer === undefined) return null;
    const timeoutUs = Math.max(timer.endsUs - timer.beganUs, 0);
    const gone = timeoutUs === 0 ? 1 : (nowUs - timer.beganUs) / timeoutUs;
    return { gone: Math.min(Math.max(gone, 0), 1), timeoutUs };
  }
}
