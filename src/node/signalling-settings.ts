/**
 * Where a page finds other browsers, and by which servers its connections find their way. Plain data,
 * as a caller of `open()` gives it and a page keeps it.
 */

/**
 * A STUN or TURN server.
 *
 * @category Opening
 *
 * @example
 * ```ts
 * import { open, type IceServer } from 'resqlite';
 *
 * const turn: IceServer = {
 *   urls: ['turn:turn.example.org:3478', 'turns:turn.example.org:5349'],
 *   username: 'resqlite',
 *   credential: 'a secret',
 * };
 * const db = await open({ signalling: { iceServers: [turn] } });
 * (await db.status()).state; // => 'running'
 * ```
 */
export interface IceServer {
  /** `stun:`, `turn:` or `turns:` addresses. */
  readonly urls: string | readonly string[];
  /** For TURN; none where not given. */
  readonly username?: string;
  /** For TURN; none where not given. */
  readonly credential?: string;
}

/**
 * A PeerJS server; what is not given is as on the page's own origin.
 *
 * @category Opening
 *
 * @example
 * ```ts
 * import { open, type SignallingSettings } from 'resqlite';
 *
 * // A PeerServer as it comes, on a host of its own.
 * const signalling: SignallingSettings = { host: 'signalling.example.org', path: '/', secure: true };
 * const db = await open({ signalling });
 * (await db.invite({ signalling })).includes('signalling.example.org'); // => true
 * await db.invite({ signalling: { port: 0 } }); // throws 'InvalidArgument'
 * ```
 */
export interface SignallingSettings {
  /** The page's own where not given. */
  readonly host?: string;
  /** That of its scheme where only `host` is given. */
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
