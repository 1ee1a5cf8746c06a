/** Closes tabs for the person, who is asked first where something would be lost by it. */

import { consoleOf } from '../console-store.ts';
import { fitsHistory, MAX_CHARACTERS } from '../history.ts';
import { shellHost } from '../shell-host.ts';
import { formatCount } from '../wording.ts';
import { closeTab, tabList, writtenIn } from './tab-store.ts';

/** Answers when it is closed, or left open. */
export async function closeByPerson(id: number): Promise<void> {
  const tab = tabList.peek().tabs.find((open) => open.id === id);
  if (tab === undefined) return;
  const losses = tab.table === null ? lossesOf(id) : [];
  if (losses.length > 0) {
    const reply = await shellHost.ask({
      title: `Close ${tab.name}`,
      text: losses.join(' '),
      file: null,
      field: null,
      action: 'Close it',
      isDangerous: true,
    });
    if (reply === null) return;
  }
  closeTab(id);
}

function lossesOf(id: number): string[] {
  const isRunning = consoleOf(id).run.peek()?.end === null;
  const isTooLong = !fitsHistory(writtenIn(id));
  return [
    ...(isRunning ? ['What runs in it is stopped.'] : []),
    ...(isTooLong
      ? [
          `What is written in it is lost: the history takes ${formatCount(MAX_CHARACTERS)} characters.`,
        ]
      : []),
  ];
}
