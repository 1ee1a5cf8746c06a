/** What is derived from the secret, and the order between connections. */

import { createHmac } from 'node:crypto';

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { NodeId } from '../../src/raft/types.ts';
import { backoffMs } from '../../src/transport/backoff.ts';
import { decodeSecret, deriveClusterKeys } from '../../src/transport/cluster-keys.ts';
import { localFingerprint } from '../../src/transport/fingerprints.ts';
import { LinkHistory, supersedes, type LinkFacts } from '../../src/transport/link-order.ts';
import { importNodeKey } from '../../src/transport/node-key.ts';
import { peerIdOf, peerTokenOf } from '../../src/transport/peer-id.ts';
import { keyPair } from './keys.ts';

const NODE = 'aaaaaaaaaaaaaaaa' as NodeId;
const OTHER = 'bbbbbbbbbbbbbbbb' as NodeId;
const CLUSTER = 'cluster2cluster2';
const SECRET = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';

describe('PeerJS ids and tokens', () => {
  const secret = Buffer.from(SECRET, 'base64url');

  function expected(purpose: string, nodeId: string, key = secret): string {
    const mac = createHmac('sha256', key)
      .update(purpose + CLUSTER + nodeId)
      .digest();
    const bits = [...mac].map((byte) => byte.toString(2).padStart(8, '0')).join('');
    const letters = bits.slice(0, 100).match(/.{5}/g) ?? [];
    return letters
      .map((five) => 'abcdefghijklmnopqrstuvwxyz234567'[Number.parseInt(five, 2)])
      .join('');
  }

  test('are base32 of HMAC-SHA256 over purpose, cluster and node', async () => {
    const keys = await deriveClusterKeys(decodeSecret(SECRET), CLUSTER);
    expect(await peerIdOf(keys, NODE)).toBe(`resqlite-${expected('peer', NODE)}`);
    expect(await peerIdOf(keys, OTHER)).toBe(`resqlite-${expected('peer', OTHER)}`);
  });

  test('a token comes from the private key, which nobody else has', async () => {
    const pair = keyPair();
    const token = await peerTokenOf(await importNodeKey(pair), CLUSTER, NODE);
    expect(token).toBe(expected('token', NODE, Buffer.from(pair.privateKey, 'base64url')));
  });

  test('are what PeerJS takes for an id', async () => {
    const keys = await deriveClusterKeys(decodeSecret(SECRET), CLUSTER);
    expect(await peerIdOf(keys, NODE)).toMatch(/^[A-Za-z0-9]+(?:[ _-][A-Za-z0-9]+)*$/);
  });

  test('a secret is 32 bytes of base64url, and nothing else', () => {
    expect([...decodeSecret(SECRET)]).toEqual(Array.from({ length: 32 }, (_, i) => i));
    expect([...decodeSecret('_-'.repeat(21) + '8')].length).toBe(32);
    for (const bad of ['', SECRET.slice(1), `${SECRET}A`, `${SECRET.slice(1)}=`, `${SECRET}\n`]) {
      expect(() => decodeSecret(bad)).toThrow(RangeError);
    }
  });
});

function keep(ordered: readonly LinkFacts[]): LinkFacts | null {
  let kept: LinkFacts | null = null;
  for (const next of ordered) if (kept === null || supersedes(next, kept)) kept = next;
  return kept;
}

describe('which connection is kept', () => {
  const facts: fc.Arbitrary<LinkFacts> = fc.record({
    incarnation: fc.constant(1),
    generation: fc.nat({ max: 3 }),
    initiator: fc.constantFrom(NODE, OTHER),
  });

  test('both ends choose the same of any number of connections, in whatever order', () => {
    fc.assert(
      fc.property(fc.uniqueArray(facts, { selector: (f) => JSON.stringify(f) }), (connections) => {
        expect(keep(connections)).toEqual(keep(connections.toReversed()));
      }),
    );
  });

  test('a new incarnation replaces the old, whatever its numbers', () => {
    const old = { incarnation: 1, generation: 9, initiator: NODE };
    expect(supersedes({ incarnation: 2, generation: 1, initiator: OTHER }, old)).toBe(true);
  });

  test('the next number follows the last link held, and begins anew with an incarnation', () => {
    const history = new LinkHistory(10);
    expect(history.next(NODE, null)).toBe(1);
    history.note(NODE, 5, 3);
    expect(history.next(NODE, null)).toBe(4);
    expect(history.next(NODE, 5)).toBe(4);
    expect(history.next(NODE, 6)).toBe(1);
    history.note(NODE, 5, Number.MAX_SAFE_INTEGER);
    expect(Number.isSafeInteger(history.next(NODE, 5))).toBe(true);
  });

  test('the history is bounded', () => {
    const history = new LinkHistory(2);
    for (const id of ['a', 'b', 'c']) history.note(id.repeat(16) as NodeId, 1, 7);
    expect(history.next(NODE, 1)).toBe(1);
    expect(history.next(OTHER, 1)).toBe(8);
  });
});

describe('pauses', () => {
  test('double, stay within their bounds, and are spread over their upper half', () => {
    const lowest = [0, 1, 2, 3, 10, 1e6].map((n) => backoffMs(n, 200, 5_000, () => 0));
    expect(lowest).toEqual([100, 200, 400, 800, 2_500, 2_500]);
    const highest = [0, 1, 2, 3, 10].map((n) => backoffMs(n, 200, 5_000, (bound) => bound - 1));
    expect(highest).toEqual([200, 400, 800, 1_600, 5_000]);
  });
});

describe('the fingerprint in a description', () => {
  const hex = Array.from({ length: 32 }, (_, i) => i.toString(16).padStart(2, '0').toUpperCase());
  const line = `a=fingerprint:sha-256 ${hex.join(':')}`;

  test('is read, also where it stands twice', () => {
    const sdp = `v=0\r\n${line}\r\nm=application\r\n${line}\r\n`;
    expect([...(localFingerprint(sdp) ?? [])]).toEqual(Array.from({ length: 32 }, (_, i) => i));
  });

  test.each([
    ['none', 'v=0\r\n'],
    ['of another hash', 'a=fingerprint:sha-1 00:11\r\n'],
    ['too short', 'a=fingerprint:sha-256 00:11\r\n'],
    ['two that differ', `${line}\r\n${line.replace('00', 'FF')}\r\n`],
  ])('is not taken where there is %s', (_, sdp) => {
    expect(localFingerprint(sdp)).toBeNull();
  });
});
