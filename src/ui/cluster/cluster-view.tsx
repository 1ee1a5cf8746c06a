/** The cluster as it is now. */

import '../style/cluster.css';
import { ClusterPanel } from '../cluster-panel.tsx';

export function ClusterView() {
  return <ClusterPanel />;
}
