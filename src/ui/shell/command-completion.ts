/** What may follow in the line of a dot-command: its name, a word it knows, or a table. Pure. */

import { LEVELS } from '../read-levels.ts';
import { COMMANDS, findCommand, type CommandName } from './command-list.ts';
import { MODES } from './settings.ts';

export interface CommandOption {
  readonly label: string;
  /** What it is, in a few words. */
  readonly detail: string;
}

export interface CommandCompletion {
  /** Where in the line the word begins that is to be completed. */
  readonly from: number;
  readonly options: readonly CommandOption[];
}

const SWITCH = ['on', 'off'];

const WORDS: Partial<Readonly<Record<CommandName, readonly string[]>>> = {
  bail: SWITCH,
  changes: SWITCH,
  faults: ['isolate on', 'isolate off', 'crash'],
  headers: SWITCH,
  help: COMMANDS.map(({ name }) => name),
  level: LEVELS,
  mode: MODES,
  timer: SWITCH,
};

const TAKES_TABLE: readonly CommandName[] = ['dump', 'import', 'indexes', 'schema', 'tables'];

/** `line` is what stands before the cursor; null: there is nothing to offer, or nothing left to do. */
export function completeCommand(line: string, tables: readonly string[]): CommandCompletion | null {
  const indent = line.length - line.trimStart().length;
  const [name = '', ...rest] = line.slice(indent + 1).split(' ');
  if (rest.length === 0) return namesFor(name, indent);
  const match = findCommand(name.toLowerCase());
  if (match.type !== 'found') return null;
  const words = rest.length === 1 ? (WORDS[match.name] ?? []) : [];
  const found = TAKES_TABLE.includes(match.name) ? tables : words;
  const typed = rest.at(-1) ?? '';
  const options = found.map((label) => ({ label, detail: '' }));
  return offer(line.length - typed.length, typed, options);
}

function namesFor(typed: string, indent: number): CommandCompletion | null {
  const options = COMMANDS.map(({ name, help }) => ({ label: `.${name}`, detail: help }));
  return offer(indent, `.${typed}`, options);
}

function offer(
  from: number,
  typed: string,
  options: readonly CommandOption[],
): CommandCompletion | null {
  const fitting = options.filter(({ label }) => label.startsWith(typed));
  const isDone = fitting.length === 0 || fitting.some(({ label }) => label === typed);
  return isDone ? null : { from, options: fitting };
}
