/** Hands over the session as a link. */

import { signal } from '@preact/signals';
import { writeClipboard } from '../clipboard.ts';
import { picture } from './lab-store.ts';

/** What came of it, for a while; '' otherwise. */
export const copyOutcome = signal('');

const SHOWN_MS = 2_000;

export async function copyLink(): Promise<void> {
  const { value: now } = picture;
  if (now === null) return;
  const isCopied = await writeClipboard(new URL(now.link, location.href).href);
  const said = isCopied ? 'Copied' : 'Copy it from the address';
  copyOutcome.value = said;
  setTimeout(() => (copyOutcome.value = ''), SHOWN_MS);
}
