/** What a dot-command says when it cannot do what it was asked: a sentence, for a person. */

export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** The person was asked, and declined: that is no error. */
export class Declined extends Error {
  override readonly name = 'Declined';
}

/** `on` or `off`, or whatever else sqlite3 takes for them. */
export function switchOf(command: string, args: readonly string[]): boolean {
  const [word = '', ...rest] = args;
  const lower = word.toLowerCase();
  if (rest.length === 0 && ['on', 'yes', 'true', '1'].includes(lower)) return true;
  if (rest.length === 0 && ['off', 'no', 'false', '0'].includes(lower)) return false;
  throw usage(command, 'on|off');
}

export function usage(command: string, words: string): CommandError {
  return new CommandError(`Usage: .${command} ${words}`.trimEnd());
}

/** Throws where there are more arguments than the command takes. */
export function atMost(command: string, args: readonly string[], count: number, words = ''): void {
  if (args.length > count) throw usage(command, words);
}
