/**
 * What the mesh (node worker) and the page's signalling say to each other over a message port. The
 * mesh decides everything: whom to dial, what to keep, what to close; the page does what only a page
 * can, make connections, and moves their channels over.
 *
 * A connection is known by its `key`: the mesh names those it dials (`d…`), the page those that come
 * in (`i…`). Its life: `dial` or `incoming`, `channel`, `opened`, `fingerprints`, then `adopted`
 * where the handshake succeeded. It ends by `close` from the mesh or `closed` from the page, at any
 * time, and either may come when the other end has already forgotten the key.
 */

export type FromMesh =
  /** Sent first: under which name to be found, and by which key members' offers are known. */
  | {
      readonly type: 'listen';
      readonly peerId: string;
      readonly token: string;
      readonly offerProof: CryptoKey;
    }
  | { readonly type: 'dial'; readonly key: string; readonly peerId: string }
  /** The channel is open: the certificates are known now. */
  | { readonly type: 'opened'; readonly key: string }
  /** The other end has proved that it is a member. */
  | { readonly type: 'adopted'; readonly key: string }
  | { readonly type: 'close'; readonly key: string }
  /** A channel could not be received here: relay from now on. */
  | { readonly type: 'unmovable' }
  /** The node is going; so does everything of it. */
  | { readonly type: 'end' };

/** Whether the signalling server can be reached; 'unsupported': this browser has no WebRTC. */
export type SignallingState = 'connected' | 'disconnected' | 'unsupported';

export type FromPage =
  | { readonly type: 'server'; readonly state: SignallingState }
  /** A member's offer was taken; the channel follows. */
  | { readonly type: 'incoming'; readonly key: string; readonly peerId: string }
  | {
      readonly type: 'channel';
      readonly key: string;
      /** The channel itself, or the port over which the page relays it (relay.ts). */
      readonly channel: RTCDataChannel | MessagePort;
      /** The connection's second channel, for snapshots; null where it has none, or is relayed. */
      readonly bulkChannel: RTCDataChannel | null;
      readonly carrier: 'worker' | 'page';
    }
  | {
      readonly type: 'fingerprints';
      readonly key: string;
      /** SHA-256 of each end's certificate. */
      readonly local: Uint8Array;
      readonly remote: Uint8Array;
    }
  | { readonly type: 'closed'; readonly key: string };
