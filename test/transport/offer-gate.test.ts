/** The gate between the signalling server and PeerJS: members pass, everything else is harmless. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  ANSWERED_REFUSALS_BURST,
  JUDGED_OFFERS_BURST,
  MAX_VOUCHERS,
} from '../../src/node/limits.ts';
import type { Access, LogIndex, NodeId } from '../../src/raft/types.ts';
import { AccessRule } from '../../src/transport/access-rule.ts';
import type { Credentials } from '../../src/transport/credentials.ts';
import { inviteOf, newInviteToken } from '../../src/transport/invite-token.ts';
import { OfferGate } from '../../src/transport/offer-gate.ts';
import {
  hasSecret,
  isInvited,
  isOwn,
  proveOffer,
  readOfferProof,
  type Offer,
} from '../../src/transport/offer-proof.ts';
import { readRefusal, refuseOffer, type OfferRefusal } from '../../src/transport/offer-refusal.ts';
import {
  ANNA,
  BERT,
  CLUSTER,
  EVE,
  keys,
  NOW_MS,
  otherClusterKeys,
  ownOf,
  shows,
} from './handshake-ends.ts';
import { configurationOf, keyPair, keyPairOf } from './keys.ts';

const SELF = 'resqlite-self';
const FRIEND = 'resqlite-friend';
const OFFER_SDP = { type: 'offer', sdp: 'v=0' };

const key = keys.offerProof;
const otherKey = otherClusterKeys.offerProof;
const anna = ownOf(ANNA);
/** A member. */
const bert = ownOf(BERT);
/** Not a member. */
const eve = ownOf(EVE);

class Rig {
  readonly delivered: unknown[] = [];
  readonly log: string[] = [];
  readonly connections = new Set<string>();
  readonly refused: string[] = [];
  readonly answers: { type: 'ANSWER'; dst: string; payload: object }[] = [];
  readonly refusals: OfferRefusal[] = [];
  readonly rule = new AccessRule(CLUSTER, () => NOW_MS);
  nowMs = 0;
  room = Infinity;
  failing = false;
  readonly gate = new OfferGate({
    self: SELF,
    offerProof: key,
    credentials: anna,
    rule: this.rule,
    now: () => this.nowMs,
    onOfferRefused: (reason) => this.refused.push(reason),
    answer: (message) => this.answers.push(message),
    onRefusal: (_peerId, _connectionId, refusal) => this.refusals.push(refusal),
    isUnanswered: (peerId, connectionId) => this.connections.has(`${peerId}/${connectionId}`),
    deliver: (message) => {
      if (this.failing) throw new Error('Cannot create so many PeerConnections');
      this.delivered.push(message);
      this.log.push(`deliver ${(message as { type: string }).type}`);
    },
    hasConnection: (peerId, connectionId) => this.connections.has(`${peerId}/${connectionId}`),
    hasRoom: () => this.connections.size < this.room,
    onOffer: (peerId, connectionId) => {
      this.connections.add(`${peerId}/${connectionId}`);
      this.log.push('offer');
    },
    onAway: (peerId) => this.log.push(`away ${peerId}`),
    onRefused: () => this.log.push('refused'),
  });

  constructor(access: Partial<Access> = {}) {
    const configuration = configurationOf([ANNA, BERT], access);
    const committedIndex = 7 as LogIndex;
    this.rule.beliefs = { ...this.rule.beliefs, configuration, committedIndex };
  }

  async judge(...messages: unknown[]): Promise<void> {
    await Promise.all(messages.map((message) => this.gate.receive(message)));
  }
}

async function offer(
  connectionId: string,
  changes: object = {},
  from: Credentials = bert,
): Promise<object> {
  const metadata = await proveOffer(key, from, { from: FRIEND, to: SELF, connectionId });
  const shape = { type: 'data', serialization: 'raw', reliable: true, label: 'x' };
  const payload = { ...shape, connectionId, sdp: OFFER_SDP, metadata, ...changes };
  return { type: 'OFFER', src: FRIEND, dst: SELF, payload };
}

