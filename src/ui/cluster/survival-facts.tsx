/** How many losses the cluster survives now, of members and of whole browsers. */

import type { NodeStatus } from '../../node/status.ts';
import { describeTolerance, halvesOf, healthOf, isOneProfile, majority } from '../health.ts';
import { wokenNodes } from '../stored-nodes.ts';
import { formatCounted } from '../wording.ts';

export function SurvivalFacts({ status }: { readonly status: NodeStatus }) {
  const { voters, connectedVoters } = healthOf(status);
  const isJoint = status.outgoingVoters.length > 0;
  const isIn = voters > 0 && status.state !== 'stopped';
  return (
    <>
      <p class="cluster-line">
        {isIn && (
          <strong>
            {connectedVoters} of {voters} {voters === 1 ? 'voter' : 'voters'} connected
            {isJoint && ', while the former ones decide, too'}.{' '}
          </strong>
        )}
        {describeTolerance(status, 1 + wokenNodes.value.length)}
      </p>
      {isIn && (
        <dl class="survival-facts">
          <div>
            <dt>Majority</dt>
            <dd>
              {halvesOf(status)
                .map(({ length }) => `${majority(length)} of ${length}`)
                .join(' and ')}
            </dd>
          </div>
          <div>
            <dt>Spare members</dt>
            <dd>{status.survivesLosses}</dd>
          </div>
          <div>
            <dt>Spare browsers</dt>
            <dd>
              {status.survivesProfileLosses}{' '}
              <span class="hint">of {formatCounted(profilesOf(status), 'profile')}</span>
            </dd>
          </div>
        </dl>
      )}
      {isOneProfile(status) && (
        <p class="hint cluster-hint">
          All voters live in this browser profile, and are lost with it. Invite another browser.
        </p>
      )}
    </>
  );
}

/** A member that names none counts for one. */
function profilesOf({ members }: NodeStatus): number {
  const voters = members.filter(({ voter }) => voter);
  return new Set(voters.map(({ profileId, nodeId }) => profileId ?? nodeId)).size;
}
