/** The clusters of this browser: opens another one in this tab, which then stays with it. */

import { useSignal } from '@preact/signals';
import type { ClusterEntry } from '../client/protocol.ts';
import { knownClusters, switchCluster } from './cluster-store.ts';
import { CloseLine, Dialog } from './dialog.tsx';
import { closeDialog } from './open-dialog.ts';
import { database } from './store.ts';
import { formatCounted } from './wording.ts';

export function ClustersDialog() {
  const chosen = useSignal<string | null>(null);
  const current = database.value?.clusterId ?? null;
  return (
    <Dialog title="Clusters of this browser" onClose={closeDialog}>
      <p class="dialog-text">
        This tab is of one cluster at a time, and stays with it when it is reloaded. Other tabs are
        left alone.
      </p>
      <ul class="choices">
        {knownClusters.value.map((cluster) => (
          <ClusterLine
            key={cluster.clusterId}
            cluster={cluster}
            isCurrent={cluster.clusterId === current}
            isBusy={chosen.value !== null}
            onChoose={() => {
              chosen.value = cluster.clusterId;
              switchCluster(cluster);
            }}
          />
        ))}
      </ul>
      <CloseLine onClose={closeDialog} />
    </Dialog>
  );
}

interface ClusterLineProps {
  readonly cluster: ClusterEntry;
  readonly isCurrent: boolean;
  readonly isBusy: boolean;
  readonly onChoose: () => void;
}

function ClusterLine({ cluster, isCurrent, isBusy, onChoose }: ClusterLineProps) {
  const { clusterId, isDefault, nodes } = cluster;
  return (
    <li class="choice">
      <div class="choice-words">
        <code>{clusterId}</code>
        <span class="hint">
          {formatCounted(nodes, 'node')} stored here
          {isDefault && ' · the default'}
        </span>
      </div>
      {isCurrent ? (
        <span class="tag">this tab</span>
      ) : (
        <button type="button" class="button" disabled={isBusy} onClick={onChoose}>
          Open here
        </button>
      )}
    </li>
  );
}