describe('members', () => {
  test('an offer passes as a copy with what PeerJS needs and nothing else', async () => {
    const rig = new Rig();
    await rig.judge(await offer('dc_1', { browser: 'x', originator: true }));
    expect(rig.log).toEqual(['offer', 'deliver OFFER']);
    expect(rig.delivered).toEqual([
      {
        type: 'OFFER',
        src: FRIEND,
        payload: {
          type: 'data',
          connectionId: 'dc_1',
          sdp: OFFER_SDP,
          serialization: 'raw',
          reliable: true,
        },
      },
    ]);
  });

  test('answers and candidates pass for connections there are, behind their offer', async () => {
    const rig = new Rig();
    const candidate = { candidate: 'candidate:1', sdpMid: '0' };
    const ofConnection = { connectionId: 'dc_1', type: 'data' };
    await rig.judge(
      await offer('dc_1'),
      { type: 'CANDIDATE', src: FRIEND, payload: { ...ofConnection, candidate } },
      {
        type: 'ANSWER',
        src: FRIEND,
        payload: { ...ofConnection, sdp: { type: 'answer', sdp: 'v' } },
      },
    );
    expect(rig.log).toEqual(['offer', 'deliver OFFER', 'deliver CANDIDATE', 'deliver ANSWER']);
  });

  test('where PeerJS cannot take an offer, the next ones still pass', async () => {
    const rig = new Rig();
    rig.failing = true;
    await rig.judge(await offer('dc_1'));
    rig.failing = false;
    await rig.judge(await offer('dc_2'));
    expect(rig.log).toEqual(['offer', 'offer', 'deliver OFFER']);
  });

  test('there is room for so many and no more', async () => {
    const rig = new Rig();
    rig.room = 2;
    await rig.judge(await offer('dc_1'), await offer('dc_2'), await offer('dc_3'));
    expect(rig.connections.size).toBe(2);
  });
});

