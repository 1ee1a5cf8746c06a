/**
 * The mutual handshake: proves to both ends of a data channel, before any other frame is read, who
 * the other end is, that it may have a link, and that nobody sits between them.
 *
 *   initiator                                   responder
 *     hello   (versions, cluster, ids, nonce, claims) ->
 *             <- accept  (version, nonce, claims, responder's proofs)
 *     confirm (initiator's proofs)                    ->
 *             <- welcome
 *
 * The proofs (transcript.ts) are over everything said so far and the SHA-256 fingerprints of both
 * certificates of the DTLS connection beneath. WebRTC itself only knows that the other end has the
 * certificate that signalling announced; a signalling server that put itself between would face each
 * end with a certificate of its own, and the two transcripts would differ. Each role has its own key
 * and name, so no proof can be sent back to its author, and fresh nonces from both ends keep recorded
 * ones from being of use again. What is proved is judged by the rule of access-policy.ts: by the
 * responder before it answers, as far as claims go, and by both ends once they know what is true.
 *
 * Frames go strictly to and fro; one out of turn ends the handshake. The initiator sends nothing else
 * until it is welcome, so the responder never holds unproved frames.
 *
 * A state machine over `send` and `receive`, with WebCrypto as its only surroundings. Time limits are
 * its owner's business.
 */

import { FormatError } from '../node/bytes.ts';
import type { NodeId } from '../raft/types.ts';
import type { Proved, Standing } from './access-policy.ts';
import type { AccessRule } from './access-rule.ts';
import type { Claims } from './claims.ts';
import type { ClusterKeys } from './cluster-keys.ts';
import type { Credentials } from './credentials.ts';
import {
  commonVersion,
  decodeHandshakeFrame,
  encodeHandshakeFrame,
  NONCE_BYTES,
  type AcceptBody,
  type HandshakeFrame,
  type HelloBody,
  type Proofs,
  type RefusalReason,
  type VersionRange,
} from './handshake-frames.ts';
import type { LinkFacts } from './link-order.ts';
import { check, prove, tagOf, type Prover, type Transcript } from './transcript.ts';

/** The protocol versions spoken here. */
export const PROTOCOL_VERSIONS: VersionRange = { lowest: 4, highest: 5 };

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
  | {
      readonly type: 'authenticated';
      readonly identity: Identity;
      /** As what it was let in. */
      readonly standing: Standing;
    }
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
  readonly credentials: Credentials;
  readonly rule: AccessRule;
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

type State =
  | { readonly type: 'new' }
  | { readonly type: 'hello-sent'; readonly hello: HelloBody }
  | { readonly type: 'accept-sent'; readonly transcript: Transcript }
  | { readonly type: 'confirm-sent'; readonly proved: ProvedPeer }
  /** Waiting for WebCrypto; no frame may arrive now. */
  | { readonly type: 'busy' }
  | { readonly type: 'ended' };

