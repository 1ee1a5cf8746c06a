/** Whom a handshake lets in: members by their keys, vouched and invited nodes, and nobody else. */

import { describe, expect, test } from 'vitest';

import { EMPTY_CONFIGURATION } from '../../src/raft/configuration.ts';
import type { InviteRecord, NodeId } from '../../src/raft/types.ts';
import { inviteOf, newInviteToken } from '../../src/transport/invite-token.ts';
import {
  ANNA,
  BERT,
  CLUSTER,
  EVE,
  End,
  MEMBERS,
  NOW_MS,
  anna,
  believing,
  bert,
  certificates,
  ownOf,
  refused,
  run,
  shows,
} from './handshake-ends.ts';
import { keyPair, keyPairOf } from './keys.ts';

describe('keys, vouchers and invites', () => {
  const NEW = 'cccccccccccccccc' as NodeId;
  const REMOVED = {
    ...MEMBERS,
    voters: [ANNA, BERT],
    access: { ...MEMBERS.access, removed: [EVE] },
  };
  const verdict = (end: End): unknown => {
    return end.outcome?.type === 'authenticated' ? end.outcome.standing.admitted : end.outcome;
  };

  test('members know each other by their keys, whoever else has the secret', async () => {
    const [a, b] = [anna(), bert()];
    await run(a, b);
    expect([verdict(a), verdict(b)]).toEqual([{ type: 'member' }, { type: 'member' }]);

    const impostor = await shows(ANNA, { key: keyPair() });
    const [dialling, asked] = [anna({ credentials: impostor }), bert()];
    await run(dialling, asked);
    expect(asked.outcome).toEqual(refused('here', 'key'));
    const [asking, answering] = [
      anna(),
      bert({ credentials: await shows(BERT, { key: keyPair() }) }),
    ];
    await run(asking, answering);
    expect(asking.outcome).toEqual(refused('here', 'key'));
  });

  test("a member's public key without the private one proves nothing", async () => {
    const stolen = { ...(await shows(ANNA, { key: keyPair() })), claims: ownOf(ANNA).claims };
    const [dialling, asked] = [anna({ credentials: stolen }), bert()];
    await run(dialling, asked);
    expect(asked.outcome).toEqual(refused('here', 'proof'));
    const thief = { ...(await shows(BERT, { key: keyPair() })), claims: ownOf(BERT).claims };
    const [asking, answering] = [anna(), bert({ credentials: thief })];
    await run(asking, answering);
    expect(asking.outcome).toEqual(refused('here', 'proof'));
  });

  test('a member of a cluster that knows no keys yet is taken at its word', async () => {
    const keyless = { ...MEMBERS, access: { ...MEMBERS.access, keys: {} } };
    const [a, b] = [anna({ rule: believing({ configuration: keyless }) }), bert()];
    await run(a, b);
    expect([verdict(a), verdict(b)]).toEqual([{ type: 'member' }, { type: 'member' }]);
  });

  test('a removed member with its old key is refused, dialling and dialled', async () => {
    const rule = believing({ configuration: REMOVED });
    const eve = (dialled: NodeId | null): End =>
      new End({ credentials: ownOf(EVE), dialled, fingerprints: certificates(dialled) });
    const [dialling, asked] = [eve(BERT), bert({ rule })];
    await run(dialling, asked);
    expect([asked.outcome, dialling.outcome]).toEqual([
      refused('here', 'removed'),
      refused('there', 'removed'),
    ]);
    const [asking, answering] = [anna({ dialled: EVE, rule }), eve(null)];
    await run(asking, answering);
    expect(asking.outcome).toEqual(refused('here', 'removed'));
  });

  test('one that is on its way out of a joint configuration still counts', async () => {
    const joint = { ...REMOVED, outgoingVoters: [ANNA, BERT, EVE] };
    const [a, b] = [anna(), bert({ rule: believing({ configuration: joint }) })];
    await run(a, b);
    expect(verdict(b)).toEqual({ type: 'member' });
  });

  test('a node that is new is vouched for by a sibling that is a member, at members that were away', async () => {
    const siblings = [{ nodeId: EVE, key: keyPairOf(EVE) }];
    const dialling = anna({ credentials: await shows(NEW, { siblings }) });
    const asked = bert();
    await run(dialling, asked);
    expect(verdict(asked)).toEqual({ type: 'vouched', by: EVE });
    const [asking, answering] = [
      anna({ dialled: NEW }),
      bert({ credentials: await shows(NEW, { siblings }) }),
    ];
    await run(asking, answering);
    expect(verdict(asking)).toEqual({ type: 'vouched', by: EVE });
    const [barred, judge] = [
      anna({ credentials: await shows(NEW, { siblings }) }),
      bert({ rule: believing({ configuration: REMOVED }) }),
    ];
    await run(barred, judge);
    expect(judge.outcome).toEqual(refused('here', 'stranger'));
  });

  test('an invite lets its holder in, who thereby knows that a member answers', async () => {
    const inviteToken = newInviteToken();
    const invite = await inviteOf(CLUSTER, inviteToken);
    const open = { ...invite, createdAtMs: 1, expiresAtMs: NOW_MS + 1, usesLeft: 1 };
    const invited = await shows(NEW, { inviteToken });
    const joiner = (): End =>
      anna({
        credentials: invited,
        rule: believing({ configuration: EMPTY_CONFIGURATION, invite }),
      });
    const member = (record: Partial<InviteRecord> | null): End => {
      const invites = record === null ? [] : [{ ...open, ...record }];
      const access = { ...MEMBERS.access, invites };
      return bert({ rule: believing({ configuration: { ...MEMBERS, access } }) });
    };
    const outcome = async (record: Partial<InviteRecord> | null): Promise<unknown[]> => {
      const [a, b] = [joiner(), member(record)];
      await run(a, b);
      return [verdict(a), verdict(b)];
    };
    const inviteId = invite.id;
    expect(await outcome({})).toEqual([
      { type: 'vouched', by: null },
      { type: 'invited', inviteId },
    ]);
    const isRefused = [refused('there', 'invite'), refused('here', 'invite')];
    expect(await outcome({ expiresAtMs: NOW_MS })).toEqual(isRefused);
    expect(await outcome({ usesLeft: 0 })).toEqual(isRefused);
    expect(await outcome(null)).toEqual(isRefused);
    // Another token: the name of the invite is no proof of it.
    const verifier = (await inviteOf(CLUSTER, newInviteToken())).verifier;
    const guessing = anna({
      credentials: invited,
      rule: believing({ configuration: EMPTY_CONFIGURATION, invite: { id: inviteId, verifier } }),
    });
    const asked = member({});
    await run(guessing, asked);
    expect(guessing.outcome).toEqual(refused('here', 'stranger'));
  });

  test('a joiner that is dialled lets in who proves its invite, and no other holder of the secret', async () => {
    const inviteToken = newInviteToken();
    const invite = await inviteOf(CLUSTER, inviteToken);
    const open = { ...invite, createdAtMs: 1, expiresAtMs: null, usesLeft: null };
    const joiner = async (): Promise<End> =>
      bert({
        credentials: await shows(NEW, { inviteToken }),
        rule: believing({ configuration: EMPTY_CONFIGURATION, invite }),
      });
    const access = { ...MEMBERS.access, invites: [open] };
    const learners = [NEW];
    const rule = believing({ configuration: { ...MEMBERS, learners, access } });
    const [a, b] = [anna({ dialled: NEW, rule }), await joiner()];
    await run(a, b);
    expect([verdict(a), verdict(b)]).toEqual([{ type: 'member' }, { type: 'vouched', by: null }]);
    const knowing = believing({ configuration: { ...MEMBERS, learners } });
    const [pretender, alert] = [anna({ dialled: NEW, rule: knowing }), await joiner()];
    await run(pretender, alert);
    expect(alert.outcome).toEqual(refused('here', 'stranger'));
  });

  test('a node in no configuration believes the keys that its profile knows', async () => {
    const rule = believing({
      configuration: EMPTY_CONFIGURATION,
      known: { [BERT]: ownOf(BERT).key.publicKey },
    });
    const siblings = [{ nodeId: EVE, key: keyPairOf(EVE) }];
    const credentials = await shows(NEW, { siblings });
    const [a, b] = [anna({ credentials, rule }), bert()];
    await run(a, b);
    expect(verdict(a)).toEqual({ type: 'vouched', by: null });
    const [other, unknown] = [
      anna({ credentials, rule }),
      bert({ credentials: await shows(BERT, { key: keyPair() }), rule: believing() }),
    ];
    await run(other, unknown);
    expect(other.outcome).toEqual(refused('here', 'stranger'));
  });
});
