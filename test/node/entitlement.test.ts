/** Whole nodes: who gets in, by what, who is kept out, and who may have a link meanwhile. */

import { describe, expect, it } from 'vitest';
import { standingIn } from '../../src/node/access.ts';
import { VOTER_SILENCE_MS } from '../../src/node/limits.ts';
import type { Admission } from '../../src/node/messages.ts';
import { membersOf } from '../../src/raft/configuration.ts';
import type { InviteRecord, NodeId } from '../../src/raft/types.ts';
import { nodeIdOf, NodeCluster, type Member } from './node-cluster.ts';

const CONTACT = [nodeIdOf(0)];
const BY_INVITE: Admission = { type: 'invite', inviteId: 'one' };
const NOBODY: Admission = { type: 'none' };

const invite = (changes: Partial<InviteRecord> = {}): InviteRecord => ({
  id: 'one',
  verifier: 'v',
  createdAtMs: 0,
  expiresAtMs: null,
  usesLeft: null,
  ...changes,
});

function open(cluster: NodeCluster, record: InviteRecord, through = cluster.leader()) {
  return cluster.administer(through, { type: 'invite', invite: record });
}

/** Links may be had with these, as the member's transport knows. */
function linkable(member: Member): readonly NodeId[] {
  return membersOf(
    member.access?.configuration ?? { voters: [], outgoingVoters: [], learners: [] },
  );
}

const keysOf = (cluster: NodeCluster) => cluster.configuration().access.keys;

describe('an invite', () => {
  it('is opened and revoked through any member, and lets in meanwhile', () => {
    const cluster = new NodeCluster(['p', 'p', 'p']);
    const stranger = cluster.add('q', CONTACT, BY_INVITE);
    cluster.passMs(2_000);
    expect(cluster.isMember(stranger)).toBe(false);
    const follower = cluster.members.find((member) => member !== cluster.leader());
    expect(open(cluster, invite(), follower)).toEqual({ type: 'done', warning: '' });
    cluster.passMs(2_000);
    expect(cluster.isMember(stranger)).toBe(true);
    expect(keysOf(cluster)[stranger.nodeId]).toBe(stranger.key);
    expect(open(cluster, invite())).toEqual({ type: 'done', warning: '' });
    expect(cluster.configuration().access.invites).toMatchObject([{ id: 'one', usesLeft: null }]);
    const revoke = { type: 'revoke-invite', inviteId: 'one' } as const;
    expect(cluster.administer(stranger, revoke)).toEqual({ type: 'done', warning: '' });
    const late = cluster.add('q', CONTACT, BY_INVITE);
    cluster.passMs(3_000);
    expect(cluster.isMember(late)).toBe(false);
    expect(late.stopped).toBeNull();
    expect(cluster.isMember(stranger)).toBe(true);
  });

  it('of one use lets one in, and is gone', () => {
    const cluster = new NodeCluster(['p', 'p', 'p']);
    open(cluster, invite({ usesLeft: 1 }));
    const both = [cluster.add('q', CONTACT, BY_INVITE), cluster.add('r', CONTACT, BY_INVITE)];
    cluster.passMs(5_000);
    expect(both.filter((member) => cluster.isMember(member))).toHaveLength(1);
    open(cluster, invite({ id: 'two' }));
    expect(cluster.configuration().access.invites.map(({ id }) => id)).toEqual(['two']);
  });

  it('lets nobody in when its time is over, and is refused then', () => {
    const cluster = new NodeCluster(['p']);
    open(cluster, invite({ expiresAtMs: 5_000 }));
    cluster.passMs(5_000);
    const late = cluster.add('q', CONTACT, BY_INVITE);
    cluster.passMs(3_000);
    expect(cluster.isMember(late)).toBe(false);
    const outcome = open(cluster, invite({ id: 'two', expiresAtMs: 0 }));
    expect(outcome).toMatchObject({ failure: { code: 'Refused', applied: 'no' } });
  });

  it('outlives a joint change and a leader', () => {
    const cluster = new NodeCluster(['p', 'p', 'p', 'p']);
    open(cluster, invite());
    const leader = cluster.leader();
    cluster.crash(leader);
    cluster.passMs(VOTER_SILENCE_MS + 3_000);
    expect(cluster.voters()).not.toContain(leader.nodeId);
    expect(cluster.configuration().access.invites).toMatchObject([{ id: 'one', usesLeft: null }]);
  });
});

describe('a node without any', () => {
  it('stays outside, and one of them cannot ask for another', () => {
    const cluster = new NodeCluster(['p', 'p', 'p']);
    const stranger = cluster.add('q', CONTACT, NOBODY);
    cluster.passMs(2_000);
    const { nodeId, key } = stranger;
    // What a stranger says of another is not what anybody proved.
    cluster.nodeOf(cluster.leader()).receive({
      type: 'join-request',
      from: nodeId,
      to: cluster.leader().nodeId,
      nodeId: nodeIdOf(20),
      profileId: 'q',
      key,
      admission: { type: 'voucher', by: nodeIdOf(0) },
    });
    const remove = { type: 'remove', nodeId: nodeIdOf(1) } as const;
    cluster.nodeOf(cluster.leader()).receive({
      type: 'administration-request',
      from: nodeId,
      to: cluster.leader().nodeId,
      requestId: 1,
      administration: remove,
    });
    cluster.passMs(2_000);
    expect(membersOf(cluster.configuration())).toEqual([0, 1, 2].map(nodeIdOf));
  });
});

