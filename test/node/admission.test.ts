import { describe, expect, it } from 'vitest';
import { admit, type Newcomer } from '../../src/node/admission.ts';
import type { Admission } from '../../src/node/messages.ts';
import { MAX_MEMBERS } from '../../src/node/limits.ts';
import { Newcomers } from '../../src/node/newcomers.ts';
import {
  configurationOf,
  enterJoint,
  leaveJoint,
  NO_ACCESS,
} from '../../src/raft/configuration.ts';
import type { Access, Configuration, InviteRecord, NodeId } from '../../src/raft/types.ts';

const id = (name: string): NodeId => name as NodeId;
const NOW_MS = 1_000_000;

const invite = (name: string, usesLeft: number | null = null): InviteRecord => ({
  id: name,
  verifier: `verifier of ${name}`,
  createdAtMs: 0,
  expiresAtMs: null,
  usesLeft,
});

/** a votes, b learns; f was let go, r was removed. */
function clusterWith(access: Partial<Access> = {}): Configuration {
  return {
    voters: [id('a')],
    outgoingVoters: [],
    learners: [id('b')],
    profiles: {},
    access: {
      keys: { [id('a')]: 'key a', [id('b')]: 'key b' },
      former: [{ nodeId: id('f'), key: 'key f' }],
      removed: [id('r')],
      invites: [invite('open')],
      ...access,
    },
  };
}

const BY_INVITE: Admission = { type: 'invite', inviteId: 'open' };

function verdict(newcomer: Partial<Newcomer>, configuration = clusterWith()) {
  return admit(
    configuration,
    { nodeId: id('n'), key: 'key n', admission: BY_INVITE, ...newcomer },
    NOW_MS,
  );
}

function reasonOf(newcomer: Partial<Newcomer>, configuration = clusterWith()): string {
  const found = verdict(newcomer, configuration);
  return found.type === 'refused' ? found.reason : 'admitted';
}

const voucherBy = (by: string): Admission => ({ type: 'voucher', by: id(by) });

describe('who is taken in', () => {
  it('is who has an open invite, and its key is known from then on', () => {
    const found = verdict({});
    expect(found).toMatchObject({ type: 'admitted', access: { keys: { a: 'key a', n: 'key n' } } });
  });

  it.each([
    ['a member', 'a', 'admitted'],
    ['a learner', 'b', 'admitted'],
    ['a former member', 'f', 'admitted'],
    ['a removed member', 'r', 'r does not belong to the cluster'],
    ['nobody that is known', 'x', 'x does not belong to the cluster'],
    ['itself, unknown', 'n', 'n does not belong to the cluster'],
  ])('needs a voucher by a member, present or former: %s', (_, by, reason) => {
    expect(reasonOf({ admission: voucherBy(by) })).toBe(reason);
  });

  it('is never who was removed, whatever it has', () => {
    for (const admission of [BY_INVITE, voucherBy('a'), voucherBy('r')]) {
      expect(reasonOf({ nodeId: id('r'), key: 'another', admission })).toBe('it was removed');
    }
  });

  it('is a former member by its key alone, and by no other key', () => {
    const back = verdict({ nodeId: id('f'), key: 'key f', admission: voucherBy('f') });
    expect(back).toMatchObject({ type: 'admitted', access: { keys: { f: 'key f' }, former: [] } });
    for (const admission of [BY_INVITE, voucherBy('f'), voucherBy('a')]) {
      const reason = reasonOf({ nodeId: id('f'), key: 'stolen', admission });
      expect(reason).toBe('its key is another than it had');
    }
  });

  it('is nobody without invite or voucher', () => {
    expect(reasonOf({ admission: { type: 'none' } })).toBe('it has no invite');
  });

  it('is nobody with the key of another, present or former', () => {
    for (const key of ['key a', 'key b', 'key f']) {
      expect(reasonOf({ key })).toBe('another node has its key');
    }
  });

  it('needs a key where others have one', () => {
    expect(reasonOf({ key: '' })).toBe('it has no key');
    const keyless = clusterWith({ keys: {}, former: [] });
    expect(reasonOf({ key: '' }, keyless)).toBe('admitted');
  });
});

