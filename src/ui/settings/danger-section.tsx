/** What cannot be taken back: leaving the cluster, and going on without the others. */

import { signal } from '@preact/signals';
import type { Database } from '../../client/database.ts';
import { reloadPage } from '../leaving.ts';
import { isRecoveryOffered, RecoverAction } from '../recover-action.tsx';
import { database, openedWith, startOver, status } from '../store.ts';
import { capital } from '../wording.ts';
import { ConfirmedAction } from './confirmed-action.tsx';

/** What the leader said as this tab's node left; '': nothing. */
const farewell = signal('');

export function DangerSection() {
  return (
    <>
      {hasLeft() ? (
        <Left />
      ) : (
        <>
          <Leaving />
          <Forgetting />
        </>
      )}
      <div class="danger-part">
        <h3>Recover</h3>
        <p class="settings-text">
          Where the other members are gone for good, this copy can go on as a new cluster.
          {!isRecoveryOffered.value && ' Offered here when there has been no quorum for a while.'}
        </p>
        <RecoverAction />
      </div>
    </>
  );
}

function hasLeft(): boolean {
  const { value: known } = status;
  return known?.state === 'stopped' && known.transport.refusal === 'removed';
}

function Leaving() {
  const { value: opened } = database;
  return (
    <div class="danger-part">
      <h3>Leave the cluster</h3>
      <p class="settings-text">
        Takes this tab’s node out for good. A tab that is merely closed stays a member, and is
        waited for.
      </p>
      <ConfirmedAction
        label="Leave the cluster…"
        confirm="Leave for good"
        isDisabled={opened === null || status.value?.state !== 'running'}
        run={async () => {
          if (opened !== null) await leave(opened);
        }}
      >
        <p>
          The cluster goes on without this node, and may survive one loss fewer until another tab
          takes its place. Its copy of the data is deleted, its id is never used again, and this tab
          answers nothing until it begins anew. What the other members hold stays.
        </p>
        <p>
          It is refused where the data would be left in one copy, and waits for a majority of the
          others.
        </p>
      </ConfirmedAction>
    </div>
  );
}

function Forgetting() {
  const { value: opened } = database;
  return (
    <div class="danger-part">
      <h3>Forget this node</h3>
      <p class="settings-text">
        For when the cluster cannot be asked: deletes this tab’s copy without its consent.
      </p>
      <ConfirmedAction
        label="Forget this node…"
        confirm="Forget for good"
        isDisabled={opened === null || status.value?.state === 'stopped'}
        run={async () => {
          if (opened !== null) await opened.leave({ force: true });
        }}
      >
        <p>
          This tab’s copy of the data is deleted, and its id is never used again. The others are not
          told: a voter is missing until they replace it, and where no majority is left without this
          node, nothing can be written any more. Leave the cluster instead where it can be asked.
        </p>
        <p>It is refused where no other voter could go on with the data.</p>
      </ConfirmedAction>
    </div>
  );
}

async function leave(from: Database): Promise<void> {
  farewell.value = (await from.leave()).warning;
}

/** Out of the cluster, whether by this button or by another member. */
function Left() {
  return (
    <div class="danger-part">
      <h3>This tab’s node is no member any more</h3>
      {farewell.value !== '' && <p>{capital(farewell.value)}.</p>}
      <p class="settings-text" role="status">
        Begin anew, and this tab comes back as a new node, which the members send the data. Where no
        other node of this browser belongs to the cluster, it takes an invite link of theirs.
      </p>
      <div class="settings-actions">
        <button type="button" class="button button-main" onClick={reloadPage}>
          Begin anew
        </button>
        {openedWith !== null && (
          <button type="button" class="button" onClick={startOver}>
            Open this browser’s default cluster
          </button>
        )}
      </div>
    </div>
  );
}
