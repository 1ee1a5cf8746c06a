/**
 * State Machine Safety: no two servers apply different entries at the same index (paper section
 * 5.4.3), and since state machines are deterministic (section 2), none comes to another outcome or to
 * another state.
 *
 * The first server to apply an index sets what everybody after it, and after every restart, has to
 * apply there and to hold then. Servers whose database a fault has changed set nothing and are asked
 * nothing.
 *
 * It is also where the committed log is remembered, as chained digests: what compacted logs no longer
 * show.
 */

import type { CommandOutcome } from '../../node/command.ts';
import type { Entry, LogIndex, NodeId } from '../../raft/types.ts';
import { Digest, digestOf } from '../digest.ts';
import { entryDigest } from '../entry-digest.ts';
import { Violation } from './violation.ts';

export class StateMachineSafety {
  // By index, from 1 on; lists of numbers, since runs may be long.
  readonly #entryDigests: number[] = [];
  readonly #outcomeDigests: number[] = [];
  readonly #stateDigests: (number | null)[] = [];
  readonly #chain: number[] = [];
  readonly #terms: number[] = [];
  readonly #nodes: NodeId[] = [];

  /**
   * `node` applied `entry`, and its state has the digest `state`, null where it could not be looked
   * at; true where it is the first. Of a database that a fault has changed the entries count, and
   * nothing else.
   */
  onApplied(
    node: NodeId,
    entry: Entry,
    outcome: CommandOutcome | null,
    state: number | null,
    deviates = false,
  ): boolean {
    this.#onEntry(node, entry);
    if (deviates) return false;
    const at = entry.index - 1;
    const ofOutcome = outcomeDigest(outcome);
    if (at === this.#stateDigests.length) {
      this.#outcomeDigests.push(ofOutcome);
      this.#stateDigests.push(state);
      return true;
    }
    const first = this.#nodes[at] ?? node;
    if (this.#outcomeDigests[at] !== ofOutcome) {
      throw violation(`${first} and ${node} came to different outcomes at ${entry.index}`, '2');
    }
    if (state !== null) this.onState(node, entry.index, state);
    return false;
  }

  #onEntry(node: NodeId, entry: Entry): void {
    const at = entry.index - 1;
    const digest = entryDigest(entry);
    if (at > this.#chain.length) {
      const missing = this.#chain.length + 1;
      throw violation(`${node} applied ${entry.index} though nobody applied ${missing}`);
    }
    if (at === this.#chain.length) {
      this.#entryDigests.push(digest);
      this.#chain.push(digestOf(this.#chain[at - 1] ?? 0, digest));
      this.#terms.push(entry.term);
      this.#nodes.push(node);
    } else if (this.#entryDigests[at] !== digest) {
      const first = this.#nodes[at] ?? node;
      throw violation(`${first} and ${node} applied different entries at ${entry.index}`);
    }
  }

  /** The state of `node` at `index`, wherever it comes from, has the digest `state`. */
  onState(node: NodeId, index: LogIndex, state: number): void {
    if (index === 0) return;
    const known = this.#stateDigests[index - 1];
    if (known === undefined) throw violation(`${node} holds a state at ${index}, where nobody is`);
    if (known === null) this.#stateDigests[index - 1] = state;
    if (known === null || known === state) return;
    const first = this.#nodes[index - 1];
    throw violation(`the states of ${first} and ${node} differ at ${index}`, '2, 7');
  }

  /** The highest index that anybody has applied. */
  get lastIndex(): LogIndex {
    return this.#chain.length as LogIndex;
  }

  /** The chained digest of the committed log up to `index`; null where nobody has applied it. */
  chainAt(index: LogIndex): number | null {
    return index === 0 ? 0 : (this.#chain[index - 1] ?? null);
  }

  /** The term of the applied entry at `index`; null where nobody has applied it. */
  termAt(index: LogIndex): number | null {
    return index === 0 ? 0 : (this.#terms[index - 1] ?? null);
  }
}

function violation(evidence: string, section = '5.4.3'): Violation {
  return new Violation('state machine safety', section, evidence);
}

const OUTCOME_NUMBERS = {
  registered: 1,
  executed: 2,
  forgotten: 3,
  'out-of-order': 4,
  'unknown-session': 5,
  checked: 6,
  'session-refused': 7,
  'session-closed': 8,
  'skip-seen': 9,
  nothing: 10,
  'build-adopted': 11,
} as const;

function outcomeDigest(outcome: CommandOutcome | null): number {
  if (outcome === null) return 0;
  const digest = new Digest(OUTCOME_NUMBERS[outcome.type]);
  if (outcome.type === 'checked') return digest.text(outcome.hash).value();
  if (outcome.type === 'build-adopted') return digest.text(outcome.build).value();
  if ('sessionId' in outcome) digest.number(outcome.sessionId);
  if ('index' in outcome) digest.number(outcome.index);
  if ('nonce' in outcome) digest.number(outcome.nonce);
  if ('sequence' in outcome) digest.number(outcome.sequence);
  if (outcome.type === 'executed') digest.bytes(outcome.response);
  return digest.value();
}
