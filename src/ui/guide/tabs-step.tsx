/** The first thing a newcomer reads: what this is, and that it takes two more tabs. */

import { healthOf, SAFE_MEMBERS } from '../health.ts';
import { database, nextTabAddress, status } from '../store.ts';

export function TabsStep() {
  const { value: known } = status;
  const here = known === null ? 0 : healthOf(known).presentMembers;
  const isGrown = here >= SAFE_MEMBERS;
  return (
    <>
      <h2 id="guide-title">A SQL database that lives in your browser tabs</h2>
      <p class="guide-text">
        Each tab is a server: SQLite on your disk, kept equal by Raft, with nothing behind it. With
        three tabs, any one may close or crash.
      </p>
      <div class="guide-do">
        {isGrown ? (
          <button type="button" class="button button-main" disabled>
            Joining…
          </button>
        ) : (
          <a
            class="button button-main"
            href={nextTabAddress.value}
            target="_blank"
            rel="noopener"
            aria-disabled={database.value === null}
          >
            Open the next tab
          </a>
        )}
        <p role="status">
          <strong>
            {Math.min(here, SAFE_MEMBERS)} of {SAFE_MEMBERS} tabs {here === 1 ? 'is' : 'are'} here
          </strong>
          {isGrown ? '; the new ones catch up.' : ': no fault tolerance yet.'}
        </p>
      </div>
    </>
  );
}
