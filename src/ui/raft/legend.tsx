/** What the drawings' colours and shapes mean. */

import '../style/raft.css';
import type { MessageKind } from './drawn.ts';

const MESSAGES: readonly (readonly [MessageKind, string])[] = [
  ['append', 'AppendEntries'],
  ['heartbeat', 'heartbeat'],
  ['answer', 'answer'],
  ['vote', 'vote'],
  ['snapshot', 'snapshot'],
  ['other', 'other'],
];

export function RingLegend() {
  return (
    <ul class="legend" aria-label="Legend of the ring">
      {(['leader', 'candidate', 'follower'] as const).map((role) => (
        <li key={role}>
          <svg class="legend-sign" viewBox="-9 -9 18 18" aria-hidden="true">
            <g class={`ring-member term-unknown ring-${role}`}>
              <circle class="ring-body" r={7} />
            </g>
          </svg>
          {role}
        </li>
      ))}
      {MESSAGES.map(([kind, name]) => (
        <li key={kind}>
          <svg class="legend-sign" viewBox="-9 -9 18 18" aria-hidden="true">
            <circle class={`message message-${kind}`} r={kind === 'heartbeat' ? 3.5 : 5} />
          </svg>
          {name}
        </li>
      ))}
      <li class="legend-words">A member has the colour of its term.</li>
    </ul>
  );
}

export function LogLegend() {
  return (
    <ul class="legend" aria-label="Legend of the logs">
      <li>
        <span class="legend-sign log-run term-1" aria-hidden="true" /> committed
      </li>
      <li>
        <span class="legend-sign log-run log-open term-1" aria-hidden="true" /> not yet
      </li>
      <li>
        <span class="legend-sign log-snapshot" aria-hidden="true" /> snapshot
      </li>
      <li>
        <span class="legend-mark log-mark log-mark-applied" aria-hidden="true" /> applied
      </li>
      <li>
        <span class="legend-mark log-mark log-mark-match" aria-hidden="true" /> matchIndex
      </li>
      <li>
        <span class="legend-mark log-mark log-mark-next" aria-hidden="true" /> nextIndex
      </li>
      <li class="legend-words">Numbers are terms; columns are indexes.</li>
    </ul>
  );
}
