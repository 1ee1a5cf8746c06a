/**
 * A real mesh in a real worker, driven by the page: sends series of numbered messages, and tells how
 * many arrived and whether in order; streams a snapshot, and tells how late heartbeats were meanwhile.
 */

import type { Clock } from '../../../src/node/ports.ts';
import type { NodeMessage } from '../../../src/node/messages.ts';
import type { Configuration, LogIndex, NodeId } from '../../../src/raft/types.ts';
import type { CredentialSource } from '../../../src/transport/credentials.ts';
import { Mesh } from '../../../src/transport/mesh.ts';
import type { MeshStatus } from '../../../src/transport/mesh-status.ts';
import { SnapshotStream, type StreamReport } from './snapshot-stream.ts';
import { noteUncaught } from './uncaught.ts';

export interface WorkerReport {
  /** `+id` and `-id`, in order. */
  readonly events: readonly string[];
  /** Numbered messages received from each node, all in order. */
  readonly inOrder: Readonly<Record<string, number>>;
  readonly outOfOrder: number;
  /** Large bodies that came whole. */
  readonly wholeBodies: number;
  /** Small messages that came while a large one was on its way. */
  readonly overtakers: number;
  readonly stream: StreamReport;
  /** At which index it was told that it was removed, by whom. */
  readonly removed: readonly { readonly from: NodeId; readonly configurationIndex: LogIndex }[];
  readonly mesh: MeshStatus;
  /** By anything in the worker. */
  readonly uncaught: readonly string[];
}

export type WorkerCommand =
  | {
      readonly type: 'start';
      readonly clusterId: string;
      readonly nodeId: NodeId;
      readonly secret: string;
      readonly credentials: CredentialSource;
      /** In force from the start. */
      readonly configuration: Configuration;
      readonly port: MessagePort;
    }
  | { readonly type: 'peers'; readonly peers: readonly NodeId[] }
  | {
      readonly type: 'access';
      readonly configuration: Configuration;
      readonly committedIndex: LogIndex;
    }
  /** Messages numbered from 1 on, each with a body of so many bytes. */
  | {
      readonly type: 'send';
      readonly to: NodeId;
      readonly count: number;
      readonly bodyBytes: number;
    }
  /** Small messages of the control lane. */
  | { readonly type: 'announce'; readonly to: NodeId; readonly count: number }
  /** A snapshot of so many bytes, and heartbeats meanwhile. */
  | { readonly type: 'stream'; readonly to: NodeId; readonly sizeBytes: number }
  | { readonly type: 'isolate'; readonly on: boolean }
  | { readonly type: 'close' }
  | { readonly type: 'report' };

const clock: Pick<Clock, 'now' | 'wallClock' | 'setTimer' | 'random'> = {
  wallClock: () => Date.now(),
  now: () => Math.floor(performance.now()),
  setTimer: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
  random: (bound) => Math.floor(Math.random() * bound),
};

const LARGE_BYTES = 1_000_000;
const uncaught = noteUncaught();

class Driver {
  readonly #events: string[] = [];
  readonly #inOrder: Record<string, number> = {};
  readonly #nextNumberByNode = new Map<NodeId, number>();
  readonly #removed: { from: NodeId; configurationIndex: LogIndex }[] = [];
  #outOfOrder = 0;
  #wholeBodies = 0;
  #overtakers = 0;
  readonly #mesh: Mesh;
  readonly #stream: SnapshotStream;
  readonly #self: NodeId;

  constructor(command: WorkerCommand & { type: 'start' }) {
    const { clusterId, nodeId, secret, credentials, configuration, port } = command;
    this.#self = nodeId;
    this.#mesh = new Mesh({
      clusterId,
      nodeId,
      secret,
      credentials,
      port,
      clock,
      onMessage: (message) => this.#onMessage(message),
      onLinkChanged: (peer, connected) => this.#events.push(`${connected ? '+' : '-'}${peer}`),
    });
    this.#mesh.setAccess(configuration, 1 as LogIndex);
    this.#stream = new SnapshotStream(nodeId, (message) => this.#mesh.send(message));
  }

  run(command: WorkerCommand): void {
    switch (command.type) {
      case 'peers':
        this.#mesh.setPeers(command.peers);
        return;
      case 'access':
        this.#mesh.setAccess(command.configuration, command.committedIndex);
        return;
      case 'send':
        this.#send(command.to, command.count, command.bodyBytes);
        return;
      case 'announce':
        for (let i = 0; i < command.count; i += 1) {
          const from = this.#self;
          this.#mesh.send({
            type: 'join-request',
            from,
            to: command.to,
            nodeId: from,
            profileId: '',
            key: '',
            admission: { type: 'none' },
          });
        }
        return;
      case 'stream':
        this.#stream.start(command.to, command.sizeBytes);
        return;
      case 'isolate':
        this.#mesh.isolate(command.on);
        return;
      case 'close':
        this.#mesh.close();
        return;
      default:
        return;
    }
  }

  report(): WorkerReport {
    return {
      events: [...this.#events],
      inOrder: { ...this.#inOrder },
      outOfOrder: this.#outOfOrder,
      wholeBodies: this.#wholeBodies,
      overtakers: this.#overtakers,
      stream: this.#stream.report(),
      removed: [...this.#removed],
      mesh: this.#mesh.status(),
      uncaught: [...uncaught.found],
    };
  }

  #send(to: NodeId, count: number, bodyBytes: number): void {
    for (let i = 0; i < count; i += 1) {
      const sequence = this.#nextNumberByNode.get(to) ?? 1;
      this.#nextNumberByNode.set(to, sequence + 1);
      const body = new Uint8Array(bodyBytes);
      for (let at = 0; at < bodyBytes; at += 1) body[at] = (at * 7 + sequence) & 255;
      const session = { sessionId: 1 as LogIndex, sequence, lowestUnanswered: 1 };
      const proposal = { type: 'execute', session, body, isCopyWanted: false } as const;
      this.#mesh.send({ type: 'propose', from: this.#self, to, proposal });
    }
  }

  #onMessage(message: NodeMessage): void {
    this.#stream.receive(message);
    if (message.type === 'removed') {
      const { from, configurationIndex } = message;
      this.#removed.push({ from, configurationIndex });
    }
    if (message.type === 'join-request' && this.#wholeBodies === 0) this.#overtakers += 1;
    if (message.type !== 'propose' || message.proposal.type !== 'execute') return;
    const { session, body } = message.proposal;
    const expected = (this.#inOrder[message.from] ?? 0) + 1;
    if (session.sequence === expected) this.#inOrder[message.from] = expected;
    else this.#outOfOrder += 1;
    const whole = body.every((byte, at) => byte === ((at * 7 + session.sequence) & 255));
    if (body.length >= LARGE_BYTES && whole) this.#wholeBodies += 1;
  }
}

function postReport(report: WorkerReport | null): void {
  const noTransfer: Transferable[] = [];
  self.postMessage(report, { transfer: noTransfer });
}

let driver: Driver | null = null;

self.addEventListener('message', (event: MessageEvent<WorkerCommand>) => {
  const command = event.data;
  if (command.type === 'start') driver = new Driver(command);
  else if (command.type === 'report') postReport(driver?.report() ?? null);
  else driver?.run(command);
});
