/** The handshake, against every way in which the other end may not be what it should. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { MAX_HANDSHAKE_FRAME_BYTES } from '../../src/node/limits.ts';
import { PROTOCOL_VERSIONS, type Fingerprints } from '../../src/transport/handshake.ts';
import {
  ANNA,
  ANNA_CERTIFICATE,
  BERT,
  BERT_CERTIFICATE,
  EVE,
  EVE_CERTIFICATE,
  End,
  POLICY,
  anna,
  bert,
  otherClusterKeys,
  otherKeys,
  ownOf,
  refused,
  run,
} from './handshake-ends.ts';
import { waitUntil } from './wait-until.ts';

describe('between members', () => {
  test('both ends learn the other, and agree on everything about the link', async () => {
    const a = anna();
    const b = bert();
    await run(a, b);
    const seenByAnna = a.outcome?.type === 'authenticated' ? a.outcome.identity : null;
    const seenByBert = b.outcome?.type === 'authenticated' ? b.outcome.identity : null;
    const version = PROTOCOL_VERSIONS.highest;
    expect(seenByAnna).toMatchObject({ peer: BERT, incarnation: 22, initiator: ANNA, version });
    expect(seenByBert).toMatchObject({ peer: ANNA, incarnation: 11, initiator: ANNA, version });
    expect(seenByBert?.tag).toBe(seenByAnna?.tag);
  });

  test('the generation is the greater of both ends', async () => {
    const a = anna({ policy: { ...POLICY, nextGeneration: () => 3 } });
    const b = bert({ policy: { ...POLICY, nextGeneration: () => 5 } });
    await run(a, b);
    expect(a.outcome).toMatchObject({ identity: { generation: 5 } });
    expect(b.outcome).toMatchObject({ identity: { generation: 5 } });
  });

  test('every connection has a tag of its own', async () => {
    const tags = new Set<number>();
    for (let i = 0; i < 5; i += 1) {
      const a = anna();
      await run(a, bert());
      if (a.outcome?.type === 'authenticated') tags.add(a.outcome.identity.tag);
    }
    expect(tags.size).toBe(5);
  });

  test('the higher of the common versions is taken', async () => {
    const a = anna({ versions: { lowest: 1, highest: 4 } });
    const b = bert({ versions: { lowest: 2, highest: 9 } });
    await run(a, b);
    expect(a.outcome).toMatchObject({ identity: { version: 4 } });
    expect(b.outcome).toMatchObject({ identity: { version: 4 } });
  });
});

describe('refusals are told to the other end', () => {
  test('no version in common', async () => {
    const a = anna({ versions: { lowest: 3, highest: 4 } });
    const b = bert({ versions: { lowest: 1, highest: 2 } });
    await run(a, b);
    expect(b.outcome).toEqual(refused('here', 'version'));
    expect(a.outcome).toEqual(refused('there', 'version'));
  });

  test('a hello of a version yet to come, whose rest cannot be known', async () => {
    const b = bert();
    const future = [0x52, 0x53, 0x51, 0x4c, 1, 7, 9, 1, 2, 3, 4];
    b.handshake.receive(new Uint8Array(future));
    expect(b.outcome).toEqual(refused('here', 'version'));
    const { lowest, highest } = PROTOCOL_VERSIONS;
    const expected = [0x52, 0x53, 0x51, 0x4c, 5, 1, lowest, highest];
    expect([...(await b.next())]).toEqual(expected);
  });

  test('another cluster', async () => {
    const a = anna({ keys: otherClusterKeys });
    const b = bert();
    await run(a, b);
    expect(b.outcome).toEqual(refused('here', 'cluster'));
    expect(a.outcome).toEqual(refused('there', 'cluster'));
  });

  test('another node than the one dialled', async () => {
    const a = anna({ dialled: EVE });
    const b = bert();
    await run(a, b);
    expect(b.outcome).toEqual(refused('here', 'node'));
    expect(a.outcome).toEqual(refused('there', 'node'));
  });

  test('itself', async () => {
    const a = anna({ credentials: ownOf(BERT) });
    const b = bert();
    await run(a, b);
    expect(b.outcome).toEqual(refused('here', 'node'));
  });

  test('a policy against the peer, at either end', async () => {
    const responder = bert({ policy: { ...POLICY, objection: () => 'busy' } });
    const refusedThere = anna();
    await run(refusedThere, responder);
    expect(refusedThere.outcome).toEqual(refused('there', 'busy'));

    const initiator = anna({ policy: { ...POLICY, objection: () => 'duplicate' } });
    const refusedByInitiator = bert();
    await run(initiator, refusedByInitiator);
    expect(refusedByInitiator.outcome).toEqual(refused('there', 'duplicate'));
  });

  test('its owner gives up', async () => {
    const a = anna();
    const b = bert();
    a.handshake.start();
    b.handshake.receive(await a.next());
    b.handshake.refuse('timeout');
    a.handshake.receive(await b.next());
    expect(a.outcome).toEqual(refused('there', 'timeout'));
    expect(b.outcome).toEqual(refused('here', 'timeout'));
  });
});

describe('strangers', () => {
  test('an initiator without the secret is told nothing it could use, and refused', async () => {
    const a = anna({ keys: otherKeys });
    const b = bert();
    await run(a, b);
    // It cannot check the responder's proof, so it gives up by itself.
    expect(a.outcome).toEqual(refused('here', 'proof'));
    expect(b.outcome).toEqual(refused('there', 'proof'));
  });

  test('an initiator without the secret that goes on regardless is refused', async () => {
    const a = anna();
    const b = bert();
    a.handshake.start();
    b.handshake.receive(await a.next());
    await b.next();
    const proofs = [...new Uint8Array(96).fill(9), 0];
    const forged = new Uint8Array([0x52, 0x53, 0x51, 0x4c, 3, ...proofs]);
    b.handshake.receive(forged);
    expect(await b.ended()).toEqual(refused('here', 'proof'));
  });

  test('a responder without the secret is refused', async () => {
    const a = anna();
    const b = bert({ keys: otherKeys });
    await run(a, b);
    expect(a.outcome).toEqual(refused('here', 'proof'));
  });

  test('nobody can sit between: each end would see the certificate of the one between', async () => {
    const toEve: Fingerprints = { local: ANNA_CERTIFICATE, remote: EVE_CERTIFICATE };
    const fromEve: Fingerprints = { local: BERT_CERTIFICATE, remote: EVE_CERTIFICATE };
    const a = anna({ fingerprints: toEve });
    const b = bert({ fingerprints: fromEve });
    await run(a, b);
    expect(a.outcome).toEqual(refused('here', 'proof'));
    expect(b.outcome?.type).toBe('refused');
  });

  test('a man in the middle who swaps the fingerprints of one leg only is found out too', async () => {
    const a = anna({ fingerprints: { local: ANNA_CERTIFICATE, remote: EVE_CERTIFICATE } });
    const b = bert();
    await run(a, b);
    expect(a.outcome).toEqual(refused('here', 'proof'));
  });

  test('frames sent back to their author prove nothing', async () => {
    const a = anna();
    a.handshake.start();
    a.handshake.receive(await a.next());
    expect(await a.ended()).toEqual(refused('here', 'malformed'));
  });

  test('a hello passed back to its author on another connection is refused', async () => {
    const dialling = anna();
    const fingerprints = { local: ANNA_CERTIFICATE, remote: BERT_CERTIFICATE };
    const answering = new End({ fingerprints });
    dialling.handshake.start();
    answering.handshake.receive(await dialling.next());
    expect(await answering.ended()).toEqual(refused('here', 'node'));
  });

  test('recorded frames do not open another connection', async () => {
    const a = anna();
    const b = bert();
    a.handshake.start();
    const hello = await a.next();
    b.handshake.receive(hello.slice());
    a.handshake.receive(await b.next());
    const confirm = await a.next();
    b.handshake.receive(confirm.slice());
    expect((await b.ended()).type).toBe('authenticated');

    const again = bert();
    again.handshake.receive(hello.slice());
    await again.next();
    again.handshake.receive(confirm.slice());
    expect(await again.ended()).toEqual(refused('here', 'proof'));
  });

  test('a recorded answer does not serve a new hello', async () => {
    const a = anna();
    const b = bert();
    a.handshake.start();
    b.handshake.receive(await a.next());
    const accept = await b.next();
    const again = anna();
    again.handshake.start();
    again.handshake.receive(accept);
    expect(await again.ended()).toEqual(refused('here', 'proof'));
  });

  test('a version talked down is found out', async () => {
    const a = anna({ versions: { lowest: 1, highest: 2 } });
    const b = bert({ versions: { lowest: 1, highest: 2 } });
    a.handshake.start();
    const hello = await a.next();
    hello[6] = 1;
    b.handshake.receive(hello);
    a.handshake.receive(await b.next());
    expect((await a.ended()).type).toBe('refused');
  });
});

describe('frames that are not what they must be', () => {
  test('out of turn, while the end computes, or after its end', async () => {
    const a = anna();
    const b = bert();
    a.handshake.start();
    const hello = await a.next();
    b.handshake.receive(hello.slice());
    // WebCrypto has not answered yet.
    b.handshake.receive(hello.slice());
    expect(b.outcome).toEqual(refused('here', 'malformed'));
    b.handshake.receive(hello.slice());
    expect(b.outbox).toHaveLength(1);
  });

  test('welcome without having been asked', () => {
    const b = bert();
    b.handshake.receive(new Uint8Array([0x52, 0x53, 0x51, 0x4c, 4]));
    expect(b.outcome).toEqual(refused('here', 'malformed'));
  });

  test('10,000 frames of garbage, truncated, oversized and altered ones end it and throw nothing', async () => {
    const a = anna();
    a.handshake.start();
    const hello = await a.next();
    const frames = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.nat({ max: hello.length - 1 }).map((length) => hello.subarray(0, length)),
      fc.constant(new Uint8Array([...hello, 0])),
      fc.constant(new Uint8Array([...hello, ...new Uint8Array(MAX_HANDSHAKE_FRAME_BYTES)])),
      fc.constant(new Uint8Array(0)),
    );
    fc.assert(
      fc.property(frames, (frame) => {
        const b = bert();
        b.handshake.receive(frame);
        expect(b.outcome?.type).toBe('refused');
      }),
      { numRuns: 10_000 },
    );
  });

  test('no frame with a single byte changed authenticates', async () => {
    const lengths = { hello: 196, accept: 243, confirm: 102 };
    for (const which of ['hello', 'accept', 'confirm'] as const) {
      for (let at = 0; at < lengths[which]; at += 1) {
        const a = anna();
        const b = bert();
        a.handshake.start();
        const frames = { hello: await a.next() };
        const flip = (frame: Uint8Array): Uint8Array => {
          expect(frame).toHaveLength(lengths[which]);
          const altered = frame.slice();
          altered[at] = (altered[at] ?? 0) ^ 1;
          return altered;
        };
        b.handshake.receive(which === 'hello' ? flip(frames.hello) : frames.hello);
        if (b.outcome === null) {
          const accept = await b.next();
          a.handshake.receive(which === 'accept' ? flip(accept) : accept);
          if (a.outcome === null) {
            const confirm = await a.next();
            b.handshake.receive(which === 'confirm' ? flip(confirm) : confirm);
            await waitUntil(() => b.outcome !== null, 'an outcome');
          }
        }
        const bothIn = a.outcome?.type === 'authenticated' || b.outcome?.type === 'authenticated';
        expect(bothIn, `${which} with byte ${at} changed`).toBe(false);
      }
    }
  });
});
