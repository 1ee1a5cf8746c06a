/** Runs a dot-command: finds out which one is meant, and has it done. */

import * as cluster from './cluster-commands.ts';
import type { Command, CommandContext } from './command-context.ts';
import { CommandError } from './command-error.ts';
import { findCommand, helpText, knownElsewhere, type CommandName } from './command-list.ts';
import * as files from './file-commands.ts';
import * as schema from './schema-commands.ts';
import * as set from './setting-commands.ts';

const help: Command = (_, args) => {
  const text = helpText(args.join(' '));
  if (text === '') throw new CommandError(`Nothing is known of '${args.join(' ')}'.`);
  return text;
};

const COMMANDS: Readonly<Record<CommandName, Command>> = {
  backup: files.save,
  bail: set.bail,
  changes: set.changes,
  dump: files.dump,
  faults: cluster.faults,
  headers: set.headers,
  help,
  import: files.importFile,
  indexes: schema.indexes,
  invite: cluster.invite,
  leader: cluster.leader,
  level: cluster.level,
  mode: set.mode,
  nodes: cluster.nodes,
  nullvalue: set.nullvalue,
  open: files.open,
  print: set.print,
  queue: set.queue,
  read: files.read,
  remove: cluster.remove,
  restore: files.open,
  save: files.save,
  schema: schema.schema,
  separator: set.separator,
  show: set.show,
  skip: cluster.skip,
  stats: cluster.stats,
  status: cluster.status,
  tables: schema.tables,
  timer: set.timer,
  transfer: cluster.transfer,
  width: set.width,
};

/** What it prints; null: nothing. Rejects with `CommandError` or `ResqliteError`. */
export async function runCommand(
  context: CommandContext,
  typed: string,
  args: readonly string[],
): Promise<string | null> {
  const match = findCommand(typed.toLowerCase());
  switch (match.type) {
    case 'found':
      return COMMANDS[match.name](context, args);
    case 'ambiguous': {
      const names = match.names.map((name) => `.${name}`).join(', ');
      throw new CommandError(`.${typed} may be ${names}.`);
    }
    case 'unknown': {
      const elsewhere = knownElsewhere(typed.toLowerCase());
      if (elsewhere !== null) throw new CommandError(`There is no command .${typed}. ${elsewhere}`);
      const nearest = match.nearest === null ? '' : ` Did you mean .${match.nearest}?`;
      throw new CommandError(`There is no command .${typed}.${nearest} .help lists all of them.`);
    }
  }
}
