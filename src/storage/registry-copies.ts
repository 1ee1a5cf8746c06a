/**
 * The registry's two copies and what they mean together.
 *
 * One copy is a value in IndexedDB. The other is a pair of files, the slots, written in turns, so
 * that a write that is cut off leaves the version before in the other slot. A version is registered
 * when it is durable in IndexedDB and in one slot; so either copy alone has every registered one.
 * What a cut-off write left in one copy only is as good: it is taken for registered and mended into
 * the other, before anybody builds on it.
 *
 * The newest readable version counts. Where none is readable there may never have been one: the
 * first version goes to the first slot, the second to the second. As long as there is no second
 * slot and nothing in IndexedDB, at most the very first write was begun, and the registry is empty;
 * anything else is corruption.
 *
 * Only who holds the registry's lock may use this.
 */

import { NO_HASH, readFrame, sameBytes, type Frame } from './frame.ts';
import { REGISTRY_FORMAT } from './registry-codec.ts';
import { StorageError } from './storage-error.ts';

/** Somewhere to keep a value as a whole; null: nothing was ever written there. */
export interface RegistryPlace {
  read(): Promise<Uint8Array | null>;
  /** Replaces the value durably. */
  write(bytes: Uint8Array): Promise<void>;
}

export interface RegistryPlaces {
  readonly indexedDb: RegistryPlace;
  readonly slots: readonly [RegistryPlace, RegistryPlace];
}

/** What registers before the first version: number 0. */
const NOTHING: Pick<Frame, 'sequence' | 'hash'> = { sequence: 0, hash: NO_HASH };

export type RegistryVersion = Pick<Frame, 'sequence' | 'hash'> & { readonly frame: Frame | null };

interface Content {
  readonly place: RegistryPlace;
  readonly isEmpty: boolean;
  readonly frame: Frame | null;
}

export class RegistryCopies {
  readonly #places: RegistryPlaces;
  /** The slot that may be overwritten. */
  #nextSlot: RegistryPlace;

  constructor(places: RegistryPlaces) {
    this.#places = places;
    this.#nextSlot = places.slots[0];
  }

  /** The version that counts, durable in both copies. Throws `StorageError` 'Corrupt'. */
  async load(): Promise<RegistryVersion> {
    const { indexedDb, slots } = this.#places;
    const [value, a, b] = await Promise.all([
      readContent(indexedDb),
      readContent(slots[0]),
      readContent(slots[1]),
    ]);
    const newest = newestOf([value, a, b]);
    if (newest === null) {
      if (!value.isEmpty || !b.isEmpty) throw unreadable();
      return { ...NOTHING, frame: null };
    }
    this.#nextSlot = (a.frame?.sequence ?? 0) > (b.frame?.sequence ?? 0) ? b.place : a.place;
    const inSlots = [a, b].some((slot) => slot.frame?.sequence === newest.sequence);
    await Promise.all([
      value.frame?.sequence === newest.sequence ? null : indexedDb.write(newest.bytes.slice()),
      inSlots ? null : this.#writeSlot(newest),
    ]);
    return { sequence: newest.sequence, hash: newest.hash, frame: newest };
  }

  /** Call `load` before, once for each `save`. */
  async save(frame: Frame): Promise<void> {
    await Promise.all([this.#places.indexedDb.write(frame.bytes), this.#writeSlot(frame)]);
  }

  #writeSlot(frame: Frame): Promise<void> {
    const slot = this.#nextSlot;
    const [a, b] = this.#places.slots;
    this.#nextSlot = slot === a ? b : a;
    return slot.write(frame.bytes);
  }
}

async function readContent(place: RegistryPlace): Promise<Content> {
  const bytes = await place.read();
  const found = bytes === null ? null : readFrame(REGISTRY_FORMAT, bytes, 0);
  return {
    place,
    isEmpty: bytes === null || bytes.length === 0,
    frame: found !== null && found.type === 'good' ? found.frame : null,
  };
}

function newestOf(contents: readonly Content[]): Frame | null {
  let newest: Frame | null = null;
  for (const { frame } of contents) {
    if (frame === null) continue;
    if (newest === null || frame.sequence > newest.sequence) newest = frame;
    else if (frame.sequence === newest.sequence && !sameBytes(frame.hash, newest.hash)) {
      throw unreadable();
    }
  }
  return newest;
}

function unreadable(): StorageError {
  return new StorageError(
    'Corrupt',
    "This browser's list of clusters cannot be read from any of its copies. " +
      "To begin anew here, clear this site's data and open an invite link.",
  );
}