describe('strangers', () => {
  const altered: [string, object][] = [
    ['no proof', { metadata: undefined }],
    ['a proof that is no text', { metadata: { toString: 1 } }],
    ['a proof that is nonsense', { metadata: '00'.repeat(32) }],
    ['a huge proof', { metadata: 'A'.repeat(100_000) }],
    ['media', { type: 'media' }],
    ['an unknown serialization', { serialization: 'nope' }],
    ['a serialization every object has', { serialization: 'constructor' }],
    ['an unreliable channel', { reliable: false }],
    ['no description', { sdp: undefined }],
    ['a description of another kind', { sdp: { type: 'rollback', sdp: '' } }],
    ['a huge description', { sdp: { type: 'offer', sdp: 'x'.repeat(100_000) } }],
    ['a connection id that is no text', { connectionId: 7 }],
    ['a connection id with a line in it', { connectionId: 'a\nb' }],
  ];

  test.each(altered)('an offer with %s goes nowhere', async (_, changes) => {
    const rig = new Rig();
    await rig.judge(await offer('dc_1', changes));
    expect([rig.log, rig.refused, rig.answers]).toEqual([[], ['malformed'], []]);
  });

  test('without the secret nobody is answered, be it a member otherwise', async () => {
    const rig = new Rig();
    const from = { from: FRIEND, to: SELF, connectionId: 'dc_1' };
    await rig.judge(await offer('dc_1', { metadata: await proveOffer(otherKey, bert, from) }));
    expect([rig.log, rig.refused, rig.answers]).toEqual([[], ['stranger'], []]);
  });

  test('a proof serves one sender, one receiver and one connection', async () => {
    const proved = { from: FRIEND, to: SELF, connectionId: 'dc_1' };
    const proof = readOfferProof(await proveOffer(key, bert, proved));
    if (proof === null) throw new Error('no proof');
    const check = async (by: CryptoKey, about: Offer) =>
      [await hasSecret(by, about, proof), await isOwn(about, proof)].join();
    expect(await check(key, proved)).toBe('true,true');
    expect(await check(key, { ...proved, from: 'resqlite-eve' })).toBe('false,false');
    expect(await check(key, { ...proved, to: 'resqlite-eve' })).toBe('false,false');
    expect(await check(key, { ...proved, connectionId: 'dc_2' })).toBe('false,false');
    expect(await check(otherKey, proved)).toBe('false,true');
    const rig = new Rig();
    await rig.judge({ ...(await offer('dc_1')), src: 'resqlite-eve' });
    expect([rig.log, rig.refused]).toEqual([[], ['stranger']]);
  });

  test('an offer for a connection there is does not replace it', async () => {
    const rig = new Rig();
    await rig.judge(await offer('dc_1'), await offer('dc_1'));
    expect(rig.log).toEqual(['offer', 'deliver OFFER']);
  });

  test('answers and candidates for no connection are not kept', async () => {
    const rig = new Rig();
    const payload = { connectionId: 'dc_9', candidate: {}, sdp: { type: 'answer', sdp: '' } };
    await rig.judge(
      { type: 'CANDIDATE', src: FRIEND, payload },
      { type: 'ANSWER', src: FRIEND, payload },
    );
    expect(rig.log).toEqual([]);
  });

  test('LEAVE, EXPIRE and errors never reach PeerJS', async () => {
    const rig = new Rig();
    await rig.judge(
      { type: 'LEAVE', src: FRIEND },
      { type: 'EXPIRE', src: FRIEND },
      { type: 'ERROR', payload: { msg: 'x' } },
      { type: 'ID-TAKEN' },
      { type: 'INVALID-KEY' },
    );
    const expected = [`away ${FRIEND}`, `away ${FRIEND}`, 'refused', 'refused', 'refused'];
    expect(rig.log).toEqual(expected);
  });

  test('whatever else arrives is dropped without a sound', async () => {
    const rig = new Rig();
    const type = fc.constantFrom('OFFER', 'ANSWER', 'CANDIDATE', 'HEARTBEAT', '__proto__', 'x');
    const payload = fc.oneof(
      fc.anything(),
      fc.record(
        {
          connectionId: fc.anything(),
          type: fc.constantFrom('data', 'media', undefined),
          serialization: fc.anything(),
          sdp: fc.anything(),
          metadata: fc.anything(),
        },
        { requiredKeys: [] },
      ),
    );
    const message = fc.oneof(
      fc.anything(),
      fc.record({ type, src: fc.oneof(fc.constant(FRIEND), fc.anything()), payload }),
    );
    const messages = fc.sample(message, { numRuns: 400, seed: 7 });
    await rig.judge(...messages);
    expect(rig.log).toEqual([]);
  });

  test('a flood is dropped beyond a bound, and what comes later passes', async () => {
    const rig = new Rig();
    const from = { from: FRIEND, to: SELF, connectionId: 'dc_1' };
    const flood = await offer('dc_1', { metadata: await proveOffer(otherKey, bert, from) });
    const [first, second] = [await offer('dc_1'), await offer('dc_2')];
    const judging = rig.judge(...Array.from({ length: 5_000 }, () => flood));
    await rig.judge({ type: 'OPEN' }, first);
    await judging;
    await rig.judge(second);
    expect(rig.log).toEqual(['deliver OPEN', 'offer', 'deliver OFFER']);
    expect([...rig.connections]).toEqual([`${FRIEND}/dc_2`]);
    expect(rig.refused.filter((reason) => reason === 'stranger')).toHaveLength(512);
    // Those beyond, and the friend's first offer.
    expect(rig.refused.filter((reason) => reason === 'busy')).toHaveLength(5_000 - 512 + 1);
  });
});

/** What the rig's node told the sender of `dc_1`; null: nothing. */
async function told(rig: Rig): Promise<string | null> {
  const [answer] = rig.answers;
  if (answer === undefined) return null;
  expect(answer).toMatchObject({ dst: FRIEND, payload: { connectionId: 'dc_1', type: 'data' } });
  const { refusal } = answer.payload as { refusal: string };
  const read = await readRefusal(key, { from: FRIEND, to: SELF, connectionId: 'dc_1' }, refusal);
  expect(read).toMatchObject({ nodeId: ANNA, key: anna.key.publicKey, configurationIndex: 7 });
  return read?.reason ?? null;
}

