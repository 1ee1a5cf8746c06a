/** Each election that this tab saw, the last one first: what the lines across the plots mean. */

import { useId } from 'preact/hooks';
import { status } from '../store.ts';
import { shortId } from '../wording.ts';
import { recording } from './metrics-store.ts';
import { colourOfTerm } from '../raft/drawn.ts';
import { timeOfDay } from './plot-list.ts';

export function Elections() {
  const title = useId();
  const { leaderChanges } = recording.value;
  const own = status.value?.nodeId;
  return (
    <section class="card metrics-plot metrics-elections" aria-labelledby={title}>
      <h3 id={title}>Elections</h3>
      <p class="hint">Lines across the plots, in the colour of the new term.</p>
      {leaderChanges.length === 0 ? (
        <p>No other leader since this view was first opened.</p>
      ) : (
        <ol tabIndex={0} aria-labelledby={title}>
          {leaderChanges.toReversed().map(({ atMs, term, leaderId }) => (
            <li key={`${term} ${leaderId}`}>
              <span
                class="metrics-key"
                style={{ background: `var(${colourOfTerm(term)})` }}
                aria-hidden="true"
              />
              <time dateTime={new Date(atMs).toISOString()}>{timeOfDay(atMs)}</time>
              <span>
                term {term}, <code>{shortId(leaderId)}</code>
                {leaderId === own && ', this tab'}
              </span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
