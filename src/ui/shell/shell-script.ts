/**
 * A shell's script: SQL with dot-commands between, as sqlite3 reads it. A line is a dot-command where
 * it begins with a dot and no statement is unfinished before it; it is one line, and needs no
 * semicolon. Pure.
 */

import { StatementEnds } from './statement-end.ts';

export interface SqlPart {
  readonly type: 'sql';
  readonly text: string;
  /** Where it begins in the script, in UTF-16 units. */
  readonly start: number;
}

export interface CommandPart {
  readonly type: 'command';
  /** The whole line, from its dot on. */
  readonly text: string;
  readonly start: number;
  /** Without the dot. */
  readonly name: string;
  readonly args: readonly string[];
}

export type ShellPart = SqlPart | CommandPart;

/** A large script without any such line is SQL as a whole, and need not be looked at closely. */
const MAYBE_COMMAND = /^[^\S\n]*\./m;

/** The parts in order; what means nothing is in none of them. */
export function* readShellScript(script: string): Generator<ShellPart, void> {
  if (!MAYBE_COMMAND.test(script)) {
    if (script.trim() !== '') yield { type: 'sql', text: script, start: 0 };
    return;
  }
  let from = 0;
  for (const command of commandsOf(script)) {
    const text = script.slice(from, command.start);
    if (text.trim() !== '') yield { type: 'sql', text, start: from };
    yield command;
    from = command.start + command.text.length;
  }
  const rest = script.slice(from);
  if (rest.trim() !== '') yield { type: 'sql', text: rest, start: from };
}

/** There is something to run, and nothing that waits for a semicolon, a quote or an END. */
export function isComplete(script: string): boolean {
  if (script.trim() === '') return false;
  const ends = new StatementEnds();
  for (const _ of commandsOf(script, ends));
  return ends.isBetween;
}

function* commandsOf(script: string, ends = new StatementEnds()): Generator<CommandPart, void> {
  let isLineStart = true;
  for (let at = 0; at < script.length;) {
    const char = script.charAt(at);
    if (char === '.' && isLineStart && ends.isBetween) {
      const command = commandAt(script, at);
      yield command;
      at += command.text.length;
      continue;
    }
    const next = ends.read(script, at);
    if (char === '\n' || script.charAt(next - 1) === '\n') isLineStart = true;
    else if (char.trim() !== '') isLineStart = false;
    at = next;
  }
}

function commandAt(script: string, start: number): CommandPart {
  const newline = script.indexOf('\n', start);
  const text = script.slice(start, newline === -1 ? script.length : newline).trimEnd();
  const [name = '', ...args] = splitArguments(text.slice(1));
  return { type: 'command', text, start, name, args };
}

const ARGUMENT = /'(?<single>[^']*)'?|"(?<double>(?:\\[\s\S]|[^"\\])*)"?|(?<plain>\S+)/g;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', 0: '\0' };

/** Words, and quoted texts; within double quotes a backslash escapes. */
export function splitArguments(line: string): string[] {
  return Array.from(line.matchAll(ARGUMENT), ({ groups = {} }) => {
    const { single, double, plain } = groups;
    if (double === undefined) return single ?? plain ?? '';
    return double.replace(/\\([\s\S])/g, (_, char: string) => ESCAPES[char] ?? char);
  });
}
