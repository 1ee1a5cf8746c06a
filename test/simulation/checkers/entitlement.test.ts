import { describe, expect, test } from 'vitest';
import { Entitlement } from '../../../src/simulation/checkers/entitlement.ts';
import type { Credentials } from '../../../src/simulation/link-access.ts';
import { NO_ACCESS } from '../../../src/raft/configuration.ts';
import type { Access, Configuration, InviteRecord, NodeId } from '../../../src/raft/types.ts';

const id = (name: string): NodeId => name as NodeId;
const INVITE: InviteRecord = {
  id: 'one',
  verifier: 'v',
  createdAtMs: 0,
  expiresAtMs: null,
  usesLeft: 1,
};

/** Members by the letters of `names`, each with its key. */
function configuration(names: string, access: Partial<Access> = {}): Configuration {
  const members = [...names].map(id);
  const keys = Object.fromEntries(members.map((name) => [name, `key ${name}`]));
  return {
    voters: members.slice(0, 1),
    outgoingVoters: [],
    learners: members.slice(1),
    profiles: {},
    access: { ...NO_ACCESS, keys, ...access },
  };
}

/** What is found when the configurations follow each other; n proves what is given. */
function found(
  configurations: readonly Configuration[],
  admission: Credentials['admission'] = { type: 'none' },
  prepare: (entitlement: Entitlement) => void = () => undefined,
): string {
  const entitlement = new Entitlement((name) =>
    name === 'x' ? null : { key: `key ${name}`, admission },
  );
  prepare(entitlement);
  try {
    for (const one of configurations) entitlement.onConfiguration(one);
    return 'nothing';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const BY_INVITE = { type: 'invite', inviteId: 'one' } as const;
const voucherBy = (by: string) => ({ type: 'voucher', by: id(by) }) as const;
const open = (changes: Partial<InviteRecord> = {}) => ({ invites: [{ ...INVITE, ...changes }] });

describe('who becomes a member', () => {
  test.each([
    ['without anything', configuration('a'), 'without invite or voucher'],
    ['whom nobody knows', configuration('a'), 'nobody knows', 'ax'],
  ])('%s is found', (_, before, what, after = 'an') => {
    expect(found([before, configuration(after)])).toContain(what);
  });

  test('by the word of a member, or a former one, and nobody else', () => {
    const former = { former: [{ nodeId: id('f'), key: 'key f' }] };
    const next = [configuration('a', former), configuration('an', former)];
    expect(found(next, voucherBy('a'))).toBe('nothing');
    expect(found(next, voucherBy('f'))).toBe('nothing');
    expect(found(next, voucherBy('z'))).toContain('unknown');
  });

  test('by an invite that is open, with a use less', () => {
    const used = configuration('an', open({ usesLeft: 0 }));
    expect(found([configuration('a', open()), used], BY_INVITE)).toBe('nothing');
    expect(found([configuration('a', open()), configuration('an')], BY_INVITE)).toBe('nothing');
    expect(found([configuration('a', open()), configuration('an', open())], BY_INVITE)).toContain(
      'uses left',
    );
    expect(found([configuration('a'), configuration('an')], BY_INVITE)).toContain('not open');
    const two = [configuration('a', open()), configuration('anm', open({ usesLeft: 0 }))];
    expect(found(two, BY_INVITE)).toContain('let in 2 of 1');
  });

  test('not by one that was over', () => {
    const brief = open({ expiresAtMs: 100 });
    const next = [configuration('a', brief), configuration('an')];
    expect(found(next, BY_INVITE, (checker) => checker.onStamp(99))).toBe('nothing');
    expect(found(next, BY_INVITE, (checker) => checker.onStamp(100))).toContain('was over');
  });

  test('under its own key, which then never changes', () => {
    const other = { keys: { [id('a')]: 'key a', [id('n')]: 'another' } };
    const next = [configuration('a'), configuration('an', other)];
    expect(found(next, voucherBy('a'))).toContain('not known by its key');
    expect(found([configuration('an'), configuration('an', other)])).toContain('became another');
  });
});

describe('who goes', () => {
  test('is removed, or former, and not forgotten', () => {
    const before = configuration('an');
    expect(found([before, configuration('a', { removed: [id('n')] })])).toBe('nothing');
    const former = { former: [{ nodeId: id('n'), key: 'key n' }] };
    expect(found([before, configuration('a', former)])).toBe('nothing');
    expect(found([before, configuration('a', former), before])).toBe('nothing');
    expect(found([before, configuration('a')])).toContain('without being removed');
  });

  test('never comes back when it was removed, also when nobody remembers it', () => {
    const away = configuration('a', { removed: [id('n')] });
    const back = [configuration('an'), away, configuration('a'), configuration('an')];
    expect(found(back, voucherBy('a'))).toContain('is a member again');
  });
});

test('an invite is there until it is used up, over or revoked', () => {
  const next = [configuration('a', open()), configuration('a')];
  expect(found(next)).toContain('invite one is gone');
  expect(found(next, BY_INVITE, (checker) => checker.onRevoke('one'))).toBe('nothing');
  expect(found([configuration('a', open({ expiresAtMs: 5 })), configuration('a')])).toBe('nothing');
});

test('an invite that was open ends when somebody is removed, and not when somebody leaves', () => {
  const before = configuration('an', open());
  const removed = [id('n')];
  const kept = [before, configuration('a', { ...open(), removed })];
  const ended = [before, configuration('a', { removed })];
  const asked =
    (...kinds: readonly ('remove' | 'leave')[]) =>
    (checker: Entitlement): void => {
      for (const kind of kinds) checker.onDepart(kind, id('n'));
    };
  const by = { type: 'none' } as const;
  expect(found(kept, by, asked('remove'))).toContain('invite one outlived a removal');
  expect(found(ended, by, asked('remove'))).toBe('nothing');
  expect(found(kept, by, asked('leave'))).toBe('nothing');
  expect(found(ended, by, asked('leave'))).toContain('invite one is gone');
  for (const next of [kept, ended]) {
    expect(found(next, by, asked('remove', 'leave'))).toBe('nothing');
  }
});
