/**
 * What the mesh (node worker) and the page's signalling say to each other over a message port. The
 * mesh decides everything: whom to dial, what to keep, what to close; the page does what only a page
 * can, make connections, and moves their channels over.
 *
 * A connection is known by its `key`: the mesh names those it dials (`d…`), the page those that come
 * in (`i…`, or `l…` from a node of the same page). Its life: `dial` or `incoming`, `channel`, `opened`,
 * `fingerprints`, then `adopted` where the handshake succeeded. It ends by `close` from the mesh or `closed` from the page, at any
 * time, and either may come when the other end has already forgotten the key.
 */

import type { Beliefs } from './access-policy.ts';
import type { Carrier } from './channel.ts';
import type { Credentials } from './credentials.ts';
import type { OfferRefusal } from './offer-refusal.ts';
import type { OfferCounts } from './offer-tally.ts';

/** What the page's part needs of the port between them. */
export interface PagePort {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
  removeEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
  start(): void;
}

export type FromMesh =
  /** Sent first: under which name to be found, by which key offers are known, and who this node is. */
  | {
      readonly type: 'listen';
      readonly clusterId: string;
      readonly peerId: string;
      readonly token: string;
      readonly offerProof: CryptoKey;
      readonly credentials: Credentials;
      readonly beliefs: Beliefs;
    }
  /** What it claims, and whom it believes, from now on. */
  | {
      readonly type: 'access';
      readonly credentials: Credentials;
      readonly beliefs: Beliefs;
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
  /** The other nodes that this very page hosts: to be dialled whether or not there is a server. */
  | { readonly type: 'local'; readonly peerIds: readonly string[] }
  /** A member's offer was taken; the channel follows. */
  | { readonly type: 'incoming'; readonly key: string; readonly peerId: string }
  | {
      readonly type: 'channel';
      readonly key: string;
      /** The channel itself, the port over which the page relays it, or one to a node of the page. */
      readonly channel: RTCDataChannel | MessagePort;
      /** The connection's second channel, for snapshots; null where it has none, or is relayed. */
      readonly bulkChannel: RTCDataChannel | null;
      readonly carrier: Carrier;
    }
  | {
      readonly type: 'fingerprints';
      readonly key: string;
      /** SHA-256 of each end's certificate. */
      readonly local: Uint8Array;
      readonly remote: Uint8Array;
    }
  /** A node dialled says that this one may not have a link; the connection ends besides. */
  | { readonly type: 'refused'; readonly refusal: OfferRefusal }
  /** So many offers were refused since this was last told. */
  | { readonly type: 'tally'; readonly counts: OfferCounts }
  | { readonly type: 'closed'; readonly key: string }
  /** Another network, or one again: whoever is away may be in reach now. */
  | { readonly type: 'network-changed' };
