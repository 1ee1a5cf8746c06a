/** MapReduce: files become a job, the tabs of the cluster work on it, and any tab shows how far it is. */

import '../../style/mapreduce.css';
import { useEffect } from 'preact/hooks';
import { JobCard } from './job-card.tsx';
import { JobForm } from './job-form.tsx';
import { JobList } from './job-list.tsx';
import { followJobs } from './job-store.ts';
import { startOwnWorker } from './own-worker.ts';
import { OwnWorker } from './own-worker-card.tsx';

export function MapReduceView() {
  useEffect(() => {
    startOwnWorker();
    return followJobs();
  }, []);
  return (
    <div class="mapreduce">
      <p class="mapreduce-intro">
        Every open tab of this cluster works on jobs: it takes one task at a time, first a file to
        map, and when all of them are done, a part of the keys to reduce. Close a tab in the middle
        and watch: what it had taken goes to another, and the result is the same.
      </p>
      <div class="mapreduce-columns">
        <JobForm />
        <div class="app-column">
          <JobCard />
          <JobList />
          <OwnWorker />
        </div>
      </div>
    </div>
  );
}
