import { describe, expect, it } from 'vitest';
import {
  standingIn,
  tidied,
  withFormer,
  withInvite,
  withKeys,
  withMember,
  withRemoved,
} from '../../src/node/access.ts';
import { planInvites } from '../../src/node/invites.ts';
import { MAX_FORMER_MEMBERS, MAX_INVITES, MAX_REMOVED_MEMBERS } from '../../src/node/limits.ts';
import { NO_ACCESS } from '../../src/raft/configuration.ts';
import type { Access, InviteRecord, NodeId } from '../../src/raft/types.ts';

const id = (name: string): NodeId => name as NodeId;
const ids = (count: number): NodeId[] => Array.from({ length: count }, (_, i) => id(`n${i}`));
const invite = (name: string, changes: Partial<InviteRecord> = {}): InviteRecord => ({
  id: name,
  verifier: name,
  createdAtMs: 0,
  expiresAtMs: null,
  usesLeft: null,
  ...changes,
});

const withThree = (): Access => withKeys(NO_ACCESS, { [id('a')]: '1', [id('b')]: '2' });

describe('keys', () => {
  it('are never replaced, and no two nodes have the same', () => {
    const known = withKeys(withThree(), { [id('a')]: 'other', [id('c')]: '2', [id('d')]: '' });
    expect(known.keys).toEqual({ a: '1', b: '2' });
    const former = withFormer(withThree(), [id('b')]);
    expect(withKeys(former, { [id('c')]: '2', [id('d')]: '4' }).keys).toEqual({ a: '1', d: '4' });
  });
});

describe('members that go', () => {
  it('are let go with their key, or removed without it', () => {
    const former = withFormer(withThree(), [id('b'), id('keyless')]);
    expect(former).toMatchObject({ keys: { a: '1' }, former: [{ nodeId: 'b', key: '2' }] });
    const removed = withRemoved(former, [id('b'), id('a')]);
    expect(removed).toEqual({ keys: {}, former: [], removed: ['b', 'a'], invites: [] });
    expect(withRemoved(removed, [id('b')]).removed).toEqual(['a', 'b']);
  });

  it('are in one place at most', () => {
    const back = withMember(withFormer(withThree(), [id('b')]), id('b'), '2');
    expect(back).toEqual(withThree());
    const again = withFormer(withMember(back, id('c'), '3'), [id('c')]);
    expect(withFormer(again, [id('c')]).former).toEqual([]);
  });

  it('are remembered up to a bound, the latest', () => {
    const all = ids(300);
    const removed = withRemoved(withRemoved(NO_ACCESS, all.slice(0, 200)), all.slice(200));
    expect(removed.removed).toEqual(all.slice(-MAX_REMOVED_MEMBERS));
    const keys = Object.fromEntries(all.map((name) => [name, `key of ${name}`]));
    const { former } = withFormer(withKeys(NO_ACCESS, keys), all);
    expect(former.map(({ nodeId }) => nodeId)).toEqual(all.slice(-MAX_FORMER_MEMBERS));
  });

  it('stand where the configuration has them; a voter on its way out is a member', () => {
    const access = { ...withFormer(withThree(), [id('b')]), removed: [id('o'), id('r')] };
    const configuration = {
      voters: [id('a')],
      outgoingVoters: [id('o')],
      learners: [],
      profiles: {},
      access,
    };
    const standings = ['a', 'o', 'b', 'r', 'x'].map((name) => standingIn(configuration, id(name)));
    expect(standings).toEqual(['member', 'member', 'former', 'removed', 'unknown']);
  });
});

describe('invites', () => {
  const open = withInvite(NO_ACCESS, invite('one', { expiresAtMs: 500 }));

  it('that are over go with any change', () => {
    const all = withInvite(withInvite(open, invite('two')), invite('three', { usesLeft: 0 }));
    expect(tidied(all, 499).invites.map((one) => one.id)).toEqual(['one', 'two']);
    expect(tidied(all, 500).invites.map((one) => one.id)).toEqual(['two']);
  });

  it('are asked for any number of times', () => {
    const ask = { type: 'invite', invite: invite('one', { usesLeft: 7 }) } as const;
    expect(planInvites(open, ask, 0)).toEqual({ type: 'done' });
    // It is over, and another may have its name.
    expect(planInvites(open, ask, 500)).toMatchObject({
      access: { invites: [{ id: 'one', usesLeft: 7 }] },
    });
  });

  it('have their time from when they are opened, by the time of the leader', () => {
    const terms = { createdAtMs: 7_000, expiresAtMs: 7_300 };
    const ask = { type: 'invite', invite: invite('new', terms) } as const;
    expect(planInvites(NO_ACCESS, ask, 100)).toMatchObject({
      access: { invites: [{ createdAtMs: 100, expiresAtMs: 400 }] },
    });
  });

  it('are revoked any number of times', () => {
    const revoke = { type: 'revoke-invite', inviteId: 'one' } as const;
    expect(planInvites(open, revoke, 0)).toMatchObject({ access: { invites: [] } });
    expect(planInvites(NO_ACCESS, revoke, 0)).toEqual({ type: 'done' });
  });

  it('are refused where they would let nobody in, or too many are open', () => {
    for (const useless of [{ usesLeft: 0 }, { expiresAtMs: 0 }]) {
      const ask = { type: 'invite', invite: invite('new', useless) } as const;
      expect(planInvites(open, ask, 100)).toMatchObject({
        type: 'refused',
        message: expect.stringContaining('over before it is open'),
      });
    }
    const invites = ids(MAX_INVITES).map((name) => invite(name));
    const ask = { type: 'invite', invite: invite('new') } as const;
    expect(planInvites({ ...NO_ACCESS, invites }, ask, 0)).toMatchObject({
      type: 'refused',
      message: expect.stringContaining('revoke one'),
    });
  });
});
