/** What one tab has of the transport: a mesh in its worker, and the page's signalling for it. */

import type { Configuration, NodeId } from '../../../src/raft/types.ts';
import type { CredentialSource } from '../../../src/transport/credentials.ts';
import type { FromMesh, FromPage } from '../../../src/transport/signalling-protocol.ts';
import {
  startSignalling,
  type Signalling,
  type SignallingOptions,
} from '../../../src/transport/signalling.ts';
import type { WorkerCommand, WorkerReport } from './mesh-worker.ts';

const BOUND_MS = 20_000;

export interface TabOptions extends SignallingOptions {
  readonly clusterId: string;
  readonly nodeId: NodeId;
  readonly secret: string;
  readonly credentials: CredentialSource;
  readonly configuration: Configuration;
  /** Sees, and may replace, what the mesh tells the page. */
  readonly alter?: (message: FromMesh) => FromMesh;
  /** The same, of what the page tells the mesh. */
  readonly alterFromPage?: (message: FromPage) => FromPage;
  /** Is given the second channel of every connection; the mesh then has none. */
  readonly keepBulkChannel?: (channel: RTCDataChannel) => void;
  /** Is given the first channel of every connection; the mesh hears nothing of it. */
  readonly keepChannel?: (channel: RTCDataChannel) => void;
}

export class Tab {
  readonly nodeId: NodeId;
  readonly options: TabOptions;
  readonly worker: Worker;
  readonly signalling: Signalling;
  /** What the mesh told the page first. */
  readonly listening: Promise<FromMesh & { type: 'listen' }>;

  constructor(options: TabOptions) {
    const { clusterId, nodeId, secret, credentials, configuration, ...page } = options;
    const { alter, alterFromPage, keepBulkChannel, keepChannel, ...signalling } = page;
    this.nodeId = nodeId;
    this.options = options;
    this.worker = new Worker(new URL('./mesh-worker.ts', import.meta.url), { type: 'module' });
    const toPage = new MessageChannel();
    const toMesh = new MessageChannel();
    // The test sits between the two, to see and alter what is said.
    this.listening = new Promise((resolve) => {
      toMesh.port1.addEventListener('message', (event: MessageEvent<FromMesh>) => {
        const message = alter?.(event.data) ?? event.data;
        if (message.type === 'listen') resolve(message);
        toPage.port1.postMessage(message, []);
      });
    });
    toPage.port1.addEventListener('message', (event: MessageEvent<FromPage>) => {
      const message = alterFromPage?.(event.data) ?? event.data;
      if (message.type !== 'channel') {
        toMesh.port1.postMessage(message, []);
        return;
      }
      const { channel } = message;
      if (keepChannel !== undefined && channel instanceof RTCDataChannel) {
        keepChannel(channel);
        return;
      }
      const kept = keepBulkChannel === undefined ? null : message.bulkChannel;
      const bulkChannel = kept === null ? message.bulkChannel : null;
      if (kept !== null) keepBulkChannel?.(kept);
      const moved = bulkChannel === null ? [channel] : [channel, bulkChannel];
      toMesh.port1.postMessage({ ...message, bulkChannel }, moved);
    });
    toMesh.port1.start();
    toPage.port1.start();
    const node = { clusterId, nodeId, secret, credentials, configuration };
    this.command({ type: 'start', ...node, port: toMesh.port2 }, [toMesh.port2]);
    this.signalling = startSignalling(toPage.port2, signalling);
  }

  command(command: WorkerCommand, transfer: Transferable[] = []): void {
    this.worker.postMessage(command, transfer);
  }

  setPeers(...tabs: { readonly nodeId: NodeId }[]): void {
    this.command({ type: 'peers', peers: tabs.map((tab) => tab.nodeId) });
  }

  report(): Promise<WorkerReport> {
    return new Promise((resolve) => {
      const listener = (event: MessageEvent<WorkerReport>): void => resolve(event.data);
      this.worker.addEventListener('message', listener, { once: true });
      this.command({ type: 'report' });
    });
  }

  /** Waits until the report holds what is asked for. */
  async until(holds: (report: WorkerReport) => boolean, what: string): Promise<WorkerReport> {
    const untilMs = performance.now() + BOUND_MS;
    for (;;) {
      const report = await this.report();
      if (holds(report)) return report;
      if (performance.now() > untilMs) {
        throw new Error(`waited in vain for ${what}: ${JSON.stringify(report)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  linkedWith(...tabs: { readonly nodeId: NodeId }[]): Promise<WorkerReport> {
    const wanted = tabs.map((tab) => tab.nodeId).toSorted();
    return this.until(
      ({ mesh }) => mesh.links.map((link) => link.nodeId).join(',') === wanted.join(','),
      `links with ${wanted.join(', ')}`,
    );
  }

  /** As a closed tab: everything ends, and nobody is told more than by that. */
  close(): void {
    this.signalling.close();
    this.worker.terminate();
  }
}