describe('keys', () => {
  it('of members that have none yet are noted, and never replaced', () => {
    const cluster = new NodeCluster(['p', 'p', 'p']);
    expect(keysOf(cluster)).toEqual({
      [nodeIdOf(0)]: 'key0',
      [nodeIdOf(1)]: 'key1',
      [nodeIdOf(2)]: 'key2',
    });
    const leader = cluster.leader();
    const [other] = cluster.members.filter((member) => member !== leader);
    const from = other?.nodeId ?? leader.nodeId;
    const { profileId } = leader;
    const request = { type: 'join-request', from, to: leader.nodeId, nodeId: from } as const;
    leader.node?.receive({ ...request, profileId, key: 'stolen', admission: NOBODY });
    cluster.passMs(3_000);
    expect(keysOf(cluster)[from]).toBe(other?.key);
  });
});

describe('a member that was let go', () => {
  const forgetting = () => new NodeCluster(['p', 'q', 'r', 's'], { learnerForgetMs: 30_000 });

  it('comes back by its key, under its own id', () => {
    const cluster = forgetting();
    const gone = cluster.member(3);
    cluster.crash(gone);
    cluster.passMs(60_000);
    expect(standingIn(cluster.configuration(), gone.nodeId)).toBe('former');
    expect(keysOf(cluster)[gone.nodeId]).toBeUndefined();
    const leader = cluster.nodeOf(cluster.leader());
    expect(leader.status().formerMembers).toEqual([gone.nodeId]);
    gone.admission = NOBODY;
    cluster.start(gone);
    cluster.passMs(5_000);
    expect(gone.stopped).toBeNull();
    expect(cluster.isMember(gone)).toBe(true);
    expect(cluster.configuration().access).toMatchObject({ former: [], removed: [] });
    expect(keysOf(cluster)[gone.nodeId]).toBe(gone.key);
  });

  it('may be removed all the same, and then neither comes back nor speaks for anybody', () => {
    const cluster = forgetting();
    const gone = cluster.member(3);
    cluster.crash(gone);
    cluster.passMs(60_000);
    const remove = { type: 'remove', nodeId: gone.nodeId } as const;
    const through = cluster.members.find((one) => one.node !== null && one !== cluster.leader());
    const outcome = cluster.administer(through ?? cluster.leader(), remove);
    expect(outcome).toMatchObject({ type: 'done' });
    const { access } = cluster.configuration();
    expect(access).toMatchObject({ former: [], removed: [gone.nodeId] });
    const heir = cluster.add('s', CONTACT, { type: 'voucher', by: gone.nodeId });
    gone.admission = NOBODY;
    cluster.start(gone);
    cluster.passMs(5_000);
    expect(cluster.isMember(gone)).toBe(false);
    expect(cluster.isMember(heir)).toBe(false);
    expect(gone.stopped?.code).toBe('Removed');
  });

  it('speaks for another of its profile', () => {
    const cluster = forgetting();
    const gone = cluster.member(3);
    cluster.crash(gone);
    cluster.passMs(60_000);
    const heir = cluster.add('s', CONTACT, { type: 'voucher', by: gone.nodeId });
    cluster.passMs(3_000);
    expect(cluster.isMember(heir)).toBe(true);
  });
});

