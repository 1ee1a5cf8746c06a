/** What a person does in each app before its picture is taken, so that there is something in it. */

import type { Tab } from './bench/tab.ts';

const DONE_TIMEOUT_MS = 60_000;
const SHOWN_TIMEOUT_MS = 30_000;

const PAIRS = [
  ['city/london', 'Great Britain'],
  ['city/oslo', 'Norway'],
  ['greeting', 'Hello from three tabs'],
  ['log', 'started; elected; replicated'],
];

const MESSAGES = [
  'Did you see that the leader’s tab is gone?',
  'I did not notice a thing.',
  'That is the point.',
  'Lunch at noon?',
];

export async function fillStore(tab: Tab): Promise<void> {
  await tab.db(
    `const { KeyValueStore } = await resqlite.kv();
     const store = new KeyValueStore(db);
     for (const [key, value] of argument) await store.put(key, value);`,
    PAIRS,
  );
  const prompt = tab.page.getByLabel('Command', { exact: true });
  for (const line of ['GET greeting', 'APPEND log "; snapshot taken"', 'GET log']) {
    await prompt.fill(line);
    await prompt.press('Enter');
  }
  const appended = tab.page.getByText('replicated; snapshot taken').first();
  await appended.waitFor({ timeout: SHOWN_TIMEOUT_MS });
}

export async function chatABit(tab: Tab): Promise<void> {
  const { page } = tab;
  await page.getByLabel('Username').fill('ada');
  await page.getByLabel('Password').fill('not a secret');
  await page.getByRole('button', { name: 'Sign up' }).click();
  await page.getByText('Logged in as: ada').waitFor({ timeout: SHOWN_TIMEOUT_MS });
  await tab.db(
    `const { Chat } = await resqlite.chat();
     const chat = new Chat(db);
     await chat.signUp('grace', 'not a secret either');
     for (const body of argument) await chat.send({ sender: 'grace', recipient: 'ada', body });`,
    MESSAGES,
  );
  await page.getByText(`Unread: ${MESSAGES.length}`).waitFor({ timeout: SHOWN_TIMEOUT_MS });
  await page.getByLabel('Number of messages to read').fill(String(MESSAGES.length - 1));
  await page.getByRole('button', { name: 'Read', exact: true }).click();
  await page.getByText('Unread: 1').waitFor({ timeout: SHOWN_TIMEOUT_MS });
  await page.getByText('That is the point.').waitFor({ timeout: SHOWN_TIMEOUT_MS });
}

export async function countWords({ page }: Tab): Promise<void> {
  await page.getByRole('button', { name: 'Make sample files' }).click();
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await page.getByText('Done', { exact: true }).first().waitFor({ timeout: DONE_TIMEOUT_MS });
}
