/** What a dot-command is run with. */

import type { Signal } from '@preact/signals';
import type { ReadLevel } from '../../node/sql.ts';
import type { ShellDatabase, ShellHost } from './shell-ports.ts';

export interface CommandContext {
  readonly database: ShellDatabase;
  readonly host: ShellHost;
  /** Of reads. */
  readonly level: Signal<ReadLevel>;
  readonly signal: AbortSignal;
  /** What is being done, and how much of it is done, from 0 to 1. */
  readonly progress: (label: string, fraction: number) => void;
  /** Runs a script in the place of the command. */
  readonly runScript: (name: string, script: string) => Promise<void>;
}

/**
 * Answers what is to be printed; null: nothing. Rejects with `CommandError`, with `Declined`, or with
 * `ResqliteError` where the database refuses or fails.
 */
export type Command = (
  context: CommandContext,
  args: readonly string[],
) => string | null | Promise<string | null>;
