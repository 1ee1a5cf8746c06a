/**
 * What a member says to a node whose offer it refuses although that node has the cluster's secret:
 * that it was removed, or that its invite is not open any more. It travels where an answer would, in
 * the payload of an ANSWER message, since a signalling server relays no kinds of its own.
 *
 * Signed by the member, over the connection it refuses: by the cluster's secret, so that a dialler
 * believes at all that it comes from one who knows the cluster, and by the member's key, so that one
 * that was removed learns it from a member and from nobody else.
 *
 * As text: base64url of u8 reason, name node, name key, integer index of its committed configuration,
 * 32 bytes by the secret, 64 bytes signature.
 */

import { ByteWriter, type ByteReader } from '../node/bytes.ts';
import { readNodeId } from '../node/entry-codec.ts';
import { MAX_HANDSHAKE_FRAME_BYTES } from '../node/limits.ts';
import type { LogIndex, NodeId } from '../raft/types.ts';
import { encodeBase64url, readBase64url } from './base64url.ts';
import type { Credentials } from './credentials.ts';
import { readIndex, readOneOf } from './field-codec.ts';
import { HMAC_BYTES, hmacOf, isHmac } from './hmac.ts';
import { isPublicKey, isSignedBy, sign, SIGNATURE_BYTES } from './node-key.ts';
import type { Offer } from './offer-proof.ts';

export const TOLD_REASONS = ['removed', 'invite'] as const;
export type ToldReason = (typeof TOLD_REASONS)[number];

export interface OfferRefusal {
  readonly reason: ToldReason;
  /** Who refuses, and by which key it says so. */
  readonly nodeId: NodeId;
  readonly key: string;
  /** Of the configuration that is committed there. */
  readonly configurationIndex: LogIndex;
}

export async function refuseOffer(
  secretKey: CryptoKey,
  { nodeId, key }: Credentials,
  offer: Offer,
  reason: ToldReason,
  configurationIndex: LogIndex,
): Promise<string> {
  const refusal = { reason, nodeId, key: key.publicKey, configurationIndex };
  const said = bytesOf(offer, refusal);
  const writer = new ByteWriter(512);
  writeRefusal(writer, refusal);
  writer.raw(await hmacOf(secretKey, said));
  writer.raw(await sign(key, said));
  return encodeBase64url(writer.finish());
}

/** Null where the text is no refusal of this offer by one who has secret and key. */
export async function readRefusal(
  secretKey: CryptoKey,
  offer: Offer,
  text: string,
): Promise<OfferRefusal | null> {
  const read = readBase64url(text, MAX_HANDSHAKE_FRAME_BYTES, readSigned);
  if (read === null) return null;
  const { refusal, secret, signature } = read;
  const said = bytesOf(offer, refusal);
  if (!(await isHmac(secretKey, said, secret))) return null;
  return (await isSignedBy(refusal.key, said, signature)) ? refusal : null;
}

function readSigned(reader: ByteReader): {
  refusal: OfferRefusal;
  secret: Uint8Array;
  signature: Uint8Array;
} {
  const reason = readOneOf(reader, TOLD_REASONS, 'reason');
  const nodeId = readNodeId(reader);
  const key = reader.name();
  if (!isPublicKey(key)) throw reader.error('not a public key');
  const refusal = { reason, nodeId, key, configurationIndex: readIndex(reader) };
  return { refusal, secret: reader.raw(HMAC_BYTES), signature: reader.raw(SIGNATURE_BYTES) };
}

function writeRefusal(writer: ByteWriter, refusal: OfferRefusal): void {
  writer.u8(TOLD_REASONS.indexOf(refusal.reason));
  writer.name(refusal.nodeId);
  writer.name(refusal.key);
  writer.integer(refusal.configurationIndex);
}

function bytesOf(offer: Offer, refusal: OfferRefusal): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(512);
  writer.name('resqlite refusal');
  for (const id of [offer.from, offer.to, offer.connectionId]) writer.name(id);
  writeRefusal(writer, refusal);
  return new Uint8Array(writer.finish());
}
