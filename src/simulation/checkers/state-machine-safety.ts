/**
 * State Machine Safety: no two servers apply different entries at the same index (paper section
 * 5.4.3), and since state machines are deterministic (section 2), none comes to another outcome.
 *
 * The first server to apply an index sets what everybody after it, and after every restart, has to
 * apply there.
 */

import type { CommandOutcome } from '../../node/command.ts';
import type { Entry, LogIndex, NodeId } from '../../raft/types.ts';
import { Digest } from '../digest.ts';
import { entryDigest } from '../entry-digest.ts';
import { Violation } from './violation.ts';

interface Applied {
  readonly entryDigest: number;
  readonly outcomeDigest: number;
  readonly node: NodeId;
}

export class StateMachineSafety {
  readonly #applied: Applied[] = [];

  /** `node` applied `entry`; true where it is the first. */
  onApplied(node: NodeId, entry: Entry, outcome: CommandOutcome | null): boolean {
    const first = this.#applied[entry.index - 1];
    const digests = { entryDigest: entryDigest(entry), outcomeDigest: outcomeDigest(outcome) };
    if (first === undefined) {
      if (entry.index !== this.#applied.length + 1) {
        throw new Violation(
          'state machine safety',
          '5.4.3',
          `${node} applied ${entry.index} though nobody applied ${this.#applied.length + 1}`,
        );
      }
      this.#applied.push({ ...digests, node });
      return true;
    }
    if (first.entryDigest !== digests.entryDigest) {
      throw new Violation(
        'state machine safety',
        '5.4.3',
        `${first.node} and ${node} applied different entries at ${entry.index}`,
      );
    }
    if (first.outcomeDigest !== digests.outcomeDigest) {
      throw new Violation(
        'state machine safety',
        '2',
        `${first.node} and ${node} came to different outcomes at ${entry.index}`,
      );
    }
    return false;
  }

  /** The highest index that anybody has applied. */
  get lastIndex(): LogIndex {
    return this.#applied.length as LogIndex;
  }
}

const OUTCOME_NUMBERS = {
  registered: 1,
  executed: 2,
  forgotten: 3,
  'out-of-order': 4,
  'unknown-session': 5,
} as const;

function outcomeDigest(outcome: CommandOutcome | null): number {
  if (outcome === null) return 0;
  const digest = new Digest(OUTCOME_NUMBERS[outcome.type]).number(outcome.sessionId);
  if (outcome.type === 'registered') return digest.number(outcome.nonce).value();
  digest.number(outcome.sequence);
  if (outcome.type === 'executed') digest.bytes(outcome.response);
  return digest.value();
}
