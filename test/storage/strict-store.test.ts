/**
 * How the log's database is used: strictly durable, and never again once the browser has closed it.
 * IndexedDB is played by the few objects that a store touches, so that it can be closed at will.
 */

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openStrictStore } from '../../src/storage/strict-store.ts';

interface Begun {
  readonly mode: string;
  readonly options: IDBTransactionOptions | undefined;
}

/** A database that is open, and whose transactions succeed at once. */
class FakeDatabase extends EventTarget {
  readonly begun: Begun[] = [];
  closed = false;

  transaction(_store: string, mode: string, options?: IDBTransactionOptions): EventTarget {
    this.begun.push({ mode, options });
    const members = { objectStore: () => ({}), commit: () => undefined, error: null };
    return Object.assign(new EventTarget(), members);
  }

  close(): void {
    this.closed = true;
  }
}

let database: FakeDatabase;
let opened = 0;

beforeEach(() => {
  database = new FakeDatabase();
  opened = 0;
  vi.stubGlobal('isSecureContext', true);
  vi.stubGlobal('indexedDB', {
    open: () => {
      opened += 1;
      const request = Object.assign(new EventTarget(), { result: database, error: null });
      queueMicrotask(() => request.dispatchEvent(new Event('success')));
      return request;
    },
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
});

const nothing = async (): Promise<void> => undefined;

describe('transactions', () => {
  test('are of strict durability', async () => {
    const { useStore } = await openStrictStore('log', () => undefined);
    await useStore('readwrite', nothing);
    expect(database.begun).toEqual([{ mode: 'readwrite', options: { durability: 'strict' } }]);
  });
});

describe('LS4 a database that comes to an end', () => {
  test.each(['close', 'versionchange'])('by %s is reported and never used again', async (type) => {
    const reasons: string[] = [];
    const { useStore } = await openStrictStore('log', (reason) => reasons.push(reason));
    await useStore('readonly', nothing);
    database.dispatchEvent(new Event(type));
    expect(reasons).toHaveLength(1);
    const [reason] = reasons;
    await expect(useStore('readwrite', nothing)).rejects.toThrow(reason);
    await expect(useStore('readonly', nothing)).rejects.toThrow(reason);
    expect(database.begun).toHaveLength(1);
    expect(opened).toBe(1);
  });

  test('makes way for who deletes or upgrades it', async () => {
    await openStrictStore('log', () => undefined);
    database.dispatchEvent(new Event('versionchange'));
    expect(database.closed).toBe(true);
  });
});
