/** The commands among applied entries, each with what came of it. */

import type { CommandEntry, Entry } from '../raft/types.ts';
import type { CommandOutcome } from './command.ts';

/** Throws where the state machine did not answer one outcome for each command. */
export function appliedCommands(
  entries: readonly Entry[],
  outcomes: readonly CommandOutcome[],
): { readonly entry: CommandEntry; readonly outcome: CommandOutcome }[] {
  const commands = entries.filter((entry) => entry.type === 'command');
  if (commands.length !== outcomes.length) {
    throw new Error(`${outcomes.length} outcomes for ${commands.length} commands`);
  }
  return commands.flatMap((entry, at) => {
    const outcome = outcomes[at];
    return outcome === undefined ? [] : [{ entry, outcome }];
  });
}
