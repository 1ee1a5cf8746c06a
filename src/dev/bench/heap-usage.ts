/**
 * What a page and its workers hold, by their own engine's count: JavaScript objects and the buffers
 * behind them, garbage collected first. Workers are reached through the page's debugging session, one
 * message in another.
 */

import type { CDPSession } from 'playwright-core';

import type { Tab } from './tab.ts';

interface HeapUsage {
  readonly usedSize: number;
  /** Array buffers and what WebAssembly has; older engines do not tell. */
  readonly backingStorageSize?: number;
}

interface Reply {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

export async function heapBytes(tab: Tab): Promise<number> {
  const session = await tab.devtools();
  const workers = new Set<string>();
  session.on('Target.attachedToTarget', ({ sessionId, targetInfo }) => {
    if (targetInfo.type === 'worker') workers.add(sessionId);
  });
  // Those that run are told of before this is answered.
  await session.send('Target.setAutoAttach', {
    autoAttach: true,
    waitForDebuggerOnStart: false,
    flatten: false,
  });
  await session.send('HeapProfiler.collectGarbage');
  let total = bytesOf(await session.send('Runtime.getHeapUsage'));
  for (const worker of workers) {
    await sendTo(session, worker, 'HeapProfiler.collectGarbage');
    total += bytesOf((await sendTo(session, worker, 'Runtime.getHeapUsage')) as HeapUsage);
  }
  await session.detach();
  return total;
}

function sendTo(session: CDPSession, sessionId: string, method: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const id = 1;
    const receive = (event: { sessionId: string; message: string }): void => {
      if (event.sessionId !== sessionId) return;
      const reply = JSON.parse(event.message) as Reply;
      if (reply.id !== id) return;
      session.off('Target.receivedMessageFromTarget', receive);
      if (reply.error === undefined) resolve(reply.result);
      else reject(new Error(`${method}: ${reply.error.message}`));
    };
    session.on('Target.receivedMessageFromTarget', receive);
    const message = JSON.stringify({ id, method, params: {} });
    session.send('Target.sendMessageToTarget', { sessionId, message }).catch(reject);
  });
}

function bytesOf({ usedSize, backingStorageSize = 0 }: HeapUsage): number {
  return usedSize + backingStorageSize;
}
