/**
 * A document that is kept in two copies and changed as a whole, as the registry and the outbox are; and
 * what the copies mean together.
 *
 * One copy is a value in IndexedDB. The other is a pair of files, the slots, written in turns, so
 * that a write that is cut off leaves the version before in the other slot. A version is stored when it
 * is durable in IndexedDB and in one slot; so either copy alone has every stored one.
 * What a cut-off write left in one copy only is as good: it is taken for stored and mended into
 * the other, before anybody builds on it.
 *
 * The newest readable version counts. Where none is readable there may never have been one: the
 * first version goes to the first slot, the second to the second. As long as there is no second
 * slot and nothing in IndexedDB, at most the very first write was begun, and there is no document;
 * anything else is corruption.
 *
 * Only who holds the document's lock may use this.
 */

import { NO_HASH, readFrame, sameBytes, type Frame, type FrameFormat } from './frame.ts';
import { StorageError } from './storage-error.ts';

/** Somewhere to keep a value as a whole; null: nothing was ever written there. */
export interface DocumentPlace {
  read(): Promise<Uint8Array | null>;
  /** Replaces the value durably. */
  write(bytes: Uint8Array): Promise<void>;
}

export interface DocumentPlaces {
  readonly indexedDb: DocumentPlace;
  readonly slots: readonly [DocumentPlace, DocumentPlace];
}

/** What stands before the first version: number 0. */
const NOTHING: Pick<Frame, 'sequence' | 'hash'> = { sequence: 0, hash: NO_HASH };

/** A version, by its place in the chain; without a frame there is none yet. */
export type DocumentVersion = Pick<Frame, 'sequence' | 'hash'> & { readonly frame: Frame | null };

export interface DocumentKind {
  readonly format: FrameFormat;
  /** What a person is told where no copy can be read. */
  readonly unreadable: string;
}

interface Content {
  readonly place: DocumentPlace;
  readonly isEmpty: boolean;
  readonly frame: Frame | null;
}

export class DocumentCopies {
  readonly #kind: DocumentKind;
  readonly #places: DocumentPlaces;
  /** The slot that may be overwritten. */
  #nextSlot: DocumentPlace;

  constructor(kind: DocumentKind, places: DocumentPlaces) {
    this.#kind = kind;
    this.#places = places;
    this.#nextSlot = places.slots[0];
  }

  /** The version that counts, durable in both copies. Throws `StorageError` 'Corrupt'. */
  async load(): Promise<DocumentVersion> {
    const { indexedDb, slots } = this.#places;
    const [value, a, b] = await Promise.all([
      this.#read(indexedDb),
      this.#read(slots[0]),
      this.#read(slots[1]),
    ]);
    const newest = this.#newestOf([value, a, b]);
    if (newest === null) {
      if (!value.isEmpty || !b.isEmpty) throw this.#unreadable();
      return { ...NOTHING, frame: null };
    }
    this.#nextSlot = (a.frame?.sequence ?? 0) > (b.frame?.sequence ?? 0) ? b.place : a.place;
    const inSlots = [a, b].some((slot) => slot.frame?.sequence === newest.sequence);
    await allEnded([
      value.frame?.sequence === newest.sequence ? null : indexedDb.write(newest.bytes.slice()),
      inSlots ? null : this.#writeSlot(newest),
    ]);
    return { sequence: newest.sequence, hash: newest.hash, frame: newest };
  }

  /** Call `load` before, once for each `save`. */
  async save(frame: Frame): Promise<void> {
    await allEnded([this.#places.indexedDb.write(frame.bytes), this.#writeSlot(frame)]);
  }

  #writeSlot(frame: Frame): Promise<void> {
    const slot = this.#nextSlot;
    const [a, b] = this.#places.slots;
    this.#nextSlot = slot === a ? b : a;
    return slot.write(frame.bytes);
  }

  async #read(place: DocumentPlace): Promise<Content> {
    const bytes = await place.read();
    const found = bytes === null ? null : readFrame(this.#kind.format, bytes, 0);
    return {
      place,
      isEmpty: bytes === null || bytes.length === 0,
      frame: found !== null && found.type === 'good' ? found.frame : null,
    };
  }

  #newestOf(contents: readonly Content[]): Frame | null {
    let newest: Frame | null = null;
    for (const { frame } of contents) {
      if (frame === null) continue;
      if (newest === null || frame.sequence > newest.sequence) newest = frame;
      else if (frame.sequence === newest.sequence && !sameBytes(frame.hash, newest.hash)) {
        throw this.#unreadable();
      }
    }
    return newest;
  }

  #unreadable(): StorageError {
    return new StorageError('Corrupt', this.#kind.unreadable);
  }
}

/**
 * Rejects where one of the writes does, but not before all have ended: one that went on behind the
 * lock's back would overwrite what the next holder has stored.
 */
async function allEnded(writes: readonly (Promise<void> | null)[]): Promise<void> {
  const ends = await Promise.allSettled(writes);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}
