/** What other parts of the page want the console to run: it takes it into its editor first. */

import { signal } from '@preact/signals';
import { openQueryTab, queryId, selectTab, textOf } from './database/tab-store.ts';
import type { Editor } from './editor.ts';

export interface ConsoleRequest {
  /** Another one for each request. */
  readonly number: number;
  readonly sql: string;
}

export const consoleRequest = signal<ConsoleRequest | null>(null);

export function runInConsole(sql: string): void {
  consoleRequest.value = { number: (consoleRequest.peek()?.number ?? 0) + 1, sql };
}

/**
 * Runs it in a tab of its own, unless it is there already. Where there are too many, which the tabs say,
 * nothing is run.
 */
export function takeRequest(
  { sql }: ConsoleRequest,
  editor: Pick<Editor, 'text' | 'show' | 'replace'>,
  run: () => void,
): void {
  const { text } = editor;
  const isItsOwn = text.trim() === '' || text === sql;
  if (isItsOwn) selectTab(queryId.peek());
  else if (!openQueryTab()) return;
  editor.show(queryId.peek(), textOf(queryId.peek()));
  editor.replace(sql);
  run();
}
