/** What this tab does for the jobs of its cluster, and whether it is to. */

import { ownWords } from './job-words.ts';
import { ownWorkerState, sandboxProblem } from './own-worker.ts';
import {
  chooseTimeLimit,
  isTakingPart,
  takePart,
  TIME_LIMITS_MS,
  timeLimitMs,
} from './worker-settings.ts';

export function OwnWorker() {
  return (
    <section class="card mapreduce-card" aria-labelledby="mapreduce-own">
      <h2 id="mapreduce-own">This tab</h2>
      <div class="mapreduce-line">
        <label class="check">
          <input
            type="checkbox"
            checked={isTakingPart.value}
            onChange={({ currentTarget }) => takePart(currentTarget.checked)}
          />
          This tab works on jobs
        </label>
        <span class="hint">{ownWords(ownWorkerState.value)}</span>
      </div>
      <label class="field mapreduce-limit">
        <span>Time limit for own functions</span>
        <select
          value={String(timeLimitMs.value)}
          onChange={({ currentTarget }) => chooseTimeLimit(Number(currentTarget.value))}
        >
          {TIME_LIMITS_MS.map((limitMs) => (
            <option key={limitMs} value={String(limitMs)}>
              {limitMs / 1_000} s a task
            </option>
          ))}
        </select>
      </label>
      {sandboxProblem.value !== null && (
        <p class="mapreduce-problem" role="status">
          {sandboxProblem.value}
        </p>
      )}
      <p class="hint">
        Functions that somebody typed in run in a sandbox without network and storage. In all tabs
        of this browser they are ended after that time.
      </p>
    </section>
  );
}
