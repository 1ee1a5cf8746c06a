/**
 * The page as the shell sees it: questions are put to the person in a dialog, files that were dropped
 * or picked are known by their names, what is written is downloaded.
 */

import { signal } from '@preact/signals';
import { downloadFile } from './download.ts';
import { chosenServer } from './settings/signalling-store.ts';
import type { Question, Reply, ShellHost } from './shell/shell-ports.ts';

/** A question that waits for its answer. */
export interface OpenQuestion {
  /** Another one for each question of this page. */
  readonly number: number;
  readonly question: Question;
  /** Null: the person declined. */
  readonly answer: (reply: Reply | null) => void;
}

export const openQuestion = signal<OpenQuestion | null>(null);

let questions = 0;
const fileByName = new Map<string, File>();

/** From now on commands know these files by their names. */
export function keepFiles(files: readonly File[]): void {
  for (const file of files) fileByName.set(file.name, file);
}

/** Nobody waits for an answer any more. */
export function withdrawQuestion(): void {
  openQuestion.value?.answer(null);
}

export const shellHost: ShellHost = {
  ask: (question) =>
    new Promise((resolve) => {
      withdrawQuestion();
      questions += 1;
      const answer = (reply: Reply | null): void => {
        // A dialog that is gone says so, late, once more.
        if (openQuestion.value !== open) return;
        openQuestion.value = null;
        const file = reply?.file ?? null;
        if (file !== null) keepFiles([file]);
        resolve(reply);
      };
      const open = { number: questions, question, answer };
      openQuestion.value = open;
    }),
  fileNamed: (name) => fileByName.get(name) ?? null,
  download: downloadFile,
  signalling: () => chosenServer.value,
};
