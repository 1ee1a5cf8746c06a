/** The SQL worker in a browser that denies storage. */

import './deny-storage.ts';

// Messages that come while the worker loads would find nobody.
const early: MessageEvent[] = [];
const keep = (event: MessageEvent): void => void early.push(event);
self.addEventListener('message', keep);
const entry = new URL('../../../src/sql-worker.ts', import.meta.url).href;
await import(/* @vite-ignore */ entry);
self.removeEventListener('message', keep);
for (const { data } of early) self.dispatchEvent(new MessageEvent('message', { data }));