describe('holders of the secret', () => {
  test('one that nobody knows is refused, and told that it needs an invite', async () => {
    const rig = new Rig();
    await rig.judge(await offer('dc_1', {}, eve));
    expect([rig.log, rig.refused, await told(rig)]).toEqual([[], ['stranger'], 'invite']);
  });

  test('a removed member is refused with its old key, and told so', async () => {
    const rig = new Rig({ removed: [EVE] });
    await rig.judge(await offer('dc_1', {}, eve));
    expect([rig.log, rig.refused, await told(rig)]).toEqual([[], ['removed'], 'removed']);
  });

  test("one in a member's name but with another key is refused, and not told", async () => {
    const rig = new Rig();
    const impostor = await shows(BERT, { key: keyPair() });
    await rig.judge(await offer('dc_1', {}, impostor));
    const mixed = { ...impostor, claims: bert.claims };
    await rig.judge(await offer('dc_1', {}, mixed));
    expect([rig.log, rig.refused, await told(rig)]).toEqual([[], ['key', 'key'], null]);
  });

  test('a former member, and one that a member or a former one vouches for, pass', async () => {
    const former = { nodeId: EVE, key: eve.key.publicKey };
    const sibling = (nodeId: NodeId) => ({ nodeId, key: keyPairOf(nodeId) });
    const newcomer = 'ffffffffffffffff' as NodeId;
    const rig = new Rig({ former: [former] });
    await rig.judge(await offer('dc_1', {}, eve));
    const byMember = await shows(newcomer, { siblings: [sibling(BERT)] });
    const byFormer = await shows(newcomer, { siblings: [sibling(EVE)] });
    await rig.judge(await offer('dc_2', {}, byMember), await offer('dc_3', {}, byFormer));
    expect([rig.connections.size, rig.refused]).toEqual([3, []]);
    // A voucher is for one node and one key, and by the one who signed it.
    const [voucher] = byMember.claims.vouchers;
    if (voucher === undefined) throw new Error('no voucher');
    const stolen = { ...eve, claims: { ...eve.claims, vouchers: [voucher] } };
    const misnamed = [{ ...voucher, by: ANNA }];
    const forged = { ...byMember, claims: { ...byMember.claims, vouchers: misnamed } };
    const other = new Rig();
    await other.judge(await offer('dc_1', {}, stolen), await offer('dc_2', {}, forged));
    expect([other.log, other.refused]).toEqual([[], ['stranger', 'stranger']]);
  });

  test('a removed member vouches for nobody', async () => {
    const rig = new Rig({ removed: [EVE] });
    const siblings = [{ nodeId: EVE, key: keyPairOf(EVE) }];
    await rig.judge(
      await offer('dc_1', {}, await shows('ffffffffffffffff' as NodeId, { siblings })),
    );
    expect(rig.refused).toEqual(['stranger']);
  });

  test('an open invite passes; one that is unknown, expired or used up does not', async () => {
    const inviteToken = newInviteToken();
    const secret = await inviteOf(CLUSTER, inviteToken);
    const open = { ...secret, createdAtMs: 1, expiresAtMs: null, usesLeft: null };
    const invited = await shows(EVE, { inviteToken });
    const judged = async (invites: Access['invites'], from = invited): Promise<string> => {
      const rig = new Rig({ invites });
      await rig.judge(await offer('dc_1', {}, from));
      return rig.connections.size > 0 ? 'passes' : `${rig.refused.join()} ${await told(rig)}`;
    };
    expect(await judged([open])).toBe('passes');
    expect(await judged([{ ...open, expiresAtMs: NOW_MS + 1, usesLeft: 1 }])).toBe('passes');
    expect(await judged([])).toBe('invite invite');
    expect(await judged([{ ...open, expiresAtMs: NOW_MS }])).toBe('invite invite');
    expect(await judged([{ ...open, usesLeft: 0 }])).toBe('invite invite');
    // It names the invite, but does not hold it.
    const verifier = (await inviteOf(CLUSTER, newInviteToken())).verifier;
    const guessing = { ...invited, invite: { id: secret.id, verifier } };
    expect(await judged([open], guessing)).toBe('invite invite');
    expect(await judged([open], { ...invited, invite: null })).toBe('invite invite');
  });

  test('a flood of them is judged within a budget, which fills again', async () => {
    const rig = new Rig();
    const flood = await Promise.all(
      Array.from({ length: JUDGED_OFFERS_BURST + 50 }, (_, i) => offer(`dc_${i}`, {}, eve)),
    );
    await rig.judge(...flood);
    expect(rig.refused.filter((reason) => reason === 'busy')).toHaveLength(50);
    expect(rig.answers).toHaveLength(ANSWERED_REFUSALS_BURST);
    await rig.judge(await offer('dc_friend'));
    expect(rig.connections.size).toBe(0);
    rig.nowMs = 1_000;
    await rig.judge(await offer('dc_friend'));
    expect(rig.connections.size).toBe(1);
  });
});

