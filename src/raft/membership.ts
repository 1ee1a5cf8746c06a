/**
 * Changing the configuration (paper section 6, thesis section 4.3): joint consensus, one change at a
 * time, and only by a leader that has committed an entry of its own term. Without that last rule two
 * leaders in turn could decide by majorities that do not meet, each by a change the other does not
 * know of.
 */

import { configurationOf, enterJoint, hasSameVoters, isJoint } from './configuration.ts';
import type { ConfigurationTarget } from './configuration.ts';
import { appendConfiguration } from './roles.ts';
import type { ServerState } from './state.ts';

/**
 * Begins the change to `target`. The final configuration follows by itself once the joint one is
 * committed. Throws `RangeError` where the target is none.
 */
export function proposeConfiguration(
  state: ServerState,
  target: ConfigurationTarget,
): 'appended' | 'not-leader' | 'not-ready' {
  const { leadership, log } = state;
  const wanted = configurationOf(target, log.configuration);
  if (leadership === null) return 'not-leader';
  const current = log.configuration;
  const isChanging = isJoint(current) || log.configurationIndex > state.commitIndex;
  const isBusy = isChanging || leadership.transfer !== null;
  if (isBusy || !state.hasCommittedInTerm) return 'not-ready';
  // Learners have no vote, so any two such configurations have the same quorums.
  const next = hasSameVoters(current, wanted) ? wanted : enterJoint(current, wanted);
  appendConfiguration(state, leadership, next);
  return 'appended';
}
