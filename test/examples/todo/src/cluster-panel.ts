/** Shows who is here and what may be lost, and makes invite links. */

import type { Database } from 'resqlite';
import { describeCluster, type Member } from './cluster.ts';
import { byId } from './parts.ts';
import type { Save } from './saving.ts';

const COPIED_MS = 2_000;

/** `save` runs what may fail, and says so. The answer ends it. */
export function showCluster(database: Database, save: Save): () => void {
  const badge = byId('badge');
  const invite = byId<HTMLButtonElement>('invite');
  const end = database.onStatus((status) => {
    const { tone, badge: text, notice, hint, members, isIn } = describeCluster(status);
    badge.dataset['tone'] = tone;
    setText(badge, text);
    setText(byId('notice'), notice);
    setText(byId('hint'), hint);
    showMembers(members);
    invite.disabled = !isIn;
    byId('cluster').hidden = false;
  });
  const address = byId<HTMLInputElement>('address');
  const copy = byId<HTMLButtonElement>('copy');
  invite.addEventListener('click', () =>
    save('the invite', async () => {
      address.value = await database.invite();
      byId('link').hidden = false;
      address.select();
    }),
  );
  copy.addEventListener('click', async () => {
    // Selected, so that a browser that denies the clipboard leaves it to the person.
    address.select();
    const isCopied = await navigator.clipboard.writeText(address.value).then(
      () => true,
      () => false,
    );
    if (!isCopied) return;
    copy.textContent = 'Copied';
    setTimeout(() => (copy.textContent = 'Copy'), COPIED_MS);
  });
  return end;
}

function showMembers(members: readonly Member[]): void {
  const list = byId('members');
  // Statuses come several times a second.
  const told = JSON.stringify(members);
  if (list.dataset['told'] === told) return;
  list.dataset['told'] = told;
  list.replaceChildren(
    ...members.map(({ name, tags, isHere }) => {
      const item = document.createElement('li');
      item.classList.toggle('away', !isHere);
      item.textContent = [name, ...tags].join(', ');
      return item;
    }),
  );
}

/** What is said again is not read aloud again. */
function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
