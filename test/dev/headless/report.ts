/** What a node that has just been opened by an invite tells, but for `fields`. */

import type { NodeReport } from '../../../src/dev/headless/page-script.ts';

export function report(fields: Partial<NodeReport> = {}): NodeReport {
  return {
    type: 'status',
    clusterId: 'c',
    nodeId: 'own',
    state: 'joining',
    stoppedReason: null,
    role: 'follower',
    term: 3,
    leaderId: null,
    voters: [],
    voterProfiles: 0,
    connectedVoters: 0,
    survivesLosses: 0,
    survivesProfileLosses: 0,
    others: [],
    quarantined: false,
    stalledAt: null,
    persisted: true,
    signalling: 'connected',
    refusal: null,
    isOutdated: false,
    ...fields,
  };
}
