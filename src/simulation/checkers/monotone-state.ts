/**
 * What only ever grows: the term, over restarts too (paper section 5.1); commitIndex and the applied
 * index while a server runs (Figure 2); and a vote, once cast in a term, stays (section 5.2). A
 * server never applies beyond its commitIndex, nor commits beyond its log.
 */

import type { HardState, LogIndex, NodeId, Term } from '../../raft/types.ts';
import { Violation } from './violation.ts';

/** A running server as it can be seen from outside. */
export interface ServerView {
  readonly term: Term;
  readonly commitIndex: LogIndex;
  readonly appliedIndex: LogIndex;
  readonly durableIndex: LogIndex;
  readonly lastIndex: LogIndex;
}

export class MonotoneState {
  readonly #viewByNode = new Map<NodeId, ServerView>();
  readonly #hardStateByNode = new Map<NodeId, HardState>();

  /** `node` starts: what it kept in memory is gone. */
  onStart(node: NodeId): void {
    this.#viewByNode.delete(node);
  }

  onView(node: NodeId, view: ServerView): void {
    const before = this.#viewByNode.get(node);
    const holds =
      view.appliedIndex <= view.commitIndex &&
      view.commitIndex <= view.lastIndex &&
      view.durableIndex <= view.lastIndex;
    if (!holds) throw new Violation('monotone state', 'Figure 2', `${node}: ${viewText(view)}`);
    if (before !== undefined) {
      const monotone =
        view.term >= before.term &&
        view.commitIndex >= before.commitIndex &&
        view.appliedIndex >= before.appliedIndex;
      if (!monotone) {
        throw new Violation(
          'monotone state',
          'Figure 2',
          `${node} went from ${viewText(before)} to ${viewText(view)}`,
        );
      }
    }
    this.#viewByNode.set(node, view);
  }

  /** `hardState` became durable on the disk of `node`. */
  onHardState(node: NodeId, hardState: HardState): void {
    const before = this.#hardStateByNode.get(node);
    if (before !== undefined) {
      const voteChanged =
        hardState.term === before.term &&
        before.votedFor !== null &&
        hardState.votedFor !== before.votedFor;
      if (hardState.term < before.term || voteChanged) {
        throw new Violation(
          'monotone state',
          '5.2',
          `${node} voted for ${before.votedFor} in ${before.term}, ` +
            `then for ${hardState.votedFor} in ${hardState.term}`,
        );
      }
    }
    this.#hardStateByNode.set(node, hardState);
  }
}

function viewText(view: ServerView): string {
  const { term, commitIndex, appliedIndex, durableIndex, lastIndex } = view;
  return (
    `term ${term}, commit ${commitIndex}, applied ${appliedIndex}, ` +
    `durable ${durableIndex}, last ${lastIndex}`
  );
}
