/** The cluster as it is now: who is in it, what they say to each other, and what happened. */

import '../style/cluster.css';
import '../style/reachability.css';
import '../style/timeline.css';
import { useEffect } from 'preact/hooks';
import { AboutCard } from './about-card.tsx';
import { picture, watchCluster } from './cluster-live.ts';
import { LogsCard } from './logs-card.tsx';
import { MembersCard } from './members-card.tsx';
import { RingCard } from './ring-card.tsx';
import { database } from '../store.ts';
import { TimelineCard } from './timeline-card.tsx';

export function ClusterView() {
  useEffect(() => watchCluster(), []);
  // All of it at once, so that nothing that comes later moves what is read.
  if (picture.value === null) {
    return (
      <p class="hint">{database.value === null ? 'This tab’s node is not open.' : 'Looking…'}</p>
    );
  }
  return (
    <div class="cluster-view">
      <RingCard />
      <MembersCard />
      <LogsCard />
      <TimelineCard />
      <AboutCard />
    </div>
  );
}
