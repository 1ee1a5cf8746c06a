/**
 * The mutual handshake: proves to both ends of a data channel, before any other frame is read, that
 * the other end is a member of the cluster and that nobody sits between them.
 *
 *   initiator                                   responder
 *     hello   (versions, cluster, ids, nonce) ->
 *             <- accept  (version, nonce, responder's proof)
 *     confirm (initiator's proof)             ->
 *             <- welcome
 *
 * A proof is HMAC-SHA256 over the role's name and the transcript: everything said so far and the
 * SHA-256 fingerprints of both certificates of the DTLS connection beneath. WebRTC itself only knows
 * that the other end has the certificate that signalling announced; a signalling server that put
 * itself between would face each end with a certificate of its own, and the two transcripts would
 * differ. Each role has its own key and name, so no proof can be sent back to its author, and fresh
 * nonces from both ends keep recorded ones from being of use again.
 *
 * Frames go strictly to and fro; one out of turn ends the handshake. The initiator sends nothing else
 * until it is welcome, so the responder never holds unproved frames. Whoever is proved is trusted
 * as a member: members share one secret, so one member could pass for another.
 *
 * A state machine over `send` and `receive`, with WebCrypto as its only surroundings. Time limits are
 * its owner's business.
 */

import { ByteWriter, FormatError } from '../node/bytes.ts';
import type { NodeId } from '../raft/types.ts';
import type { ClusterKeys } from './cluster-keys.ts';
import {
  commonVersion,
  decodeHandshakeFrame,
  encodeHandshakeFrame,
  NONCE_BYTES,
  type HandshakeFrame,
  type HelloBody,
  type RefusalReason,
  type VersionRange,
} from './handshake-frames.ts';
import type { LinkFacts } from './link-order.ts';

/** The protocol versions spoken here. */
export const PROTOCOL_VERSIONS: VersionRange = { lowest: 3, highest: 3 };

export interface Fingerprints {
  /** SHA-256 of this end's certificate. */
  readonly local: Uint8Array;
  /** SHA-256 of the certificate the other end holds, as DTLS saw it. */
  readonly remote: Uint8Array;
}

/** Who is at the other end, proved. */
export interface Identity extends LinkFacts {
  readonly peer: NodeId;
  readonly version: number;
  /** Marks the frames of this connection (framing.ts). */
  readonly tag: number;
}

export type HandshakeOutcome =
  | { readonly type: 'authenticated'; readonly identity: Identity }
  | { readonly type: 'refused'; readonly by: 'here' | 'there'; readonly reason: RefusalReason };

/** What the owner of all links has to say. */
export interface HandshakePolicy {
  /** The number of this node's next link to `peer`, of that incarnation where it is known. */
  nextGeneration(peer: NodeId, incarnation: number | null): number;
  /** What speaks against a proved peer, before this end commits itself to the connection. */
  objection(identity: Identity): RefusalReason | null;
}

export interface HandshakeOptions {
  readonly keys: ClusterKeys;
  readonly self: NodeId;
  readonly incarnation: number;
  /** The node dialled; null at the responder. */
  readonly dialled: NodeId | null;
  readonly fingerprints: Fingerprints;
  readonly policy: HandshakePolicy;
  readonly send: (frame: Uint8Array<ArrayBuffer>) => void;
  /** Called once. */
  readonly done: (outcome: HandshakeOutcome) => void;
  readonly versions?: VersionRange;
}

/** Both ends' words, in the roles' order; what the proofs are over. */
interface Transcript {
  readonly version: number;
  readonly initiatorVersions: VersionRange;
  readonly responderVersions: VersionRange;
  readonly hello: HelloBody;
  readonly responder: {
    readonly incarnation: number;
    readonly generation: number;
    readonly nonce: Uint8Array;
  };
}

type State =
  | { readonly type: 'new' }
  | { readonly type: 'hello-sent'; readonly hello: HelloBody }
  | { readonly type: 'accept-sent'; readonly transcript: Transcript }
  | { readonly type: 'confirm-sent'; readonly identity: Identity }
  /** Waiting for WebCrypto; no frame may arrive now. */
  | { readonly type: 'busy' }
  | { readonly type: 'ended' };

