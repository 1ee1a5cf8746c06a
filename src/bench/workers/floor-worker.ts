/**
 * What a commit cannot do without on one tab: a record that is strictly durable in IndexedDB, and the
 * same record flushed in a file beside it. There is nothing else here on purpose; whatever the product
 * takes above this is its own.
 */

import { RpcServer } from '../../client/rpc.ts';
import type { FloorApi } from '../worker-apis.ts';

const STORE = 'records';

interface Opened {
  readonly database: IDBDatabase;
  readonly journal: FileSystemSyncAccessHandle;
}

let opened: Opened | null = null;
let records = 0;
let journalBytes = 0;

async function open(name: string): Promise<void> {
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(name);
    request.addEventListener('upgradeneeded', () => request.result.createObjectStore(STORE));
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error));
  });
  const root = await navigator.storage.getDirectory();
  const file = await root.getFileHandle(name, { create: true });
  opened = { database, journal: await file.createSyncAccessHandle() };
}

/** Milliseconds until both have it. */
async function putOne({ database, journal }: Opened, bytes: number): Promise<number> {
  const record = new Uint8Array(bytes).fill(records);
  const beganMs = performance.now();
  const complete = new Promise<void>((resolve, reject) => {
    const transaction = database.transaction(STORE, 'readwrite', { durability: 'strict' });
    transaction.addEventListener('complete', () => resolve());
    transaction.addEventListener('abort', () => reject(transaction.error));
    transaction.objectStore(STORE).put(record, records);
    transaction.commit();
  });
  journal.write(record, { at: journalBytes });
  journal.flush();
  await complete;
  records += 1;
  journalBytes += bytes;
  return performance.now() - beganMs;
}

async function put(count: number, bytes: number): Promise<number[]> {
  if (opened === null) throw new Error('nothing is open');
  const latenciesMs: number[] = [];
  while (latenciesMs.length < count) latenciesMs.push(await putOne(opened, bytes));
  if (opened.journal.getSize() !== journalBytes) throw new Error('the journal lacks records');
  return latenciesMs;
}

async function close(name: string): Promise<void> {
  opened?.journal.close();
  opened?.database.close();
  opened = null;
  await new Promise<void>((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.addEventListener('success', () => resolve());
    request.addEventListener('error', () => reject(request.error));
  });
  const root = await navigator.storage.getDirectory();
  await root.removeEntry(name);
}

const methods: FloorApi = { open, put, close };
const server = new RpcServer<FloorApi, never>(globalThis, methods);
void server;
