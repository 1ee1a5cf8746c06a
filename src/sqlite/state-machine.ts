/**
 * The StateMachine port of the runtime, once over a worker that holds the database and once over a
 * database on the same thread.
 */

import type { ApplyOutcome, StateMachine } from '../node/ports.ts';
import type { Entry } from '../raft/types.ts';
import { decodeApplyOutcome, encodeEntries } from './apply-codec.ts';

/** What applies entries elsewhere, in encoded form; a rejection means that it is gone. */
export interface EncodedApplier {
  apply(entries: Uint8Array): Promise<Uint8Array>;
}

/** What applies entries here. */
export interface EntryApplier {
  apply(entries: readonly Entry[]): ApplyOutcome;
}

export class WorkerStateMachine implements StateMachine {
  readonly #applier: EncodedApplier;

  constructor(applier: EncodedApplier) {
    this.#applier = applier;
  }

  apply(entries: readonly Entry[], done: (outcome: ApplyOutcome) => void): void {
    void this.#apply(entries, done);
  }

  async #apply(entries: readonly Entry[], done: (outcome: ApplyOutcome) => void): Promise<void> {
    done(await this.#outcome(entries));
  }

  async #outcome(entries: readonly Entry[]): Promise<ApplyOutcome> {
    try {
      return decodeApplyOutcome(await this.#applier.apply(encodeEntries(entries)));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { type: 'failed', reason: `the SQL worker failed: ${reason}` };
    }
  }
}

export class LocalStateMachine implements StateMachine {
  readonly #applier: EntryApplier;
  readonly #defer: (callback: () => void) => void;

  /** `defer` calls back later, never at once. */
  constructor(applier: EntryApplier, defer: (callback: () => void) => void) {
    this.#applier = applier;
    this.#defer = defer;
  }

  apply(entries: readonly Entry[], done: (outcome: ApplyOutcome) => void): void {
    const outcome = this.#applier.apply(entries);
    this.#defer(() => done(outcome));
  }
}
