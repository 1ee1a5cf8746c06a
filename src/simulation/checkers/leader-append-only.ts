/**
 * Leader Append-Only: a leader never overwrites or deletes entries of its log, it only appends
 * (paper section 5.3). Seen from outside: while it leads a term, its last index never falls, and it
 * never sends two different entries for one index.
 */

import type { Entry, LogIndex, NodeId, Term } from '../../raft/types.ts';
import { entryDigest } from '../entry-digest.ts';
import { Violation } from './violation.ts';

/** What a leader sent long ago is forgotten: long runs would fill memory with it. */
const SENT_MAX = 65_536;

interface Leadership {
  readonly term: Term;
  lastIndex: LogIndex;
  /** Digests of the entries it sent, by index. */
  readonly sent: Map<LogIndex, number>;
}

export class LeaderAppendOnly {
  readonly #leadershipByNode = new Map<NodeId, Leadership>();
  /** Entries are frozen as they are sent, and most are sent more than once. */
  readonly #digests = new WeakMap<Entry, number>();

  /** `node` leads `term` and its log ends at `lastIndex`. */
  onLeader(node: NodeId, term: Term, lastIndex: LogIndex): void {
    const leadership = this.#leadership(node, term, lastIndex);
    if (lastIndex < leadership.lastIndex) {
      throw new Violation(
        'leader append-only',
        '5.3',
        `${node} cut its log from ${leadership.lastIndex} to ${lastIndex} while leading ${term}`,
      );
    }
    leadership.lastIndex = lastIndex;
  }

  /** `node` sends entries as the leader of `term`. */
  onSent(node: NodeId, term: Term, entries: readonly Entry[]): void {
    const last = entries.at(-1);
    if (last === undefined) return;
    const { sent } = this.#leadership(node, term, last.index);
    if (sent.size > SENT_MAX) forgetBefore(sent, last.index - SENT_MAX / 2);
    for (const entry of entries) {
      const digest = this.#digest(entry);
      const before = sent.get(entry.index);
      if (before === undefined) sent.set(entry.index, digest);
      else if (before !== digest) {
        throw new Violation(
          'leader append-only',
          '5.3',
          `${node} sent two different entries ${entry.index} while leading ${term}`,
        );
      }
    }
  }

  #leadership(node: NodeId, term: Term, lastIndex: LogIndex): Leadership {
    const known = this.#leadershipByNode.get(node);
    if (known?.term === term) return known;
    const leadership: Leadership = { term, lastIndex, sent: new Map() };
    this.#leadershipByNode.set(node, leadership);
    return leadership;
  }

  #digest(entry: Entry): number {
    const known = this.#digests.get(entry);
    if (known !== undefined) return known;
    const digest = entryDigest(entry);
    this.#digests.set(entry, digest);
    return digest;
  }
}

function forgetBefore(sent: Map<LogIndex, number>, index: number): void {
  for (const known of sent.keys()) if (known < index) sent.delete(known);
}
