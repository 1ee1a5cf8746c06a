/** The jobs that the cluster keeps, the newest first: the same in every tab. */

import { formatCounted } from '../../wording.ts';
import { jobList, listProblem, showJob, shownJob } from './job-store.ts';
import { stateWords, titleOf } from './job-words.ts';

const times = new Intl.DateTimeFormat('en', { timeStyle: 'medium', hourCycle: 'h23' });

export function JobList() {
  const { value: jobs } = jobList;
  if (jobs === null || jobs.length === 0) return null;
  return (
    <section class="card mapreduce-card" aria-labelledby="mapreduce-jobs">
      <h2 id="mapreduce-jobs">Jobs of this cluster</h2>
      {listProblem.value !== null && <p class="mapreduce-problem">{listProblem.value}</p>}
      <ul class="mapreduce-jobs">
        {jobs.map(({ id, source, state, map, createdMs }) => (
          <li key={id}>
            <button
              type="button"
              class="mapreduce-job"
              aria-current={shownJob.value?.id === id ? 'true' : undefined}
              onClick={() => showJob(id)}
            >
              <span class="mapreduce-job-title">{titleOf(source)}</span>
              <span class="hint">{formatCounted(map.total, 'file')}</span>
              <span class="hint">{times.format(createdMs)}</span>
              <span class={`tag mapreduce-${state}`}>{stateWords(state)}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
