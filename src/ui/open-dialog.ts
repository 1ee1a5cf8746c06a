/** Which of the page's own dialogs is open; at most one is. */

import { signal } from '@preact/signals';

export const openDialog = signal<'invites' | 'clusters' | 'benchmark' | null>(null);

export function closeDialog(): void {
  openDialog.value = null;
}
