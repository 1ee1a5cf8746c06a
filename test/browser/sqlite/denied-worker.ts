/** The SQL worker in a browser that denies storage. */

Object.defineProperty(navigator.storage, 'getDirectory', {
  value: () => Promise.reject(new DOMException('blocked by the user', 'SecurityError')),
});

// Messages that come while the worker loads would find nobody.
const early: MessageEvent[] = [];
const keep = (event: MessageEvent): void => void early.push(event);
self.addEventListener('message', keep);
await import('../../../src/sql-worker.ts');
self.removeEventListener('message', keep);
for (const { data } of early) self.dispatchEvent(new MessageEvent('message', { data }));

export {};
