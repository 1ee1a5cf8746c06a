/** What other parts of the page want the console to run: it takes it into its editor first. */

import { signal } from '@preact/signals';

export interface ConsoleRequest {
  /** Another one for each request. */
  readonly number: number;
  readonly sql: string;
}

export const consoleRequest = signal<ConsoleRequest | null>(null);

export function runInConsole(sql: string): void {
  consoleRequest.value = { number: (consoleRequest.peek()?.number ?? 0) + 1, sql };
}