describe('an invite', () => {
  const withInvite = (changes: Partial<InviteRecord>): Configuration =>
    clusterWith({ invites: [{ ...invite('open'), ...changes }] });

  it.each([
    [{ expiresAtMs: NOW_MS }, 'its invite is over'],
    [{ expiresAtMs: NOW_MS + 1 }, 'admitted'],
    [{ expiresAtMs: 0 }, 'its invite is over'],
    [{ usesLeft: 0 }, 'its invite is over'],
    [{ usesLeft: 1 }, 'admitted'],
    [{ id: 'other' }, 'its invite is not known, or not any more'],
  ])('of %j: %s', (changes, reason) => {
    expect(reasonOf({}, withInvite(changes))).toBe(reason);
  });

  it('has a use less for each whom it lets in, and none taken by a voucher', () => {
    const two = withInvite({ usesLeft: 2 });
    expect(verdict({}, two)).toMatchObject({ access: { invites: [{ usesLeft: 1 }] } });
    expect(verdict({ admission: voucherBy('a') }, two)).toMatchObject({
      access: { invites: [{ usesLeft: 2 }] },
    });
    expect(verdict({})).toMatchObject({ access: { invites: [{ usesLeft: null }] } });
  });
});

describe('newcomers that wait', () => {
  const newcomer = (name: string, admission: Admission = BY_INVITE): Newcomer => ({
    nodeId: id(name),
    key: `key ${name}`,
    admission,
  });

  it('two with one last use: one gets in, with the change that takes the use', () => {
    const configuration = clusterWith({ invites: [invite('open', 1)] });
    const newcomers = new Newcomers();
    expect(newcomers.take(newcomer('m'), configuration, NOW_MS)).toBe(true);
    expect(newcomers.take(newcomer('n'), configuration, NOW_MS)).toBe(true);
    const target = newcomers.plan(configuration, NOW_MS);
    expect(target?.learners).toEqual(['b', 'm']);
    expect(target?.access?.invites).toMatchObject([{ usesLeft: 0 }]);
    expect(newcomers.has(id('n'))).toBe(false);
  });

  it('two with one key: one gets in', () => {
    const configuration = clusterWith();
    const newcomers = new Newcomers();
    newcomers.take(newcomer('m'), configuration, NOW_MS);
    newcomers.take({ ...newcomer('n'), key: 'key m' }, configuration, NOW_MS);
    expect(newcomers.plan(configuration, NOW_MS)?.learners).toEqual(['b', 'm']);
  });

  it('are judged again when their turn comes', () => {
    const newcomers = new Newcomers();
    newcomers.take(newcomer('m'), clusterWith(), NOW_MS);
    expect(newcomers.plan(clusterWith({ invites: [] }), NOW_MS)).toBeNull();
    expect(newcomers.size).toBe(0);
  });

  it('that may not come crowd out nobody', () => {
    const newcomers = new Newcomers();
    for (let i = 0; i < 2 * MAX_MEMBERS; i += 1) {
      newcomers.take(newcomer(`x${i}`, { type: 'none' }), clusterWith(), NOW_MS);
    }
    expect(newcomers.size).toBe(0);
  });

  it('wait where the cluster is full', () => {
    const learners = Array.from({ length: MAX_MEMBERS - 1 }, (_, i) => id(`l${i}`));
    const full = { ...clusterWith(), learners };
    const newcomers = new Newcomers();
    newcomers.take(newcomer('m'), full, NOW_MS);
    expect(newcomers.plan(full, NOW_MS)).toBeNull();
    expect(newcomers.size).toBe(1);
  });
});

describe('a joint change', () => {
  it('keeps the keys of all until it is left, and everything else as it is to be', () => {
    const current = configurationOf(
      { voters: [id('a'), id('b'), id('c')], learners: [], access: clusterWith().access },
      clusterWith(),
    );
    const access = { ...NO_ACCESS, removed: [id('b')], invites: [invite('new')] };
    const keys = { [id('a')]: 'key a', [id('d')]: 'key d' };
    const wanted = configurationOf(
      { voters: [id('a'), id('c'), id('d')], learners: [], access: { ...access, keys } },
      current,
    );
    const joint = enterJoint(current, wanted);
    expect(joint.access).toEqual({ ...access, keys: { ...keys, [id('b')]: 'key b' } });
    expect(leaveJoint(joint).access).toEqual({ ...access, keys });
  });
});