describe('a refusal', () => {
  const mine = { from: SELF, to: FRIEND, connectionId: 'dc_1' };

  function answer(refusal: unknown, connectionId = 'dc_1'): object {
    return { type: 'ANSWER', src: FRIEND, payload: { type: 'data', connectionId, refusal } };
  }

  test('reaches the dialler whose offer it answers, once it is known to be genuine', async () => {
    const rig = new Rig();
    rig.connections.add(`${FRIEND}/dc_1`);
    rig.connections.add(`${FRIEND}/dc_2`);
    const text = await refuseOffer(key, bert, mine, 'removed', 9 as LogIndex);
    await rig.judge(answer(text));
    const expected = { reason: 'removed', nodeId: BERT, configurationIndex: 9 };
    expect(rig.refusals).toEqual([{ ...expected, key: bert.key.publicKey }]);
    const strangers = await refuseOffer(otherKey, bert, mine, 'removed', 9 as LogIndex);
    const inAnothersName = { ...bert, nodeId: ANNA };
    await rig.judge(
      answer(text, 'dc_2'),
      answer(text, 'dc_9'),
      answer(strangers),
      answer(`${text.slice(0, -8)}AAAAAAAA`),
      answer(7),
      answer(null),
    );
    expect(rig.refusals).toHaveLength(1);
    // Signed by the key it names, whoever has that: the mesh compares it with what it knows.
    await rig.judge(answer(await refuseOffer(key, inAnothersName, mine, 'removed', 9 as LogIndex)));
    expect(rig.refusals.at(-1)).toMatchObject({ nodeId: ANNA, key: bert.key.publicKey });
    expect(rig.log).toEqual([]);
  });
});

describe('the form of proofs and refusals', () => {
  test('whatever text is put in their place is none, and throws nothing', async () => {
    const siblings = Array.from({ length: MAX_VOUCHERS }, (_, i) => {
      const nodeId = 'abcdefgh'.charAt(i).repeat(16) as NodeId;
      return { nodeId, key: keyPairOf(nodeId) };
    });
    const full = await shows(EVE, { siblings, inviteToken: newInviteToken() });
    const about = { from: SELF, to: FRIEND, connectionId: 'dc_1' };
    const proof = await proveOffer(key, full, about);
    expect(readOfferProof(proof)?.claims).toEqual(full.claims);
    const refusal = await refuseOffer(key, bert, about, 'invite', 9 as LogIndex);
    const rule = new AccessRule(CLUSTER, () => NOW_MS);
    rule.beliefs = { ...rule.beliefs, invite: full.invite };
    const altered = (text: string) =>
      fc.tuple(fc.nat(text.length - 1), fc.constantFrom(...'AZaz09-_=')).map(([at, letter]) => {
        return text.slice(0, at) + letter + text.slice(at + 1);
      });
    const cut = (text: string) => fc.nat(text.length - 1).map((length) => text.slice(0, length));
    const texts = fc.oneof(
      fc.string(),
      fc.base64String(),
      altered(proof),
      altered(refusal),
      cut(proof),
      cut(refusal),
    );
    const property = fc.asyncProperty(texts, async (text) => {
      const read = readOfferProof(text);
      const isGenuine =
        read !== null &&
        (await hasSecret(key, about, read)) &&
        (await isOwn(about, read)) &&
        (await isInvited(about, read, rule));
      expect(isGenuine).toBe(text === proof);
      expect((await readRefusal(key, about, text)) !== null).toBe(text === refusal);
    });
    await fc.assert(property, { numRuns: 1_000 });
  });
});
