/** Which node this tab is, of which cluster, and which other clusters this browser has. */

import { knownClusters, switchCluster } from '../cluster-store.ts';
import { CopyText } from '../copy-button.tsx';
import { openDialog } from '../open-dialog.ts';
import { database, status } from '../store.ts';
import { formatCounted } from '../wording.ts';
import { Fact } from '../fact.tsx';

export function NodeSection() {
  const { value: known } = status;
  if (known === null) return <p class="hint">This tab’s node is not open.</p>;
  const clusters = knownClusters.value;
  const current = clusters.find(({ clusterId }) => clusterId === known.clusterId);
  const home = clusters.find(({ isDefault }) => isDefault);
  return (
    <>
      <dl class="settings-facts">
        <Fact name="Node">
          <Id name="node" id={known.nodeId} />
        </Fact>
        <Fact name="Cluster">
          <Id name="cluster" id={known.clusterId} />
          {current?.isDefault === true && (
            <span class="hint">What a tab without an invite opens.</span>
          )}
        </Fact>
        {current !== undefined && (
          <Fact name="In this browser">
            {formatCounted(current.nodes, 'node')} of this cluster,{' '}
            {formatCounted(clusters.length, 'cluster')} in all
          </Fact>
        )}
      </dl>
      {clusters.length > 1 && (
        <div class="settings-actions">
          <button type="button" class="button" onClick={() => (openDialog.value = 'clusters')}>
            Clusters of this browser…
          </button>
          {home !== undefined && home !== current && (
            <button
              type="button"
              class="button"
              disabled={database.value === null}
              onClick={() => switchCluster(home)}
            >
              Open the default cluster
            </button>
          )}
        </div>
      )}
    </>
  );
}

function Id({ name, id }: { readonly name: string; readonly id: string }) {
  return (
    <span class="settings-id">
      <code>{id}</code>
      <CopyText label="Copy" name={`Copy the ${name}’s id`} text={id} />
    </span>
  );
}
