/** The cluster: its members, what it survives, where this tab keeps its copy, and how others get in. */

import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import type { Database } from '../client/database.ts';
import { toReadError } from '../client/errors.ts';
import type { NodeStatus, StorageStatus, TransportStatus } from '../node/status.ts';
import { knownClusters } from './cluster-store.ts';
import { DatabaseAction } from './database-action.tsx';
import { downloadFile } from './download.ts';
import { askToKeep } from './keeping.ts';
import { describeTolerance, healthOf, isOneProfile } from './health.ts';
import { MemberList } from './member-list.tsx';
import { openDialog } from './open-dialog.ts';
import { ReachabilityView } from './reachability-view.tsx';
import { RecoverAction } from './recover-action.tsx';
import { database, nextTabAddress, status } from './store.ts';
import { wokenNodes } from './stored-nodes.ts';
import { formatBytes, formatCount, shortId } from './wording.ts';
import { addressOfView } from './views.ts';

export function ClusterPanel() {
  const { value: known } = status;
  return (
    <aside class="card cluster" aria-labelledby="cluster-title" id="cluster" tabIndex={-1}>
      <h2 id="cluster-title">Cluster</h2>
      {known === null ? <p class="cluster-line">Not open.</p> : <Overview status={known} />}
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
    </aside>
  );
}

function Overview({ status }: { readonly status: NodeStatus }) {
  const { voters, connectedVoters } = healthOf(status);
  const { transport } = status;
  return (
    <>
      <p class="cluster-line">
        {voters > 0 && status.state !== 'stopped' && (
          <strong>
            {connectedVoters} of {voters} {voters === 1 ? 'voter' : 'voters'} connected.{' '}
          </strong>
        )}
        {describeTolerance(status, 1 + wokenNodes.value.length)}
      </p>
      {isOneProfile(status) && (
        <p class="hint cluster-hint">
          All voters live in this browser profile, and are lost with it. Invite another browser.
        </p>
      )}
      {status.members.length > 0 && <MemberList status={status} />}
      <ReachabilityView status={status} />
      <dl class="facts">
        <Fact name="Term">{formatCount(status.term)}</Fact>
        <Fact name="Leader">
          {status.leaderId === null ? 'None' : <code>{shortId(status.leaderId)}</code>}
        </Fact>
        <Fact name="Log">
          Entries {formatCount(status.firstIndex)} to {formatCount(status.lastIndex)},{' '}
          {formatBytes(status.storage.logBytes)}
        </Fact>
        <Fact name="Storage">
          <Storage status={status} />
        </Fact>
        <Fact name="Channels">
          {transport.isolated ? 'Cut on request' : CHANNELS[transport.channels]}
        </Fact>
        <Fact name="Signalling">
          {SIGNALLING[transport.signalling]}{' '}
          {transport.signalling === 'disconnected' && (
            <a class="link" href={addressOfView('settings')}>
              Settings
            </a>
          )}
        </Fact>
        <Fact name="Cluster id">
          <code>{status.clusterId}</code>{' '}
          {knownClusters.value.length > 1 && (
            <button type="button" class="link" onClick={() => (openDialog.value = 'clusters')}>
              Open another
            </button>
          )}
        </Fact>
      </dl>
    </>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

const REPAIRS: Readonly<Record<Exclude<StorageStatus['repaired'], 'none'>, string>> = {
  indexeddb: 'IndexedDB was repaired from the journal.',
  journal: 'The journal was repaired from IndexedDB.',
  both: 'Each was repaired from the other.',
};

function Storage({ status: { storage } }: { readonly status: NodeStatus }) {
  const { state, repaired, replacedNodeId, persisted, usageBytes, quotaBytes } = storage;
  return (
    <ul class="storage">
      {state === 'ok' && <li>Two copies, both whole.</li>}
      {state === 'failed' && <li class="bad">Failed.</li>}
      {state === 'full' && <li class="bad">No room left.</li>}
      {usageBytes !== null && quotaBytes !== null && (
        <li>
          This site uses {formatBytes(usageBytes)} of {formatBytes(quotaBytes)}.
        </li>
      )}
      {repaired !== 'none' && <li>{REPAIRS[repaired]}</li>}
      {replacedNodeId !== null && (
        <li>
          This node replaces <code>{shortId(replacedNodeId)}</code>, whose storage was lost.
        </li>
      )}
      {state === 'ok' && !persisted && (
        <li>
          May be evicted.{' '}
          <button type="button" class="link" onClick={() => void askToKeep(database.value)}>
            Ask to keep it
          </button>
        </li>
      )}
    </ul>
  );
}

const CHANNELS: Readonly<Record<TransportStatus['channels'], string>> = {
  worker: 'In the worker',
  page: 'Through the page, which may delay them',
  none: 'None',
};

const SIGNALLING: Readonly<Record<TransportStatus['signalling'], string>> = {
  connected: 'Connected',
  disconnected: 'Not reachable; open links live on.',
  unsupported: 'This browser has no WebRTC',
};

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
