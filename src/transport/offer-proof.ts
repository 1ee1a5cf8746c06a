/**
 * The proof in an offer, by which a page knows whose offer it is before it makes an RTCPeerConnection
 * for it: the sender's claims, and over them, both PeerJS ids and the connection's id an HMAC by the
 * cluster's secret, a signature by the claimed key, and an HMAC by the verifier of a claimed invite. It
 * opens the door to the handshake and no further.
 *
 * As text, in the metadata of a PeerJS offer: base64url of name node, claims (claims.ts), 32 bytes by
 * the secret, 64 bytes signature, u8 and 32 bytes by the invite. Written by strangers.
 */

import { ByteWriter } from '../node/bytes.ts';
import { readNodeId } from '../node/entry-codec.ts';
import { MAX_HANDSHAKE_FRAME_BYTES } from '../node/limits.ts';
import type { NodeId } from '../raft/types.ts';
import type { AccessRule } from './access-rule.ts';
import { encodeBase64url, readBase64url } from './base64url.ts';
import { readClaims, writeClaims, type Claims } from './claims.ts';
import type { Credentials } from './credentials.ts';
import { readProofs, writeProofs, type Proofs } from './handshake-frames.ts';
import { hmacOf, isHmac } from './hmac.ts';
import { isSignedBy, sign } from './node-key.ts';
import { importVerifier } from './transcript.ts';

const MAX_PROOF_CHARACTERS = Math.ceil((4 * MAX_HANDSHAKE_FRAME_BYTES) / 3);

export interface Offer {
  /** PeerJS ids. */
  readonly from: string;
  readonly to: string;
  readonly connectionId: string;
}

export interface OfferProof extends Proofs {
  readonly nodeId: NodeId;
  readonly claims: Claims;
}

export async function proveOffer(
  secretKey: CryptoKey,
  { nodeId, key, claims, invite }: Credentials,
  offer: Offer,
): Promise<string> {
  const said = bytesOf(offer, nodeId, claims);
  const verifier = await importVerifier(invite?.verifier ?? null);
  const writer = new ByteWriter(1_024);
  writer.name(nodeId);
  writeClaims(writer, claims);
  writeProofs(writer, {
    secret: await hmacOf(secretKey, said),
    signature: await sign(key, said),
    invite: verifier === null ? null : await hmacOf(verifier, said),
  });
  return encodeBase64url(writer.finish());
}

/** Null where the text is none. */
export function readOfferProof(text: string): OfferProof | null {
  return readBase64url(text, MAX_PROOF_CHARACTERS, (reader) => ({
    nodeId: readNodeId(reader),
    claims: readClaims(reader),
    ...readProofs(reader),
  }));
}

/** Whether it comes from somebody who has the cluster's secret; that is all it says. */
export function hasSecret(secretKey: CryptoKey, offer: Offer, proof: OfferProof): Promise<boolean> {
  return isHmac(secretKey, bytesOf(offer, proof.nodeId, proof.claims), proof.secret);
}

/** Whether it comes from who has the key it claims. */
export function isOwn(offer: Offer, { nodeId, claims, signature }: OfferProof): Promise<boolean> {
  return isSignedBy(claims.key, bytesOf(offer, nodeId, claims), signature);
}

/** Whether it comes from who has the invite it claims, which is known here. */
export async function isInvited(
  offer: Offer,
  { nodeId, claims, invite }: OfferProof,
  rule: AccessRule,
): Promise<boolean> {
  const verifier = await importVerifier(rule.verifierOf(claims.inviteId));
  if (verifier === null || invite === null) return false;
  return isHmac(verifier, bytesOf(offer, nodeId, claims), invite);
}

function bytesOf(offer: Offer, nodeId: NodeId, claims: Claims): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(1_024);
  writer.name('resqlite offer');
  for (const id of [offer.from, offer.to, offer.connectionId]) writer.name(id);
  writer.name(nodeId);
  writeClaims(writer, claims);
  return new Uint8Array(writer.finish());
}
