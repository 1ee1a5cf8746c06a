/**
 * This tab's part in the jobs of its cluster: a worker of the engine, whatever view is shown, from when
 * the rest of the page is there until the tab goes or its person says no. Where there are no jobs it
 * waits, and what runs their functions is not made.
 *
 * A tab that gets no sandbox, as one whose server is down, leaves functions that somebody typed in to
 * others for a while, and then tries again: none of their attempts is lost by it.
 */

import { effect, signal, untracked, type ReadonlySignal } from '@preact/signals';
import { startWorker, type WorkerState } from '../../../apps/mapreduce/mapreduce.ts';
import type { Database } from '../../../client/database.ts';
import { database } from '../../store.ts';
import { READY_JOBS } from './job-words.ts';
import { runnerOpener } from './open-runner.ts';
import { followTimeLimit, isTakingPart, timeLimitMs } from './worker-settings.ts';

const SANDBOX_RETRY_MS = 30_000;

const state = signal<WorkerState>({ type: 'stopped' });
const sandboxProblemText = signal<string | null>(null);
let isStarted = false;

const openRunner = runnerOpener({
  timeLimitMs: () => timeLimitMs.value,
  onMissing: (reason) => {
    sandboxProblemText.value = reason;
    setTimeout(() => (sandboxProblemText.value = null), SANDBOX_RETRY_MS);
  },
});

/** What it does at this moment. */
export const ownWorkerState: ReadonlySignal<WorkerState> = state;
/** Why this tab takes no functions that were typed in. */
export const sandboxProblem: ReadonlySignal<string | null> = sandboxProblemText;

/** Further calls do nothing. */
export function startOwnWorker(): void {
  if (isStarted) return;
  isStarted = true;
  followTimeLimit();
  effect(() => {
    const { value: db } = database;
    const takesTyped = sandboxProblemText.value === null;
    if (db === null || !isTakingPart.value) return undefined;
    return untracked(() => workFor(db, takesTyped));
  });
}

/** The answer ends it. What a script has registered in this page is for a worker of that script. */
function workFor(db: Database, takesTyped: boolean): () => void {
  let isCurrent = true;
  const onState = (next: WorkerState): void => {
    if (isCurrent) state.value = next;
  };
  const worker = startWorker(db, { openRunner, jobNames, takesTyped, onState });
  onState(worker.state);
  return () => {
    onState({ type: 'stopped' });
    // It may take a while to end, and another may run by then.
    isCurrent = false;
    void worker.stop();
  };
}

function jobNames(): string[] {
  return Object.keys(READY_JOBS);
}
