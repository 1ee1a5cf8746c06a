/**
 * A state machine for the core's tests: its state is the hash of all that was applied, kept in
 * numbered files of which one counts, as the record of the log says. What was applied since the last
 * checkpoint may be lost in a crash.
 */

import type { Entry, LogIndex, Snapshot, StateReference } from '../../src/raft/types.ts';
import { index } from './fixtures.ts';

export interface ModelState {
  readonly appliedIndex: LogIndex;
  readonly hash: string;
}

export const EMPTY_STATE: ModelState = { appliedIndex: index(0), hash: '' };

/** The state after one more entry. */
export function applyTo(state: ModelState, entry: Entry): ModelState {
  if (entry.index !== state.appliedIndex + 1) throw new Error('applied out of order');
  const size = entry.type === 'command' ? entry.data.length : 0;
  const text = `${state.hash} ${entry.index} ${entry.term} ${entry.type} ${size}`;
  let digest = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    digest = Math.imul(digest ^ text.charCodeAt(at), 0x01000193) >>> 0;
  }
  return { appliedIndex: entry.index, hash: digest.toString(16) };
}

interface Stage {
  readonly file: number;
  readonly state: ModelState;
}

export class ModelStateMachine {
  #file = 0;
  #state = EMPTY_STATE;
  /** What a crash leaves of it at least. */
  #durable = EMPTY_STATE;
  #stage: Stage | null = null;
  /** The state is not to be trusted. */
  isSpoilt = false;

  get state(): ModelState {
    return this.#state;
  }

  get appliedIndex(): LogIndex {
    return this.#state.appliedIndex;
  }

  apply(entries: readonly Entry[]): void {
    for (const entry of entries) this.#state = applyTo(this.#state, entry);
  }

  /** Makes what is applied durable, and names the file for a record. */
  checkpoint(): StateReference {
    this.#durable = this.#state;
    return { file: this.#file, hash: '', stampMs: 0 };
  }

  /** A received state, complete and durable beside the one that counts. */
  stage(state: ModelState): StateReference {
    this.#stage = { file: this.#file + 1, state };
    return { file: this.#stage.file, hash: state.hash, stampMs: 0 };
  }

  /** The staged state takes the place of the other; `snapshot` is durable. */
  restore(snapshot: Snapshot): void {
    const stage = this.#stage;
    if (stage?.file !== snapshot.state.file) throw new Error('restored what is not staged');
    if (stage.state.appliedIndex !== snapshot.index) throw new Error('restored another state');
    this.#file = stage.file;
    this.#state = stage.state;
    this.#durable = stage.state;
    this.#stage = null;
    this.isSpoilt = false;
  }

  /** A crash and a start: the file that `snapshot` names counts, all others are deleted. */
  reopen(snapshot: Snapshot | null, isTailLost: boolean): void {
    const file = snapshot?.state.file ?? 0;
    if (snapshot !== null && file === this.#stage?.file) this.restore(snapshot);
    if (file !== this.#file) throw new Error('the log names a file that is not there');
    this.#stage = null;
    if (isTailLost) this.#state = this.#durable;
  }

  /** The state is wrong, or gone: whatever is made of it from now on differs from the others'. */
  spoil(): void {
    this.#state = { ...this.#state, hash: `spoilt ${this.#state.hash}` };
    this.#durable = this.#state;
    this.isSpoilt = true;
  }
}
