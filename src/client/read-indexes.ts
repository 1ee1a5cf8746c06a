/**
 * The index that a read has to wait for, asked of the node worker once for all reads that begin in the
 * same turn: what confirms the leader after the last of them began does so for all of them. So the
 * question is put when the turn has ended, and whoever comes after that asks anew.
 */

import type { LogIndex } from '../raft/types.ts';

export type AskedLevel = 'weak' | 'linearizable' | 'strong';

export type AskReadIndex = (level: AskedLevel, timeoutMs: number) => Promise<LogIndex>;

export class ReadIndexes {
  readonly #ask: AskReadIndex;
  /** To be put when the present turn has ended, by level and time. */
  readonly #questions = new Map<string, Promise<LogIndex>>();

  constructor(ask: AskReadIndex) {
    this.#ask = ask;
  }

  /** Rejects with `RpcFailure`. */
  at(level: AskedLevel, timeoutMs: number): Promise<LogIndex> {
    const key = `${level} ${timeoutMs}`;
    const present = this.#questions.get(key);
    if (present !== undefined) return present;
    const question = this.#put(key, level, timeoutMs);
    this.#questions.set(key, question);
    return question;
  }

  async #put(key: string, level: AskedLevel, timeoutMs: number): Promise<LogIndex> {
    await undefined;
    this.#questions.delete(key);
    return this.#ask(level, timeoutMs);
  }
}
