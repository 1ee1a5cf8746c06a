/**
 * PeerJS's data connection without its data: makes the RTCPeerConnection and hands the data channel
 * away in the very turn it is created, since an engine lets a channel move to a worker only then
 * (page only).
 *
 * Traps: PeerJS calls `_initializeDataChannel` from within the base class's constructor for
 * connections it dials, before this class's fields exist; a moved channel's object reads `closed`
 * here and fires nothing, so PeerJS learns of the connection's end by `close()` alone; and it rejects
 * promises nobody holds where a candidate meets a connection just closed.
 */

import type * as PeerJs from 'peerjs';

export interface ConnectionHooks {
  readonly onChannel: (connection: PeerJs.DataConnection, channel: RTCDataChannel) => void;
  /** However it ended; may come more than once. */
  readonly onClosed: (connection: PeerJs.DataConnection) => void;
}

/** The only serialization there is; the class behind it is the peer's. */
export const SERIALIZATION = 'raw';

/** What is used of the module. */
export type PeerJsParts = Pick<typeof PeerJs, 'BufferedConnection' | 'Peer'>;

type ConnectionClass = PeerJs.SerializerMapping[string];

export function movedConnectionClass(
  peerJs: Pick<PeerJsParts, 'BufferedConnection'>,
  hooks: ConnectionHooks,
): ConnectionClass {
  return class MovedConnection extends peerJs.BufferedConnection {
    override readonly serialization = SERIALIZATION;

    override _initializeDataChannel(channel: RTCDataChannel): void {
      hooks.onChannel(this, channel);
    }

    override close(): void {
      super.close();
      hooks.onClosed(this);
    }

    override async handleMessage(message: Parameters<PeerJs.DataConnection['handleMessage']>[0]) {
      try {
        await super.handleMessage(message);
      } catch {
        // The connection was closed under its hands.
      }
    }

    protected override _handleDataMessage(): void {}

    protected override _send(): void {}
  };
}
