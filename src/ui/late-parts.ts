/**
 * What of the page is fetched late, and when it is if nobody asks for it: once the database has given
 * its first answer, or will not soon, and the main thread is idle. Until then everything belongs to the
 * node and the database. One part comes after the other, the likeliest first.
 */

import { effect } from '@preact/signals';
import { shell } from './console-store.ts';
import { LatePart } from './late-part.ts';
import { isSchemaKnown } from './schema.ts';
import { pageState } from './store.ts';

export const sqlEditor = new LatePart(() => import('./sql-editor.ts'));
export const results = new LatePart(() => import('./results.tsx'));
export const questionDialog = new LatePart(() => import('./question-dialog.tsx'));
export const settingsDialog = new LatePart(() => import('./settings-dialog.tsx'));
export const invitesDialog = new LatePart(() => import('./invites-dialog.tsx'));
export const clustersDialog = new LatePart(() => import('./clusters-dialog.tsx'));

/** A node that joins, or finds no storage, answers nothing for as long as that lasts. */
const LONGEST_WAIT_MS = 4_000;
/** A page that is never idle gets on with it all the same. */
const IDLE_TIMEOUT_MS = 1_000;

/** Resolves when all that can be had is there. */
export async function fetchLateParts(): Promise<void> {
  await firstAnswer();
  const inOrder = [
    sqlEditor,
    shell,
    results,
    questionDialog,
    settingsDialog,
    invitesDialog,
    clustersDialog,
  ];
  for (const part of inOrder) {
    await idle();
    // Whoever needs it asks for it, and is told.
    await part.get().catch(() => undefined);
  }
}

function firstAnswer(): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, LONGEST_WAIT_MS);
    effect(() => {
      if (!isSchemaKnown.value && pageState.value !== 'failed') return;
      clearTimeout(timer);
      resolve();
    });
  });
}

function idle(): Promise<void> {
  return new Promise((resolve) => {
    if ('requestIdleCallback' in window) {
      requestIdleCallback(() => resolve(), { timeout: IDLE_TIMEOUT_MS });
    } else {
      setTimeout(resolve, 0);
    }
  });
}
