/** The gate between the signalling server and PeerJS: members pass, everything else is harmless. */

import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';

import { decodeSecret, deriveClusterKeys } from '../../src/transport/cluster-keys.ts';
import { OfferGate } from '../../src/transport/offer-gate.ts';
import { isOfferProved, proveOffer } from '../../src/transport/offer-proof.ts';

const SECRET = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';
const SELF = 'resqlite-self';
const FRIEND = 'resqlite-friend';
const OFFER_SDP = { type: 'offer', sdp: 'v=0' };

let key: CryptoKey;
let otherKey: CryptoKey;

beforeAll(async () => {
  key = (await deriveClusterKeys(decodeSecret(SECRET), 'cluster2cluster2')).offerProof;
  otherKey = (await deriveClusterKeys(decodeSecret(SECRET), 'another2another2')).offerProof;
});

class Rig {
  readonly delivered: unknown[] = [];
  readonly log: string[] = [];
  readonly connections = new Set<string>();
  room = Infinity;
  failing = false;
  readonly gate = new OfferGate({
    self: SELF,
    offerProof: key,
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

  async judge(...messages: unknown[]): Promise<void> {
    await Promise.all(messages.map((message) => this.gate.receive(message)));
  }
}

async function payloadOf(connectionId: string, changes: object = {}): Promise<object> {
  const metadata = await proveOffer(key, { from: FRIEND, to: SELF, connectionId });
  const shape = { type: 'data', serialization: 'raw', reliable: true, label: 'x' };
  return { ...shape, connectionId, sdp: OFFER_SDP, metadata, ...changes };
}

async function offer(connectionId: string, changes: object = {}): Promise<object> {
  return { type: 'OFFER', src: FRIEND, dst: SELF, payload: await payloadOf(connectionId, changes) };
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
    ['a wrong proof', { metadata: '00'.repeat(32) }],
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
    expect(rig.log).toEqual([]);
  });

  test('a proof serves one sender, one receiver and one connection', async () => {
    const proved = { from: FRIEND, to: SELF, connectionId: 'dc_1' };
    const proof = await proveOffer(key, proved);
    expect(await isOfferProved(key, proved, proof)).toBe(true);
    expect(await isOfferProved(key, { ...proved, from: 'resqlite-eve' }, proof)).toBe(false);
    expect(await isOfferProved(key, { ...proved, to: 'resqlite-eve' }, proof)).toBe(false);
    expect(await isOfferProved(key, { ...proved, connectionId: 'dc_2' }, proof)).toBe(false);
    expect(await isOfferProved(otherKey, proved, proof)).toBe(false);
    const rig = new Rig();
    await rig.judge({ ...(await offer('dc_1')), src: 'resqlite-eve' });
    expect(rig.log).toEqual([]);
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
    const flood = await offer('dc_1', { metadata: '00'.repeat(32) });
    const judging = rig.judge(...Array.from({ length: 5_000 }, () => flood));
    await rig.judge({ type: 'OPEN' }, await offer('dc_1'));
    await judging;
    await rig.judge(await offer('dc_2'));
    expect(rig.log).toEqual(['deliver OPEN', 'offer', 'deliver OFFER']);
    expect([...rig.connections]).toEqual([`${FRIEND}/dc_2`]);
  });
});