export class Handshake {
  readonly #options: HandshakeOptions;
  readonly #versions: VersionRange;
  #state: State = { type: 'new' };

  constructor(options: HandshakeOptions) {
    this.#options = options;
    this.#versions = options.versions ?? PROTOCOL_VERSIONS;
  }

  /** The initiator's first word; a responder waits for it. */
  start(): void {
    const { dialled, keys, self, incarnation, policy } = this.#options;
    if (dialled === null) return;
    const hello: HelloBody = {
      clusterId: keys.clusterId,
      from: self,
      to: dialled,
      incarnation,
      generation: policy.nextGeneration(dialled, null),
      nonce: newNonce(),
    };
    this.#state = { type: 'hello-sent', hello };
    this.#send({ type: 'hello', versions: this.#versions, body: hello });
  }

  /** The initiator has said all it has to: the other end may believe in the connection already. */
  get confirmed(): Identity | null {
    return this.#state.type === 'confirm-sent' ? this.#state.identity : null;
  }

  receive(bytes: Uint8Array): void {
    if (this.#state.type === 'ended') return;
    try {
      this.#step(decodeHandshakeFrame(bytes, this.#versions));
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      this.refuse('malformed');
    }
  }

  /** Ends it from here; the other end is told. */
  refuse(reason: RefusalReason): void {
    if (this.#state.type === 'ended') return;
    this.#send({ type: 'refuse', reason, versions: this.#versions });
    this.#end({ type: 'refused', by: 'here', reason });
  }

  #step(frame: HandshakeFrame): void {
    const state = this.#state;
    if (frame.type === 'refuse') {
      this.#end({ type: 'refused', by: 'there', reason: frame.reason });
    } else if (frame.type === 'hello' && state.type === 'new') {
      this.#onHello(frame.versions, frame.body);
    } else if (frame.type === 'accept' && state.type === 'hello-sent') {
      this.#onAccept(frame, state.hello);
    } else if (frame.type === 'confirm' && state.type === 'accept-sent') {
      this.#onConfirm(frame.proof, state.transcript);
    } else if (frame.type === 'welcome' && state.type === 'confirm-sent') {
      this.#end({ type: 'authenticated', identity: state.identity });
    } else {
      this.refuse('malformed');
    }
  }

  #onHello(versions: VersionRange, hello: HelloBody | null): void {
    const version = commonVersion(versions, this.#versions);
    if (version === null || hello === null) {
      this.refuse('version');
      return;
    }
    const { self, keys, incarnation, policy } = this.#options;
    const objection = this.#objectionToHello(hello);
    if (objection !== null) {
      this.refuse(objection);
      return;
    }
    const responder = {
      incarnation,
      generation: policy.nextGeneration(hello.from, hello.incarnation),
      nonce: newNonce(),
    };
    const transcript: Transcript = {
      version,
      initiatorVersions: versions,
      responderVersions: this.#versions,
      hello: { ...hello, to: self, clusterId: keys.clusterId },
      responder,
    };
    this.#compute(async () => {
      const mac = await this.#sign(keys.responderProof, 'responder', transcript);
      return () => {
        this.#state = { type: 'accept-sent', transcript };
        const proof = new Uint8Array(mac);
        this.#send({ type: 'accept', version, versions: this.#versions, ...responder, proof });
      };
    });
  }

  #objectionToHello({ clusterId, from, to }: HelloBody): RefusalReason | null {
    const { self, keys } = this.#options;
    if (clusterId !== keys.clusterId) return 'cluster';
    return to === self && from !== self ? null : 'node';
  }

  #onAccept(accept: HandshakeFrame & { type: 'accept' }, hello: HelloBody): void {
    const { keys, policy } = this.#options;
    if (accept.version !== commonVersion(accept.versions, this.#versions)) {
      this.refuse('version');
      return;
    }
    const { incarnation, generation, nonce } = accept;
    const transcript: Transcript = {
      version: accept.version,
      initiatorVersions: this.#versions,
      responderVersions: accept.versions,
      hello,
      responder: { incarnation, generation, nonce },
    };
    this.#compute(async () => {
      const proved = await this.#verify(keys.responderProof, 'responder', transcript, accept.proof);
      if (!proved) return () => this.refuse('proof');
      const mac = await this.#sign(keys.initiatorProof, 'initiator', transcript);
      const identity = await this.#identity(transcript, hello.to, incarnation);
      return () => {
        const objection = policy.objection(identity);
        if (objection !== null) {
          this.refuse(objection);
          return;
        }
        this.#state = { type: 'confirm-sent', identity };
        this.#send({ type: 'confirm', proof: new Uint8Array(mac) });
      };
    });
  }

  #onConfirm(proof: Uint8Array, transcript: Transcript): void {
    const { keys, policy } = this.#options;
    const { from, incarnation } = transcript.hello;
    this.#compute(async () => {
      const proved = await this.#verify(keys.initiatorProof, 'initiator', transcript, proof);
      if (!proved) return () => this.refuse('proof');
      const identity = await this.#identity(transcript, from, incarnation);
      return () => {
        const objection = policy.objection(identity);
        if (objection !== null) {
          this.refuse(objection);
          return;
        }
        this.#send({ type: 'welcome' });
        this.#end({ type: 'authenticated', identity });
      };
    });
  }

  /** Runs WebCrypto, and then what it gives back, unless the handshake has ended meanwhile. */
  #compute(work: () => Promise<() => void>): void {
    this.#state = { type: 'busy' };
    void this.#finish(work());
  }

  async #finish(work: Promise<() => void>): Promise<void> {
    const next = await work.catch(() => () => this.refuse('closing'));
    if (this.#state.type === 'busy') next();
  }

  #sign(key: CryptoKey, role: Role, transcript: Transcript): Promise<ArrayBuffer> {
    return crypto.subtle.sign('HMAC', key, this.#bytesOf(role, transcript));
  }

  #verify(key: CryptoKey, role: Role, transcript: Transcript, proof: Uint8Array): Promise<boolean> {
    const bytes = this.#bytesOf(role, transcript);
    return crypto.subtle.verify('HMAC', key, new Uint8Array(proof), bytes);
  }

  async #identity(transcript: Transcript, peer: NodeId, incarnation: number): Promise<Identity> {
    const bytes = this.#bytesOf('frames', transcript);
    const mac = await crypto.subtle.sign('HMAC', this.#options.keys.frameTag, bytes);
    const { version, hello, responder } = transcript;
    const generation = Math.max(hello.generation, responder.generation);
    const tag = new DataView(mac).getUint32(0, true);
    return { peer, incarnation, generation, initiator: hello.from, version, tag };
  }

  #bytesOf(role: Role, transcript: Transcript): Uint8Array<ArrayBuffer> {
    const { local, remote } = this.#options.fingerprints;
    const dialled = this.#options.dialled !== null;
    const { hello, responder } = transcript;
    const writer = new ByteWriter(512);
    writer.name(`resqlite handshake ${role}`);
    writer.u8(transcript.version);
    for (const range of [transcript.initiatorVersions, transcript.responderVersions]) {
      writer.u8(range.lowest);
      writer.u8(range.highest);
    }
    writer.name(hello.clusterId);
    writer.name(hello.from);
    writer.name(hello.to);
    for (const end of [hello, responder]) {
      writer.integer(end.incarnation);
      writer.integer(end.generation);
      writer.bytes(end.nonce);
    }
    writer.bytes(dialled ? local : remote);
    writer.bytes(dialled ? remote : local);
    return new Uint8Array(writer.finish());
  }

  #send(frame: HandshakeFrame): void {
    this.#options.send(encodeHandshakeFrame(frame));
  }

  #end(outcome: HandshakeOutcome): void {
    this.#state = { type: 'ended' };
    this.#options.done(outcome);
  }
}

type Role = 'initiator' | 'responder' | 'frames';

function newNonce(): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
}
