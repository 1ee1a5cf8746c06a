/** Who reaches whom, where this tab keeps its copy, and how others get in. */

import { useSignal } from '@preact/signals';
import type { Database } from '../../client/database.ts';
import { toReadError } from '../../client/errors.ts';
import { DatabaseAction } from '../database-action.tsx';
import { downloadFile } from '../download.ts';
import { openDialog } from '../open-dialog.ts';
import { ReachabilityView } from '../reachability-view.tsx';
import { RecoverAction } from '../recover-action.tsx';
import { database, nextTabAddress, status } from '../store.ts';
import { shortId } from '../wording.ts';
import { ClusterFacts } from './cluster-facts.tsx';

export function AboutCard() {
  const { value: known } = status;
  return (
    <section class="card cluster-about" aria-labelledby="cluster-about-title">
      <h2 id="cluster-about-title">Where it lives</h2>
      {known === null ? (
        <p>Not open.</p>
      ) : (
        <>
          <ReachabilityView status={known} />
          <ClusterFacts status={known} />
        </>
      )}
      <Actions />
    </section>
  );
}

function Actions() {
  return (
    <div class="cluster-actions">
      <div class="action">
        <button
          type="button"
          class="button"
          disabled={database.value === null}
          onClick={() => (openDialog.value = 'invites')}
        >
          Invite…
        </button>
        <p class="hint">Lets another browser or device in.</p>
      </div>
      <div class="action">
        <a class="button" href={nextTabAddress.value} target="_blank" rel="noopener">
          Open another tab
        </a>
        <p class="hint">Every tab is a member with a copy of its own.</p>
      </div>
      <DownloadButton database={database.value} />
      <div class="action">
        <button type="button" class="button" onClick={() => (openDialog.value = 'benchmark')}>
          Benchmark…
        </button>
        <p class="hint">How fast this cluster is, beside SQLite alone.</p>
      </div>
      <RecoverAction />
    </div>
  );
}

function DownloadButton({ database }: { readonly database: Database | null }) {
  const problem = useSignal<string | null>(null);

  async function download(from: Database): Promise<void> {
    problem.value = null;
    try {
      downloadFile(`resqlite-${shortId(from.clusterId)}.sqlite`, await from.export());
    } catch (error) {
      problem.value = toReadError(error).message;
    }
  }

  return (
    <DatabaseAction
      database={database}
      label="Download .sqlite"
      run={download}
      hint={problem.value ?? 'This tab’s copy as a standard SQLite file.'}
    />
  );
}