interface ProvedPeer {
  readonly identity: Identity;
  readonly standing: Standing;
}

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
    const { dialled, keys, credentials, policy } = this.#options;
    if (dialled === null) return;
    const hello: HelloBody = {
      clusterId: keys.clusterId,
      from: credentials.nodeId,
      to: dialled,
      ...this.#body(policy.nextGeneration(dialled, null)),
    };
    this.#state = { type: 'hello-sent', hello };
    this.#send({ type: 'hello', versions: this.#versions, body: hello });
  }

  /** The initiator has said all it has to: the other end may believe in the connection already. */
  get confirmed(): Identity | null {
    return this.#state.type === 'confirm-sent' ? this.#state.proved.identity : null;
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
      this.#onConfirm(frame.proofs, state.transcript);
    } else if (frame.type === 'welcome' && state.type === 'confirm-sent') {
      this.#end({ type: 'authenticated', ...state.proved });
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
    const objection = this.#objectionToHello(hello);
    if (objection !== null) {
      this.refuse(objection);
      return;
    }
    const { credentials, keys, rule, policy } = this.#options;
    const { from, claims } = hello;
    const body = this.#body(policy.nextGeneration(from, hello.incarnation));
    const transcript: Transcript = {
      version,
      initiatorVersions: versions,
      responderVersions: this.#versions,
      hello: { ...hello, to: credentials.nodeId, clusterId: keys.clusterId },
      responder: body,
      certificates: this.#certificates,
    };
    this.#compute(async () => {
      const voucherBy = await rule.voucherBy(from, claims);
      const verdict = rule.judgeBeforehand(from, claims, voucherBy);
      if (verdict.type === 'refused') return () => this.refuse(verdict.reason);
      const proofs = await prove('responder', transcript, this.#prover);
      return () => {
        this.#state = { type: 'accept-sent', transcript };
        this.#send({ type: 'accept', version, versions: this.#versions, body, proofs });
      };
    });
  }

  #objectionToHello({ clusterId, from, to }: HelloBody): RefusalReason | null {
    const { credentials, keys } = this.#options;
    if (clusterId !== keys.clusterId) return 'cluster';
    return to === credentials.nodeId && from !== to ? null : 'node';
  }

  #onAccept(accept: HandshakeFrame & { type: 'accept' }, hello: HelloBody): void {
    if (accept.version !== commonVersion(accept.versions, this.#versions)) {
      this.refuse('version');
      return;
    }
    const { version, versions, body, proofs } = accept;
    const transcript: Transcript = {
      version,
      initiatorVersions: this.#versions,
      responderVersions: versions,
      hello,
      responder: body,
      certificates: this.#certificates,
    };
    this.#compute(async () => {
      const proved = await check('responder', transcript, proofs, this.#prover);
      if (proved === null) return () => this.refuse('proof');
      const own = await prove('initiator', transcript, this.#prover);
      const identity = await this.#identity(transcript, hello.to, body.incarnation);
      return () => {
        const peer = this.#admit(identity, body.claims, proved);
        if (peer === null) return;
        this.#state = { type: 'confirm-sent', proved: peer };
        this.#send({ type: 'confirm', proofs: own });
      };
    });
  }

  #onConfirm(proofs: Proofs, transcript: Transcript): void {
    const { from, incarnation, claims } = transcript.hello;
    this.#compute(async () => {
      const proved = await check('initiator', transcript, proofs, this.#prover);
      if (proved === null) return () => this.refuse('proof');
      const identity = await this.#identity(transcript, from, incarnation);
      return () => {
        const peer = this.#admit(identity, claims, proved);
        if (peer === null) return;
        this.#send({ type: 'welcome' });
        this.#end({ type: 'authenticated', ...peer });
      };
    });
  }

  /** Null: refused, by the rule or because of other links. */
  #admit(identity: Identity, claims: Claims, proved: Proved): ProvedPeer | null {
    const { rule, policy } = this.#options;
    const admitted = rule.judge(identity.peer, claims, proved);
    const objection = admitted.type === 'refused' ? admitted.reason : policy.objection(identity);
    if (admitted.type !== 'refused' && objection === null) {
      return { identity, standing: { admitted, claims, proved } };
    }
    if (objection !== null) this.refuse(objection);
    return null;
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

  async #identity(transcript: Transcript, peer: NodeId, incarnation: number): Promise<Identity> {
    const { version, hello, responder } = transcript;
    const generation = Math.max(hello.generation, responder.generation);
    const tag = await tagOf(transcript, this.#options.keys);
    return { peer, incarnation, generation, initiator: hello.from, version, tag };
  }

  get #prover(): Prover {
    const { keys, credentials, rule } = this.#options;
    return { keys, key: credentials.key, rule };
  }

  #body(generation: number): AcceptBody {
    const { incarnation, credentials } = this.#options;
    return { incarnation, generation, nonce: newNonce(), claims: credentials.claims };
  }

  get #certificates(): Transcript['certificates'] {
    const { dialled, fingerprints } = this.#options;
    const { local, remote } = fingerprints;
    return dialled === null ? [remote, local] : [local, remote];
  }

  #send(frame: HandshakeFrame): void {
    this.#options.send(encodeHandshakeFrame(frame));
  }

  #end(outcome: HandshakeOutcome): void {
    this.#state = { type: 'ended' };
    this.#options.done(outcome);
  }
}

function newNonce(): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
}
