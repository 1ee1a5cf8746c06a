/**
 * Where this tab serves the key-value store to plain `fetch`, its own and that of other pages: the
 * service worker asks it whether it would, over a port, and sends the request over the same port, where
 * it has chosen this tab. What the database does not answer now is answered by 503.
 */

import { knownClusters } from '../../cluster-store.ts';
import { database, openedWith, status } from '../../store.ts';
import { sharedStore } from '../../../apps/kv/kv.ts';
import { answerRest, type RestRequest } from '../../../apps/kv/rest.ts';

/** As the service worker has it. */
interface Desk {
  readonly isReady: boolean;
  readonly clusterId: string | null;
  readonly isDefault: boolean;
  readonly isVisible: boolean;
}

/** As it comes over the port. */
interface PostedRequest extends Omit<RestRequest, 'body'> {
  readonly body: ArrayBuffer;
}

/** Of the service worker's; any other message is none of this desk's. */
const QUESTION = 'kv desk';

let isOpen = false;

/** Further calls do nothing. Where the browser denies service workers nobody asks. */
export function openRestDesk(): void {
  if (isOpen || !('serviceWorker' in navigator)) return;
  isOpen = true;
  navigator.serviceWorker.addEventListener('message', ({ data, ports }: MessageEvent<unknown>) => {
    const [port] = ports;
    if (port !== undefined && isQuestion(data)) offer(port);
  });
}

function offer(port: MessagePort): void {
  port.addEventListener('message', ({ data }: MessageEvent<PostedRequest>) => {
    void serve(data, port);
  });
  port.start();
  port.postMessage(desk());
}

async function serve(request: PostedRequest, port: MessagePort): Promise<void> {
  const { value: open } = database;
  if (open === null) {
    const error = { code: 'Closed', message: 'the tab has no database now', applied: 'no' };
    const headers = { 'content-type': 'application/json; charset=utf-8' };
    port.postMessage({ status: 503, headers, body: JSON.stringify({ error }) });
    return;
  }
  const body = new Uint8Array(request.body);
  port.postMessage(await answerRest(sharedStore(open), { ...request, body }));
}

/** A node without a leader may have one soon; one that has stopped has not. */
function desk(): Desk {
  const clusterId = database.value?.clusterId ?? null;
  const known = knownClusters.value.find((cluster) => cluster.clusterId === clusterId);
  return {
    isReady: clusterId !== null && status.value?.state === 'running',
    clusterId,
    isDefault: known?.isDefault ?? openedWith === null,
    isVisible: document.visibilityState === 'visible',
  };
}

function isQuestion(data: unknown): boolean {
  return typeof data === 'object' && data !== null && 'type' in data && data.type === QUESTION;
}
