/**
 * The tab's end of the port between it and the service worker: the worker is told what the tab says of
 * itself, then it sends one request, if it has chosen this tab, and perhaps that nobody waits for its answer
 * any more. A request that comes when its time is over, as to a tab that was frozen, is dropped unheard.
 */

import type { RestRequest, RestResponse } from '../../../apps/kv/rest.ts';

/** As it comes over the port. */
interface PostedRequest extends Omit<RestRequest, 'body'> {
  readonly body: ArrayBuffer;
  /** By the clock of the machine: until then somebody waits for the answer. */
  readonly deadlineMs: number;
}

/** What the service worker sends behind a request that was aborted. */
const ABORT = 'abort';

export type Serve = (request: RestRequest, signal: AbortSignal) => Promise<RestResponse>;

/** `serve` does not reject; its signal fires when nobody waits any more. */
export function listenAtDesk(port: MessagePort, serve: Serve): void {
  const abort = new AbortController();
  port.addEventListener('message', ({ data }: MessageEvent<PostedRequest | typeof ABORT>) => {
    if (data === ABORT) abort.abort();
    else void answer(port, data, { serve, abort });
  });
  port.start();
}

async function answer(
  port: MessagePort,
  { deadlineMs, ...request }: PostedRequest,
  { serve, abort }: { readonly serve: Serve; readonly abort: AbortController },
): Promise<void> {
  const leftMs = deadlineMs - Date.now();
  if (leftMs <= 0) return;
  const timer = setTimeout(() => abort.abort(), leftMs);
  try {
    const body = new Uint8Array(request.body);
    port.postMessage(await serve({ ...request, body }, abort.signal));
  } finally {
    clearTimeout(timer);
  }
}
