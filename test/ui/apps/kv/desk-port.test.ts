/** The tab's end of the port over which the service worker has requests carried out. */

import { expect, onTestFinished, test } from 'vitest';

import type { RestRequest } from '../../../../src/apps/kv/rest.ts';
import { listenAtDesk } from '../../../../src/ui/apps/kv/desk-port.ts';

interface Asked {
  readonly request: RestRequest;
  readonly signal: AbortSignal;
}

/** The worker's end; what is asked stays unanswered until `answer` is called. */
function openPort(): {
  port: MessagePort;
  asked: Asked[];
  answers: unknown[];
  answer: () => void;
} {
  const { port1: port, port2: own } = new MessageChannel();
  onTestFinished(() => port.close());
  const asked: Asked[] = [];
  const answers: unknown[] = [];
  let answer: () => void = () => undefined;
  const answered = new Promise<void>((resolve) => (answer = resolve));
  port.addEventListener('message', ({ data }: MessageEvent<unknown>) => answers.push(data));
  port.start();
  listenAtDesk(own, async (request, signal) => {
    asked.push({ request, signal });
    await answered;
    return { status: 204, headers: {}, body: null };
  });
  return { port, asked, answers, answer };
}

function posted(key: string, deadlineMs: number): object {
  const body = new TextEncoder().encode(key).buffer;
  return { method: 'PUT', path: key, headers: {}, body, deadlineMs };
}

test('a request is carried out and answered', async () => {
  const { port, asked, answers, answer } = openPort();
  port.postMessage(posted('k', Date.now() + 60_000));
  await expect.poll(() => asked).toHaveLength(1);
  expect(asked[0]?.request).toEqual({
    method: 'PUT',
    path: 'k',
    headers: {},
    body: new TextEncoder().encode('k'),
  });
  answer();
  await expect.poll(() => answers).toEqual([{ status: 204, headers: {}, body: null }]);
  expect(asked[0]?.signal.aborted).toBe(false);
});

test('one that comes when nobody waits for it any more is not begun', async () => {
  const { port, asked } = openPort();
  port.postMessage(posted('late', Date.now() - 1));
  port.postMessage(posted('k', Date.now() + 60_000));
  await expect.poll(() => asked.map(({ request }) => request.path)).toEqual(['k']);
});

test.each([60_000, 20])('one under way is aborted when nobody waits any more', async (leftMs) => {
  const { port, asked } = openPort();
  port.postMessage(posted('k', Date.now() + leftMs));
  await expect.poll(() => asked).toHaveLength(1);
  if (leftMs > 20) port.postMessage('abort');
  await expect.poll(() => asked[0]?.signal.aborted).toBe(true);
});
