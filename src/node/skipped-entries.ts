/**
 * The entries that committed `skip` commands name: looked for ahead of what is applied, so that the
 * state machine knows of them before it meets them. What is committed is read once.
 */

import type { Raft } from '../raft/raft.ts';
import type { LogIndex } from '../raft/types.ts';
import { skippedBy } from './command.ts';
import type { StateMachine } from './ports.ts';

export class SkippedEntries {
  readonly #raft: Pick<Raft, 'appliedIndex' | 'commitIndex' | 'entryAt'>;
  readonly #stateMachine: Pick<StateMachine, 'skip'>;
  readonly #indexes = new Set<LogIndex>();
  readonly #told = new Set<LogIndex>();
  #readTo: number;

  constructor(
    raft: Pick<Raft, 'appliedIndex' | 'commitIndex' | 'entryAt'>,
    stateMachine: Pick<StateMachine, 'skip'>,
  ) {
    this.#raft = raft;
    this.#stateMachine = stateMachine;
    this.#readTo = raft.appliedIndex;
  }

  has(index: LogIndex): boolean {
    this.#read();
    return this.#indexes.has(index);
  }

  /** The state machine learns of those that are yet to come. */
  tell(): void {
    this.#read();
    for (const index of this.#indexes) {
      if (index <= this.#raft.appliedIndex || this.#told.has(index)) continue;
      this.#told.add(index);
      this.#stateMachine.skip(index);
    }
  }

  /** The state machine knows of none any more. */
  forget(): void {
    this.#told.clear();
  }

  #read(): void {
    const { commitIndex } = this.#raft;
    for (let at = this.#readTo + 1; at <= commitIndex; at += 1) {
      const entry = this.#raft.entryAt(at as LogIndex);
      const index = entry?.type === 'command' ? skippedBy(entry.data) : null;
      if (index !== null && index < at) this.#indexes.add(index);
    }
    this.#readTo = Math.max(this.#readTo, commitIndex);
  }
}
