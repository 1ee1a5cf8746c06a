/**
 * Where this tab serves the key-value store to plain `fetch`, its own and that of other pages: the
 * service worker asks it whether it would, over a port, and sends the request over the same port, where
 * it has chosen this tab (desk-port.ts). What the database does not answer now is answered by 503.
 */

import { isDefaultCluster } from '../../cluster-store.ts';
import { database, openedWith, status } from '../../store.ts';
import type { Database } from '../../../client/database.ts';
import { Handles } from '../../../apps/kv/handles.ts';
import { answerRest, type RestRequest, type RestResponse } from '../../../apps/kv/rest.ts';
import { listenAtDesk } from './desk-port.ts';

/** As the service worker has it. */
interface Desk {
  readonly isReady: boolean;
  readonly clusterId: string | null;
  readonly isDefault: boolean;
  readonly isVisible: boolean;
}

/** Of the service worker's; any other message is none of this desk's. */
const QUESTION = 'kv desk';

let isOpen = false;
const handles = new WeakMap<Database, Handles>();

/** Further calls do nothing. Where the browser denies service workers nobody asks. */
export function openRestDesk(): void {
  if (isOpen || !('serviceWorker' in navigator)) return;
  isOpen = true;
  navigator.serviceWorker.addEventListener('message', ({ data, ports }: MessageEvent<unknown>) => {
    const [port] = ports;
    if (port !== undefined && isQuestion(data)) void offer(port);
  });
}

async function offer(port: MessagePort): Promise<void> {
  listenAtDesk(port, serve);
  port.postMessage(await desk());
}

async function serve(request: RestRequest, signal: AbortSignal): Promise<RestResponse> {
  const { value: open } = database;
  if (open === null) {
    const error = { code: 'Closed', message: 'the tab has no database now', applied: 'no' };
    const headers = { 'content-type': 'application/json; charset=utf-8' };
    return { status: 503, headers, body: JSON.stringify({ error }) };
  }
  const own = handles.get(open) ?? new Handles(open);
  handles.set(open, own);
  return answerRest(own, request, signal);
}

/** A node without a leader may have one soon; one that has stopped has not. */
async function desk(): Promise<Desk> {
  const clusterId = database.value?.clusterId ?? null;
  const isDefault = clusterId === null ? null : await isDefaultCluster(clusterId);
  return {
    isReady: clusterId !== null && status.value?.state === 'running',
    clusterId,
    isDefault: isDefault ?? openedWith === null,
    isVisible: document.visibilityState === 'visible',
  };
}

function isQuestion(data: unknown): boolean {
  return typeof data === 'object' && data !== null && 'type' in data && data.type === QUESTION;
}