describe('a member that was removed', () => {
  it('is locked out with all it had, and speaks for nobody', () => {
    const cluster = new NodeCluster(['p', 'q', 'r', 's']);
    open(cluster, invite());
    const gone = cluster.member(3);
    cluster.administer(cluster.leader(), { type: 'remove', nodeId: gone.nodeId });
    const { access } = cluster.configuration();
    expect(access.removed).toEqual([gone.nodeId]);
    expect(access.keys[gone.nodeId]).toBeUndefined();
    // Its storage is gone: it asks as a newcomer would, and has an invite.
    const { nodeId, key } = gone;
    for (const admission of [BY_INVITE, { type: 'voucher', by: nodeIdOf(0) }] as const) {
      cluster.nodeOf(cluster.leader()).receive({
        type: 'join-request',
        from: nodeIdOf(0),
        to: cluster.leader().nodeId,
        nodeId,
        profileId: 's',
        key,
        admission,
      });
    }
    const friend = cluster.add('s', CONTACT, { type: 'voucher', by: nodeId });
    // It knew the invite that was open, and comes as somebody else.
    const disguised = cluster.add('s', CONTACT, BY_INVITE);
    cluster.passMs(3_000);
    for (const who of [gone, friend, disguised]) expect(cluster.isMember(who)).toBe(false);
  });

  it('before it knew that it had been let in stops when it is told', () => {
    const cluster = new NodeCluster(['p', 'q', 'r']);
    const early = cluster.add('s');
    cluster.waitFor(() => cluster.isMember(early), 3_000, 'a member');
    cluster.isolate(early);
    expect(cluster.nodeOf(early).raft.committedConfiguration.index).toBe(0);
    cluster.administer(cluster.leader(), { type: 'remove', nodeId: early.nodeId });
    cluster.reconnect(early);
    cluster.waitFor(() => early.stopped !== null, 3_000, 'its end');
    expect(early.stopped?.code).toBe('Removed');
  });

  it('keeps its links until that is committed, and for a moment', () => {
    const cluster = new NodeCluster(['p', 'q', 'r', 's']);
    const leader = cluster.leader();
    // It leads on until its own leaving is committed: nobody else may take over.
    const others = cluster.members.filter((member) => member !== leader);
    const { term } = cluster.nodeOf(leader).raft;
    cluster.administer(leader, { type: 'leave', nodeId: leader.nodeId });
    expect(leader.stopped?.code).toBe('Removed');
    expect(others.every((member) => !linkable(member).includes(leader.nodeId))).toBe(true);
    for (const { access } of others) {
      expect(access?.configuration.access.removed).toEqual([leader.nodeId]);
    }
    expect(cluster.nodeOf(cluster.leader()).raft.term).toBeLessThanOrEqual(term + 1);
  });
});

describe('who may have a link (TR7)', () => {
  it('is told at the start and with every change, with the committed index', () => {
    const cluster = new NodeCluster(['p', 'q', 'r']);
    for (const member of cluster.members) {
      const { configurationIndex } = cluster.nodeOf(member).raft;
      expect(member.access?.configuration).toEqual(cluster.configuration());
      expect(member.access?.committedIndex).toBe(configurationIndex);
    }
  });

  it('a node that was away is told of members it does not know, before its log says so', () => {
    const cluster = new NodeCluster(['p', 'q', 'r', 's']);
    const away = cluster.member(3);
    cluster.crash(away);
    const fresh = cluster.add('t');
    cluster.waitFor(() => cluster.isMember(fresh), 3_000, 'a new member');
    const leader = cluster.leader();
    // The one that brings entries is not heard.
    cluster.isolate(leader);
    cluster.start(away);
    expect(linkable(away)).not.toContain(fresh.nodeId);
    cluster.waitFor(() => linkable(away).includes(fresh.nodeId), 1_000, 'news');
    expect(away.access?.configuration.access.keys[fresh.nodeId]).toBe(fresh.key);
    expect(away.access?.configuration.access.invites).toEqual([]);
    cluster.reconnect(leader);
    cluster.passMs(5_000);
    expect(away.access?.configuration).toEqual(cluster.configuration());
  });

  it('a newcomer is told who the members are, by whoever it asks', () => {
    const cluster = new NodeCluster(['p', 'q', 'r']);
    const stranger = cluster.add('s', CONTACT, NOBODY);
    cluster.passMs(1_000);
    expect(linkable(stranger)).toEqual([0, 1, 2].map(nodeIdOf));
  });

  it('and stays one until its admission is committed: that may be lost with its leader', () => {
    const cluster = new NodeCluster(['p', 'q', 'r']);
    const leader = cluster.leader();
    cluster.isolate(...cluster.members.filter((member) => member !== leader));
    const early = cluster.add('s', [leader.nodeId]);
    const isNamed = () =>
      membersOf(cluster.nodeOf(early).raft.configuration).includes(early.nodeId);
    cluster.waitFor(isNamed, 1_000, 'an admission');
    expect(linkable(early)).toContain(leader.nodeId);
    expect(linkable(early)).not.toContain(early.nodeId);
    cluster.isolate(leader, early);
    cluster.reconnect(...cluster.members.filter((one) => one !== leader && one !== early));
    cluster.passMs(5_000);
    expect(cluster.isMember(early)).toBe(false);
    expect(linkable(early)).not.toContain(early.nodeId);
    cluster.reconnect(early);
    cluster.waitFor(() => cluster.isMember(early), 5_000, 'another admission');
    cluster.passMs(500);
    expect(linkable(early)).toContain(early.nodeId);
  });

  it('and believes no stranger once it belongs', () => {
    const cluster = new NodeCluster(['p', 'q', 'r']);
    const stranger = cluster.add('s', CONTACT, NOBODY);
    const member = cluster.member(1);
    const { configuration } = cluster.nodeOf(member).raft;
    const notice = { type: 'configuration-notice', to: member.nodeId, configuration } as const;
    const index = cluster.nodeOf(member).raft.lastIndex;
    const lie = { ...configuration, voters: [stranger.nodeId] };
    cluster.nodeOf(member).receive({
      ...notice,
      configuration: lie,
      from: stranger.nodeId,
      index: (index + 100) as typeof index,
    });
    cluster.passMs(100);
    expect(linkable(member)).toEqual(membersOf(configuration));
  });
});
