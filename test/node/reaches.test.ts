/** Who is connected, suspect or away, and whom each member says it reaches, in whole clusters. */

import { describe, expect, test } from 'vitest';
import { LINK_SUSPECT_MS } from '../../src/node/limits.ts';
import type { MemberStatus } from '../../src/node/status.ts';
import type { NodeId } from '../../src/raft/types.ts';
import { NodeCluster, type Member } from './node-cluster.ts';

const ANNOUNCED_MS = 600;

function seenBy(cluster: NodeCluster, member: Member): Map<NodeId, MemberStatus> {
  const { members } = cluster.nodeOf(member).status();
  return new Map(members.map((status) => [status.nodeId, status]));
}

function three(): { cluster: NodeCluster; a: Member; b: Member; c: Member } {
  const cluster = new NodeCluster(['', '', '']);
  return { cluster, a: cluster.member(0), b: cluster.member(1), c: cluster.member(2) };
}

describe('members tell whom they reach', () => {
  test('all others, where all are linked', () => {
    const { cluster, a, b, c } = three();
    const seen = seenBy(cluster, a);
    const ids = [a, b, c].map(({ nodeId }) => nodeId);
    for (const id of ids) {
      expect(seen.get(id)).toMatchObject({
        liveness: 'connected',
        reaches: ids.filter((other) => other !== id).toSorted(),
      });
    }
  });

  test('a cut between two is known to the third, and its end too', () => {
    const { cluster, a, b, c } = three();
    const setLink = (up: boolean): void => {
      cluster.nodeOf(b).linkChanged(c.nodeId, up);
      cluster.nodeOf(c).linkChanged(b.nodeId, up);
      cluster.passMs(ANNOUNCED_MS);
    };
    setLink(false);
    const seen = seenBy(cluster, a);
    expect(seen.get(b.nodeId)?.reaches).toEqual([a.nodeId]);
    expect(seen.get(c.nodeId)?.reaches).toEqual([a.nodeId]);
    expect(seenBy(cluster, b).get(c.nodeId)).toMatchObject({ liveness: 'away', reaches: null });
    setLink(true);
    expect(seenBy(cluster, a).get(b.nodeId)?.reaches).toEqual([a.nodeId, c.nodeId].toSorted());
  });

  test('who is linked and silent is suspect, and counts as reached by nobody until it speaks', () => {
    const { cluster, a, b, c } = three();
    cluster.freeze(c);
    cluster.passMs(LINK_SUSPECT_MS - ANNOUNCED_MS);
    expect(seenBy(cluster, a).get(c.nodeId)?.liveness).toBe('connected');
    cluster.passMs(2 * ANNOUNCED_MS);
    expect(seenBy(cluster, a).get(c.nodeId)).toMatchObject({
      liveness: 'suspect',
      connected: true,
    });
    expect(seenBy(cluster, a).get(b.nodeId)?.reaches).toEqual([a.nodeId]);
    cluster.thaw(c);
    cluster.passMs(2 * ANNOUNCED_MS);
    expect(seenBy(cluster, a).get(c.nodeId)?.liveness).toBe('connected');
    expect(seenBy(cluster, a).get(b.nodeId)?.reaches).toEqual([a.nodeId, c.nodeId].toSorted());
  });
});
