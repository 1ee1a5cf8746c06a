/** What a run came to, in words. */

import type { Verdict } from '../../lab/protocol.ts';
import { restart, stepBack } from './lab-store.ts';

export function VerdictCard({ verdict }: { readonly verdict: Verdict }) {
  const isHeld = verdict.type === 'held';
  return (
    <section
      class={`card lab-verdict ${isHeld ? '' : 'lab-verdict-bad'}`}
      aria-labelledby="lab-verdict"
      role="status"
    >
      <h3 id="lab-verdict">{isHeld ? 'Everything held' : `Violated: ${verdict.property}`}</h3>
      {isHeld ? (
        <p>
          The run came to its end, and after every event of it all that Raft and the database
          promise was true.
        </p>
      ) : (
        <>
          <p>
            <code>{verdict.evidence}</code>
          </p>
          <p class="hint">
            The world stands still in the moment in which it showed. Go back to see how it came.
          </p>
        </>
      )}
      <div class="lab-ways">
        <button type="button" class="button" onClick={() => void stepBack('notable')}>
          Step back
        </button>
        <button type="button" class="button" onClick={() => void restart()}>
          From the beginning
        </button>
      </div>
    </section>
  );
}
