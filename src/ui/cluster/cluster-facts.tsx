/** What this tab knows of the cluster and of its own storage, fact by fact. */

import type { NodeStatus, StorageStatus, TransportStatus } from '../../node/status.ts';
import { knownClusters } from '../cluster-store.ts';
import { Fact } from '../fact.tsx';
import { askToKeep } from '../keeping.ts';
import { openDialog } from '../open-dialog.ts';
import { database } from '../store.ts';
import { addressOfView } from '../views.ts';
import { formatBytes, formatCount, shortId } from '../wording.ts';

export function ClusterFacts({ status }: { readonly status: NodeStatus }) {
  const { transport } = status;
  return (
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
