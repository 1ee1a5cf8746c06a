/** The ring of members with their messages, and what may be done to all of them. */

import { RingLegend } from '../raft/legend.tsx';
import { Ring } from '../raft/ring.tsx';
import {
  canAct,
  delayMessages,
  delayMs,
  healEverything,
  isFaulty,
  isHere,
  killLeader,
  select,
  selection,
} from './cluster-acts.ts';
import { picture, traffic } from './cluster-live.ts';
import { LinkPanel } from './link-panel.tsx';
import { describeRing } from './ring-words.ts';

const LONGEST_DELAY_MS = 500;
const DELAY_STEP_MS = 10;

export function RingCard() {
  const { value: drawn } = picture;
  if (drawn === null) return null;
  return (
    <section class="card cluster-ring" aria-labelledby="cluster-ring-title">
      <h2 id="cluster-ring-title">Cluster</h2>
      <p class="hint">{describeRing(drawn)}</p>
      <Ring
        label="Members and the links between them"
        members={drawn.members}
        links={drawn.links}
        selection={selection.value}
        onSelect={select}
        traffic={traffic}
      />
      <PickedLink />
      <Controls />
      <RingLegend />
    </section>
  );
}

/** Said, since by keyboard nobody sees it come; it stands where a finger that picked the link sees it. */
function PickedLink() {
  const { value: picked } = selection;
  return (
    <div role="status">
      {picked?.type === 'link' && <LinkPanel one={picked.one} other={picked.other} />}
    </div>
  );
}

function Controls() {
  const leaderId = picture.value?.leaderId ?? null;
  const isLeaderHere = leaderId !== null && isHere(leaderId);
  return (
    <div class="ring-controls">
      <button
        type="button"
        class="button button-danger"
        disabled={!isLeaderHere}
        title={
          leaderId !== null && !isLeaderHere ? 'The leader’s tab is in another browser' : undefined
        }
        onClick={() => void killLeader()}
      >
        Kill the leader…
      </button>
      <button type="button" class="button" disabled={!isFaulty.value} onClick={healEverything}>
        Heal everything
      </button>
      <label class="ring-delay">
        <span>Latency</span>
        <input
          type="range"
          min={0}
          max={LONGEST_DELAY_MS}
          step={DELAY_STEP_MS}
          value={delayMs.value}
          disabled={!canAct.value}
          aria-valuetext={`${delayMs.value} milliseconds more`}
          onInput={({ currentTarget }) => delayMessages(currentTarget.valueAsNumber)}
        />
        <output>+{delayMs.value} ms</output>
      </label>
    </div>
  );
}
