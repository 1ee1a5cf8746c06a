/**
 * Exactly once, in session order (thesis section 6.3): a write takes effect at most once, whatever
 * was sent again; every acknowledged one took effect before it was acknowledged; the writes of one
 * client take effect in the order in which it made them. And errors tell the truth: a write that
 * failed with 'no' never takes effect, one with 'yes' has.
 *
 * Effects are seen where an entry is applied for the first time by anybody, so this is a statement
 * about the log; that all servers apply it alike is state machine safety.
 */

import type { Applied } from '../../node/errors.ts';
import type { LogIndex } from '../../raft/types.ts';
import { Violation } from './violation.ts';

interface TrackedWrite {
  /** The start of the server through which it was made: one session, one order. */
  readonly client: number;
  effectIndex: LogIndex | null;
  failed: Applied | null;
}

export class ExactlyOnce {
  readonly #writes = new Map<number, TrackedWrite>();
  readonly #lastEffectByClient = new Map<number, number>();
  readonly #forgetsAnswered: boolean;

  /**
   * `forgetsAnswered`: for long runs; a write whose effect and answer are known is forgotten, and
   * another effect of it would be one of a write that nobody made.
   */
  constructor(forgetsAnswered = false) {
    this.#forgetsAnswered = forgetsAnswered;
  }

  /** Write number `id` is made by `client`; numbers grow in the order of invocation. */
  onInvoked(id: number, client: number): void {
    this.#writes.set(id, { client, effectIndex: null, failed: null });
  }

  /** Write `id` takes effect with the entry at `index`. */
  onEffect(id: number, index: LogIndex): void {
    const write = this.#writes.get(id);
    if (write === undefined) throw violation(`write ${id} at ${index} was never made`);
    if (write.effectIndex !== null) {
      throw violation(`write ${id} took effect at ${write.effectIndex} and at ${index}`);
    }
    if (write.failed === 'no') {
      throw untruthful(`write ${id} failed with 'no' and took effect at ${index}`);
    }
    write.effectIndex = index;
    const before = this.#lastEffectByClient.get(write.client) ?? 0;
    if (id < before) throw violation(`write ${id} took effect behind the later write ${before}`);
    this.#lastEffectByClient.set(write.client, id);
  }

  /** Write `id` was answered, with the entry at `index`. */
  onAcknowledged(id: number, index: LogIndex): void {
    const effectIndex = this.effectIndex(id);
    if (effectIndex === null) throw violation(`write ${id} was acknowledged without effect`);
    if (effectIndex > index) {
      throw violation(`write ${id} was acknowledged at ${index}, took effect at ${effectIndex}`);
    }
    if (this.#forgetsAnswered) this.#writes.delete(id);
  }

  onFailed(id: number, applied: Applied): void {
    const write = this.#writes.get(id);
    if (write === undefined) throw violation(`write ${id} was never made`);
    write.failed = applied;
    if (applied === 'no' && write.effectIndex !== null) {
      throw untruthful(`write ${id} failed with 'no' after it took effect`);
    }
    if (applied === 'yes' && write.effectIndex === null) {
      throw untruthful(`write ${id} failed with 'yes' without effect`);
    }
  }

  /** Where the write took effect; null: it did not, so far. */
  effectIndex(id: number): LogIndex | null {
    return this.#writes.get(id)?.effectIndex ?? null;
  }
}

function violation(evidence: string): Violation {
  return new Violation('exactly once', 'thesis 6.3', evidence);
}

function untruthful(evidence: string): Violation {
  return new Violation('truthful errors', 'thesis 6.3', evidence);
}
