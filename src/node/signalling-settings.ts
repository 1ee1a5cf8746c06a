/**
 * Where a page finds other browsers, and by which servers its connections find their way. Plain data,
 * as a caller of `open()` gives it and a page keeps it.
 */

/** A STUN or TURN server. */
export interface IceServer {
  /** `stun:`, `turn:` or `turns:` addresses. */
  readonly urls: string | readonly string[];
  /** For TURN. */
  readonly username?: string;
  readonly credential?: string;
}

/** A PeerJS server; what is not given is as on the page's own origin. */
export interface SignallingSettings {
  /** Where given, `port` is that of its scheme unless it says otherwise. */
  readonly host?: string;
  readonly port?: number;
  /** `/peerjs` where not given; a PeerServer as it comes has `/`. */
  readonly path?: string;
  /** Over https and wss; where not given: as the page is. */
  readonly secure?: boolean;
  /** `peerjs` where not given. */
  readonly key?: string;
  /** None where not given: nobody else is asked for anything. */
  readonly iceServers?: readonly IceServer[];
}

/** What was found where a signalling server should be. */
export type SignallingFinding =
  | { readonly type: 'found'; readonly elapsedMs: number }
  | { readonly type: 'unreachable' }
  /** Something answers, but not as a PeerJS server: most likely the path is another one. */
  | { readonly type: 'not-a-peer-server' }
  | { readonly type: 'key-refused' }
  /** It has as many clients as it takes. */
  | { readonly type: 'full' }
  | { readonly type: 'refused'; readonly message: string }
  /** This page may not ask it: it was served over https, and the server is not. */
  | { readonly type: 'forbidden' };
