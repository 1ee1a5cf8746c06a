/**
 * A server in quarantine, whose database is known to be wrong or lost, serves nothing: no read that
 * was asked while it was there already is ever shown from its database. It votes and keeps the log,
 * which the other checkers watch as anybody's, and it does not apply.
 */

import type { LogIndex, NodeId } from '../../raft/types.ts';
import { Violation } from './violation.ts';

export function servedInQuarantine(operation: number): Violation {
  return new Violation('quarantine', '2', `operation ${operation} was served in quarantine`);
}

/** `node` applied the entry at `index` though its database says that it is in quarantine. */
export function appliedInQuarantine(node: NodeId, index: LogIndex): Violation {
  return new Violation('quarantine', '2', `${node} applied ${index} in quarantine`);
}
