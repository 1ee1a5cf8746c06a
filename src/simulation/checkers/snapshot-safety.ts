/**
 * A snapshot stands in for committed entries alone, and for exactly those up to its index (paper
 * section 7): its index is one that was committed and applied, its term is that entry's, and the log
 * of a server never begins further back than before.
 *
 * That the state in it equals the state made by applying those entries is state machine safety, which
 * looks at every state that a snapshot brought.
 */

import type { LogIndex, NodeId, Snapshot } from '../../raft/types.ts';
import { Violation } from './violation.ts';

/** The committed log. */
export interface CommittedLog {
  /** The highest index that anybody has applied. */
  readonly lastIndex: LogIndex;
  termAt(index: LogIndex): number | null;
}

export class SnapshotSafety {
  readonly #committed: CommittedLog;
  readonly #lastByNode = new Map<NodeId, Snapshot>();
  #compactions = 0;
  #installs = 0;

  constructor(committed: CommittedLog) {
    this.#committed = committed;
  }

  /** Records by which a log gave up entries that its own database held. */
  get compactions(): number {
    return this.#compactions;
  }

  /** Records by which another state took the place of a server's own: they name another file. */
  get installs(): number {
    return this.#installs;
  }

  /** A record with `snapshot` is durable on `node`. */
  onDurable(node: NodeId, snapshot: Snapshot): void {
    const { index, term, state } = snapshot;
    const before = this.#lastByNode.get(node);
    const baseBefore = before?.index ?? 0;
    if (index < baseBefore) throw violation(`${node} goes back from ${baseBefore} to ${index}`);
    if (index > this.#committed.lastIndex) {
      throw violation(`${node} has a snapshot at ${index}, which nobody applied`);
    }
    const known = this.#committed.termAt(index);
    if (known !== term) {
      throw violation(`${node} has a snapshot at ${index} of term ${term}, not ${known}`);
    }
    this.#lastByNode.set(node, snapshot);
    if (state.file !== (before?.state.file ?? 0)) this.#installs += 1;
    else if (index > baseBefore) this.#compactions += 1;
  }
}

function violation(evidence: string): Violation {
  return new Violation('snapshot safety', '7', evidence);
}
