/** One job: how far it is, who does what, what went wrong, and its results once it is done. */

import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { JobStatus, PhaseProgress } from '../../../apps/mapreduce/job-status.ts';
import { database } from '../../store.ts';
import { formatCount, formatCounted, formatDuration } from '../../wording.ts';
import { startedJobId } from './form-store.ts';
import { JobResults } from './job-results.tsx';
import { askToRemove, cancel, jobList, jobProblem, listProblem, shownJob } from './job-store.ts';
import {
  elapsedMs,
  failureWords,
  isOver,
  progressWords,
  stateWords,
  taskWords,
  titleOf,
  workerName,
  workerRows,
} from './job-words.ts';

const TICK_MS = 500;

export function JobCard() {
  const { value: job } = shownJob;
  return job === null ? <NoJob /> : <Job key={job.id} job={job} />;
}

interface JobProps {
  readonly job: JobStatus;
}

function Job({ job }: JobProps) {
  const card = useRef<HTMLElement>(null);
  useEffect(() => {
    // On a narrow screen it stands below the form.
    if (job.id === startedJobId.value) card.current?.scrollIntoView({ block: 'nearest' });
  }, [job.id]);
  return (
    <section ref={card} class="card mapreduce-card" aria-labelledby="mapreduce-shown">
      <div class="mapreduce-head">
        <h2 id="mapreduce-shown">{titleOf(job.source)}</h2>
        <span class={`tag mapreduce-${job.state}`} role="status">
          {stateWords(job.state)}
        </span>
        <Elapsed job={job} />
        <div class="mapreduce-actions">
          <Action job={job} />
        </div>
      </div>
      {jobProblem.value !== null && (
        <p class="mapreduce-problem" role="alert">
          {jobProblem.value}
        </p>
      )}
      {job.error !== null && <p class="mapreduce-problem">{job.error}</p>}
      <div class="mapreduce-phases">
        <Phase name="Map" progress={job.map} />
        <Phase name="Reduce" progress={job.reduce} />
      </div>
      <Workers job={job} />
      <Failures job={job} />
      {job.state === 'done' && <JobResults key={job.id} />}
    </section>
  );
}

function NoJob() {
  const { value: problem } = listProblem;
  return (
    <section class="card mapreduce-card" aria-label="Job">
      {problem === null ? (
        <p class="hint">
          {jobList.value === null ? '' : 'No job yet. Start one, here or in any tab.'}
        </p>
      ) : (
        <p class="mapreduce-problem">{problem}</p>
      )}
    </section>
  );
}

function Action({ job }: JobProps) {
  const { id } = job;
  return isOver(job) ? (
    <button type="button" class="button" onClick={() => void askToRemove(job)}>
      Delete…
    </button>
  ) : (
    <button type="button" class="button" onClick={() => void cancel(id)}>
      Cancel
    </button>
  );
}

function Elapsed({ job }: JobProps) {
  const nowMs = useSignal(Date.now());
  const isRunning = !isOver(job);
  useEffect(() => {
    if (!isRunning) return undefined;
    const timer = setInterval(() => (nowMs.value = Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, [isRunning]);
  return <span class="mapreduce-elapsed">{formatDuration(elapsedMs(job, nowMs.value))}</span>;
}

interface PhaseProps {
  readonly name: string;
  readonly progress: PhaseProgress;
}

function Phase({ name, progress }: PhaseProps) {
  const { total, done, running } = progress;
  const share = (count: number): string => `${total === 0 ? 0 : (100 * count) / total}%`;
  return (
    <div class="mapreduce-phase">
      <span class="mapreduce-phase-name">{name}</span>
      <div
        class="mapreduce-bar"
        role="progressbar"
        aria-label={`${name} tasks`}
        aria-valuemin={0}
        aria-valuemax={total}
        aria-valuenow={done}
        aria-valuetext={progressWords(progress)}
      >
        <span class="mapreduce-bar-done" style={{ width: share(done) }} />
        <span class="mapreduce-bar-running" style={{ width: share(running) }} />
      </div>
      <span class="hint">{progressWords(progress)}</span>
    </div>
  );
}

function Workers({ job }: JobProps) {
  const rows = workerRows(job);
  if (rows.length === 0) {
    return isOver(job) ? null : <p class="hint">No tab has taken a task yet.</p>;
  }
  const most = Math.max(1, ...rows.map(({ mapTasks, reduceTasks }) => mapTasks + reduceTasks));
  return (
    // A scrolled box has to be reached by the keyboard.
    <div class="mapreduce-scroll" role="region" aria-label="Workers" tabIndex={0}>
      <table class="mapreduce-workers">
        <thead>
          <tr>
            <th scope="col">Tab</th>
            <th scope="col">
              <span class="mapreduce-key mapreduce-key-map" aria-hidden="true" /> Map
            </th>
            <th scope="col">
              <span class="mapreduce-key mapreduce-key-reduce" aria-hidden="true" /> Reduce
            </th>
            <th scope="col">Tasks done</th>
            {!isOver(job) && <th scope="col">Now</th>}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ worker, mapTasks, reduceTasks, task }) => (
            <tr key={worker}>
              <th scope="row">{workerName(worker, database.value?.nodeId ?? null)}</th>
              <td>{formatCount(mapTasks)}</td>
              <td>{formatCount(reduceTasks)}</td>
              <td>
                <div class="mapreduce-share" aria-hidden="true">
                  <span
                    class="mapreduce-key-map"
                    style={{ width: `${(100 * mapTasks) / most}%` }}
                  />
                  <span
                    class="mapreduce-key-reduce"
                    style={{ width: `${(100 * reduceTasks) / most}%` }}
                  />
                </div>
              </td>
              {!isOver(job) && <td>{task === null ? '–' : nowWords(task)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function nowWords(task: JobStatus['running'][number]): string {
  return task.attempt > 1 ? `${taskWords(task)}, try ${task.attempt}` : taskWords(task);
}

function Failures({ job: { failures } }: JobProps) {
  if (failures.length === 0) return null;
  return (
    <div class="mapreduce-failures">
      <h3>{formatCounted(failures.length, 'task')} with errors</h3>
      <ul>
        {failures.map((failure) => (
          <li key={`${failure.phase} ${failure.number}`}>
            <strong>{failureWords(failure)}</strong>
            <code>{failure.message}</code>
          </li>
        ))}
      </ul>
    </div>
  );
}
