/**
 * The state of the key-value store's command line: what was typed and printed, the history, and the
 * command under way. Commands are carried out one after another.
 */

import { signal } from '@preact/signals';
import { CommandLine, completionsOf, shown, type Printed } from '../../../apps/kv/command-line.ts';
import type { KeyValueStore } from '../../../apps/kv/kv.ts';

export interface TerminalLine {
  readonly id: number;
  readonly kind: Printed['kind'] | 'command';
  readonly text: string;
}

/** Older ones go. */
const MOST_LINES = 300;
/** Of all lines together, in UTF-16 units. */
const MOST_CHARACTERS = 200_000;
const MOST_COMMANDS = 100;

export class Terminal {
  readonly lines = signal<readonly TerminalLine[]>([]);
  readonly typed = signal('');
  /** How many commands wait for their end. */
  readonly running = signal(0);
  readonly #commandLine: CommandLine;
  #history: readonly string[] = [];
  /** Which of the history is shown; its length: none is. */
  #shown = 0;
  /** What was typed before the history was looked into. */
  #draft = '';
  #nextId = 1;
  #cancel = new AbortController();
  #queue: Promise<void> = Promise.resolve();

  constructor(store: KeyValueStore) {
    this.#commandLine = new CommandLine(store, ({ kind, text }) => this.#print(kind, text));
  }

  /** Carries out what was typed. */
  submit(): void {
    const { value: line } = this.typed;
    this.typed.value = '';
    this.run(line);
  }

  /** Prints the command, and then what came of it. */
  run(line: string): void {
    if (line.trim() === '') return;
    this.#remember(line);
    this.running.value += 1;
    this.#queue = this.#runAfter(this.#queue, line, this.#cancel.signal);
  }

  /** Ends what is under way, and what waits behind it. */
  cancel(): void {
    this.#cancel.abort();
    this.#cancel = new AbortController();
  }

  /** One step back in the history, or forth; its end is what was typed before. */
  recall(step: -1 | 1): void {
    const at = this.#shown + step;
    if (at < 0 || at > this.#history.length) return;
    if (this.#shown === this.#history.length) this.#draft = this.typed.value;
    this.#shown = at;
    this.typed.value = this.#history[at] ?? this.#draft;
  }

  /** Completes the name of a command; false: there is nothing to complete, or more than one. */
  complete(): boolean {
    const [name, ...others] = completionsOf(this.typed.value);
    if (name === undefined || others.length > 0) return false;
    this.typed.value = `${name} `;
    return true;
  }

  close(): void {
    this.cancel();
    this.#commandLine.close();
  }

  async #runAfter(before: Promise<void>, line: string, cancelled: AbortSignal): Promise<void> {
    await before;
    this.#print('command', shown(line));
    await this.#commandLine.run(line, cancelled);
    this.running.value -= 1;
  }

  #remember(line: string): void {
    if (this.#history.at(-1) !== line) {
      this.#history = [...this.#history, line].slice(-MOST_COMMANDS);
    }
    this.#shown = this.#history.length;
    this.#draft = '';
  }

  #print(kind: TerminalLine['kind'], text: string): void {
    const line = { id: this.#nextId, kind, text };
    this.#nextId += 1;
    this.lines.value = lastOf([...this.lines.value, line]);
  }
}

/** Those that stay, the last one always. */
function lastOf(lines: readonly TerminalLine[]): readonly TerminalLine[] {
  let first = lines.length - 1;
  let characters = lines[first]?.text.length ?? 0;
  while (first > 0 && lines.length - first < MOST_LINES) {
    characters += lines[first - 1]?.text.length ?? 0;
    if (characters > MOST_CHARACTERS) break;
    first -= 1;
  }
  return lines.slice(first);
}
