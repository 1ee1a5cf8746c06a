/** A document's two copies, on places in memory, and the registry's form as such a document. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  DocumentCopies,
  type DocumentPlace,
  type DocumentPlaces,
} from '../../src/storage/document-copies.ts';
import { NO_HASH, sealFrame } from '../../src/storage/frame.ts';
import {
  decodeRegistry,
  encodeRegistry,
  REGISTRY_FORMAT,
  type Registry,
  type StoredCluster,
} from '../../src/storage/registry-codec.ts';
import { StorageError } from '../../src/storage/storage-error.ts';
import { nodeId } from './records.ts';

const START = { sequence: 0, hash: NO_HASH };

function cluster(name: string): StoredCluster {
  const [one, two] = [nodeId('nodeaaaaaaaaaaaa'), nodeId('nodebbbbbbbbbbbb')];
  const key = { publicKey: 'public', privateKey: 'private' };
  const retired = { reason: 'gone “for ever”', replacedBy: two, files: 'unneeded' } as const;
  const source = { clusterId: 'source', nodeId: one };
  const recoveredFrom = { log: source, state: source };
  return {
    clusterId: name,
    secret: 'secret',
    isDefault: true,
    members: [one],
    memberKeys: { [one]: 'key of one' },
    inviteToken: 'token',
    founding: two,
    recoveredAs: 'another',
    identities: [
      { nodeId: one, createdAtMs: 12, key, logCreated: true, retired, recoveredFrom: null },
      { nodeId: two, createdAtMs: 13, key: null, logCreated: false, retired: null, recoveredFrom },
    ],
  };
}

function registryNumber(version: number): Registry {
  const clusters = Array.from({ length: version }, (_, i) => cluster(`cluster${i}`));
  return { profileId: 'a profile', clusters };
}

describe('registry codec', () => {
  test('a registry is read as it was written', () => {
    const clusters = [cluster('a'), { ...cluster('b'), founding: null }];
    for (const profileId of ['a profile', null]) {
      const registry = { profileId, clusters };
      expect(decodeRegistry(encodeRegistry(registry, START))).toEqual(registry);
    }
  });

  test('a registry of the first version is read, and has no keys and nothing recovered', () => {
    const newer = ['memberKeys', 'inviteToken', 'recoveredAs', 'key', 'recoveredFrom'];
    const text = JSON.stringify(
      { profileId: 'a profile', clusters: [cluster('a')] },
      (name, value) => (newer.includes(name) ? undefined : (value as unknown)),
    );
    const format = { ...REGISTRY_FORMAT, version: 1 };
    const frame = sealFrame(format, 1, NO_HASH, new TextEncoder().encode(text));
    expect(decodeRegistry(frame)).toEqual({
      profileId: 'a profile',
      clusters: [
        {
          ...cluster('a'),
          memberKeys: {},
          inviteToken: null,
          recoveredAs: null,
          identities: cluster('a').identities.map((identity) => {
            return { ...identity, key: null, recoveredFrom: null };
          }),
        },
      ],
    });
  });

  test('content that is malformed anywhere is refused', () => {
    const text = JSON.stringify({ profileId: null, clusters: [cluster('a')] });
    const rubbish = [
      '',
      'null',
      '{}',
      '{"clusters":[1]}',
      text.replace('nodeaaaaaaaaaaaa', 'NODE'),
      text.replace('"isDefault":true', '"isDefault":1'),
      text.replace('"createdAtMs":12', '"createdAtMs":"12"'),
      text.replace('"secret":"secret"', '"secret":null'),
      text.replace('"retired":null', '"retired":{}'),
      text.replace('"recoveredFrom":null', '"recoveredFrom":{}'),
      text.replace('"members":[', '"members":[[],'),
      text.replace('"memberKeys":{', '"memberKeys":{"NODE":"key",'),
      text.replace('"inviteToken":"token"', '"inviteToken":1'),
      text.replace('"publicKey":"public",', ''),
      text.replace('"files":"unneeded"', '"files":"burnt"'),
      text.replace('"profileId":null,', ''),
    ];
    for (const json of rubbish) {
      const payload = new TextEncoder().encode(json);
      const frame = sealFrame(REGISTRY_FORMAT, 1, NO_HASH, payload);
      expect(() => decodeRegistry(frame)).toThrow(StorageError);
    }
  });
});

/** Three places, of which a write can be cut off. */
class FakePlaces {
  readonly values: (Uint8Array | null)[] = [null, null, null];
  /** Which writes still happen; the one after the last is cut off as `tear` says. */
  writesLeft = Number.POSITIVE_INFINITY;
  tear: (before: Uint8Array | null, bytes: Uint8Array) => Uint8Array | null = (before) => before;

  open(): DocumentPlaces {
    return { indexedDb: this.#place(0), slots: [this.#place(1), this.#place(2)] };
  }

  #place(at: number): DocumentPlace {
    return {
      read: async () => this.values[at] ?? null,
      write: async (bytes) => {
        this.writesLeft -= 1;
        if (this.writesLeft >= 0) this.values[at] = bytes.slice();
        else {
          const before = this.values[at] ?? null;
          // The database is all or nothing, and the process is dead from here on.
          if (this.writesLeft === -1 && at > 0) this.values[at] = this.tear(before, bytes);
          throw new Error('the process is dead');
        }
      },
    };
  }
}

function copiesIn(places: FakePlaces): DocumentCopies {
  return new DocumentCopies({ format: REGISTRY_FORMAT, unreadable: 'no copy' }, places.open());
}

async function loadNumber(places: FakePlaces): Promise<number> {
  const { frame } = await copiesIn(places).load();
  if (frame === null) return 0;
  const registry = decodeRegistry(frame);
  const number = registry.clusters.length;
  expect(registry).toEqual(registryNumber(number));
  return number;
}

