/**
 * The configuration in force is the latest in the log, and a truncated one is not (paper section 6).
 *
 * A leader appends a configuration only when it has committed an entry of its term, and when the
 * configuration before it is committed (thesis section 4.1, as corrected by its author): else two
 * leaders in turn could decide by majorities that do not meet.
 */

import type { Configuration, Entry, LogIndex, NodeId, Term } from '../../raft/types.ts';
import { Violation } from './violation.ts';

/** What a leader has done when it has appended the entry. */
export interface ConfiguringLeader {
  readonly nodeId: NodeId;
  readonly term: Term;
  readonly commitIndex: LogIndex;
  entryAt(index: LogIndex): Entry | null;
  termAt(index: LogIndex): Term | null;
}

/** A server's configuration, and where it says that it comes from. */
export interface Configured {
  readonly nodeId: NodeId;
  readonly firstIndex: LogIndex;
  readonly configuration: Configuration;
  readonly configurationIndex: LogIndex;
  entryAt(index: LogIndex): Entry | null;
}

/** A log that begins with a snapshot may have its configuration from there. */
export function checkConfigurationInForce(server: Configured): void {
  const { nodeId, firstIndex, configuration, configurationIndex: index } = server;
  if (index === firstIndex - 1) return;
  const entry = server.entryAt(index);
  if (entry?.type === 'configuration' && entry.configuration === configuration) return;
  throw violation(`the configuration of ${nodeId} is not the one of its log at ${index}`);
}

/** `leader` has just appended the entry at `index`. */
export function checkConfigurationRule(leader: ConfiguringLeader, index: LogIndex): void {
  const entry = leader.entryAt(index);
  const { nodeId, term, commitIndex } = leader;
  if (entry?.type !== 'configuration' || entry.term !== term) return;
  if (leader.termAt(commitIndex) !== term) {
    throw violation(
      `${nodeId} changes the configuration at ${index}, nothing of ${term} committed`,
    );
  }
  for (let before = index - 1; before > commitIndex; before -= 1) {
    if (leader.entryAt(before as LogIndex)?.type !== 'configuration') continue;
    throw violation(
      `${nodeId} changes the configuration at ${index}, before ${before} is committed`,
    );
  }
}

function violation(evidence: string): Violation {
  return new Violation('configuration rule', 'thesis 4.1', evidence);
}
