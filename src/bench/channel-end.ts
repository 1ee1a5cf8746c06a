/**
 * One end of a raw data channel between two tabs, its bytes in a worker. The connection is made here,
 * because it exists in pages alone, and the channel moves in the very turn in which it is there.
 * Descriptions are exchanged whole, with all candidates, so that no more than three steps are needed.
 */

import { RpcClient } from '../client/rpc.ts';
import type { ChannelApi, ChannelMessage } from './worker-apis.ts';
import { endWithWorker } from './worker-failure.ts';

export class ChannelEnd {
  readonly rpc: RpcClient<ChannelApi, never>;
  readonly #connection = new RTCPeerConnection();
  readonly #worker = new Worker(new URL('./workers/channel-worker.ts', import.meta.url), {
    type: 'module',
  });

  constructor() {
    this.rpc = new RpcClient(this.#worker, () => undefined);
    endWithWorker(this.rpc, this.#worker);
  }

  async offer(): Promise<RTCSessionDescriptionInit> {
    this.#move(this.#connection.createDataChannel('benchmark'));
    await this.#connection.setLocalDescription();
    return this.#description();
  }

  async accept(offer: RTCSessionDescriptionInit): Promise<RTCSessionDescriptionInit> {
    this.#connection.addEventListener('datachannel', ({ channel }) => this.#move(channel));
    await this.#connection.setRemoteDescription(offer);
    await this.#connection.setLocalDescription();
    return this.#description();
  }

  /** Resolves when this end is open; the one that accepted is given no answer. */
  async establish(answer: RTCSessionDescriptionInit | null): Promise<void> {
    if (answer !== null) await this.#connection.setRemoteDescription(answer);
    await this.rpc.call('opened', []);
  }

  close(): void {
    this.#connection.close();
    this.#worker.terminate();
  }

  #move(channel: RTCDataChannel): void {
    const message: ChannelMessage = { type: 'channel', channel };
    this.#worker.postMessage(message, [channel]);
  }

  async #description(): Promise<RTCSessionDescriptionInit> {
    if (this.#connection.iceGatheringState !== 'complete') {
      await new Promise<void>((resolve) => {
        this.#connection.addEventListener('icegatheringstatechange', () => {
          if (this.#connection.iceGatheringState === 'complete') resolve();
        });
      });
    }
    const { type, sdp = '' } = this.#connection.localDescription ?? { type: 'offer' };
    return { type, sdp };
  }
}
