/** What a dot-command says when it cannot do what it was asked: a sentence, for a person. */

import { COMMANDS, type CommandName } from './command-list.ts';

export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** The person was asked, and declined: that is no error. */
export class Declined extends Error {
  override readonly name = 'Declined';
}

/** `on` or `off`, or whatever else sqlite3 takes for them. */
export function switchOf(command: CommandName, args: readonly string[], words?: string): boolean {
  const [word = '', ...rest] = args;
  const lower = word.toLowerCase();
  if (rest.length === 0 && ['on', 'yes', 'true', '1'].includes(lower)) return true;
  if (rest.length === 0 && ['off', 'no', 'false', '0'].includes(lower)) return false;
  throw usage(command, words);
}

/** How the command is called: with `words`, or as its line in the list has it. */
export function usage(command: CommandName, words = listedUsage(command)): CommandError {
  return new CommandError(`Usage: .${command} ${words}`.trimEnd());
}

function listedUsage(command: CommandName): string {
  return COMMANDS.find(({ name }) => name === command)?.usage ?? '';
}

/** Throws where there are more arguments than the command takes. */
export function atMost(command: CommandName, args: readonly string[], count: number): void {
  if (args.length > count) throw usage(command);
}