/** Raises the registry by one cluster. */
async function raise(places: FakePlaces): Promise<void> {
  const copies = copiesIn(places);
  const version = await copies.load();
  const count = version.frame === null ? 0 : decodeRegistry(version.frame).clusters.length;
  await copies.save(encodeRegistry(registryNumber(count + 1), version));
}

async function placesAt(version: number): Promise<FakePlaces> {
  const places = new FakePlaces();
  for (let i = 0; i < version; i += 1) await raise(places);
  return places;
}

describe('a document in two copies', () => {
  test('nothing stored is no document', async () => {
    expect(await loadNumber(new FakePlaces())).toBe(0);
  });

  test('the slots are written in turns', async () => {
    const places = await placesAt(3);
    const lengths = places.values.map((value) => value?.length ?? 0);
    expect(lengths[0]).toBe(lengths[1]);
    expect(lengths[2]).toBeLessThan(lengths[1] ?? 0);
  });

  test('either copy alone is enough, and mends the other', async () => {
    for (const version of [1, 2, 3]) {
      for (const lost of [[0], [1], [2], [1, 2]]) {
        const places = await placesAt(version);
        for (const at of lost) places.values[at] = null;
        expect(await loadNumber(places)).toBe(version);
        const kept = places.values.filter((value) => value?.length === places.values[0]?.length);
        expect(kept.length).toBe(2);
        places.values[0] = null;
        expect(await loadNumber(places)).toBe(version);
      }
    }
  });

  test('nothing readable where something was is corruption, and stays as it is', async () => {
    const places = await placesAt(2);
    for (const value of places.values) value?.fill(0, 50);
    const before = structuredClone(places.values);
    await expect(loadNumber(places)).rejects.toMatchObject({ code: 'Corrupt' });
    await expect(raise(places)).rejects.toMatchObject({ code: 'Corrupt' });
    expect(places.values).toEqual(before);
  });

  test('a first write that was cut off is none', async () => {
    const places = new FakePlaces();
    places.values[1] = new Uint8Array(300);
    expect(await loadNumber(places)).toBe(0);
    await raise(places);
    expect(await loadNumber(places)).toBe(1);
  });

  test('two contents with one version are corruption', async () => {
    const places = await placesAt(1);
    places.values[0] = encodeRegistry(registryNumber(5), START).bytes;
    await expect(loadNumber(places)).rejects.toMatchObject({ code: 'Corrupt' });
  });

  test('a document of a newer version is left as it is', async () => {
    const places = await placesAt(1);
    const later = { ...REGISTRY_FORMAT, version: REGISTRY_FORMAT.version + 1 };
    const newer = sealFrame(later, 2, NO_HASH, new Uint8Array(3));
    places.values[2] = newer.bytes;
    await expect(raise(places)).rejects.toThrow(/newer version/);
    expect(places.values[2]).toEqual(newer.bytes);
  });

  test('a copy that fails is not told before the other one has ended', async () => {
    const places = (await placesAt(1)).open();
    let isSlotDone = false;
    const slow = ({ read }: DocumentPlace): DocumentPlace => ({
      read,
      write: async () => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        isSlotDone = true;
      },
    });
    const write = () => Promise.reject(new Error('no room'));
    const copies = new DocumentCopies(
      { format: REGISTRY_FORMAT, unreadable: 'no copy' },
      {
        indexedDb: { read: places.indexedDb.read, write },
        slots: [slow(places.slots[0]), slow(places.slots[1])],
      },
    );
    const version = await copies.load();
    const saving = copies.save(encodeRegistry(registryNumber(2), version));
    await expect(saving).rejects.toThrow('no room');
    expect(isSlotDone).toBe(true);
  });

  test('no version that was registered is lost, wherever a write is cut off, and one loss is borne', async () => {
    const step = fc.record({
      writesLeft: fc.option(fc.nat(3), { nil: Number.POSITIVE_INFINITY }),
      tearAt: fc.nat(2_000),
      isZeroed: fc.boolean(),
      lost: fc.option(fc.constantFrom('indexeddb', 'slots', 'flip-a', 'flip-b')),
    });
    const property = fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
      const places = new FakePlaces();
      let [registered, begun, isMended] = [0, 0, false];
      for (const { writesLeft, tearAt, isZeroed, lost } of steps) {
        places.writesLeft = writesLeft;
        places.tear = (before, bytes) => {
          const end = tearAt % (bytes.length + 1);
          const rest = (before ?? new Uint8Array(0)).slice(end);
          return new Uint8Array([
            ...bytes.slice(0, end),
            ...(isZeroed ? new Uint8Array(bytes.length - end) : rest),
          ]);
        };
        begun = registered + 1;
        try {
          await raise(places);
          registered = begun;
          isMended = true;
        } catch (error) {
          if (error instanceof StorageError) throw error;
          isMended = false;
        }
        places.writesLeft = Number.POSITIVE_INFINITY;
        // Nothing else is lost until what was cut off is mended.
        if (isMended) {
          if (lost === 'indexeddb') places.values[0] = null;
          if (lost === 'slots') places.values.fill(null, 1);
          if (lost === 'flip-a') places.values[1]?.fill(1, 60, 61);
          if (lost === 'flip-b') places.values[2]?.fill(1, 60, 61);
        }
        const found = await loadNumber(places);
        expect(found).toBeGreaterThanOrEqual(registered);
        expect(found).toBeLessThanOrEqual(begun);
        registered = found;
      }
    });
    await fc.assert(property, { numRuns: 1_000 });
  });
});
