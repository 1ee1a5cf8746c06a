/**
 * What both ends of a handshake have said, and the proofs over it: by the cluster's secret, by the
 * end's own key, and by the invite that one of the two claims. All cover everything said, claims and
 * certificates included, and the name of the role: so nothing can be left out, exchanged, or sent
 * back to its author.
 */

import { ByteWriter } from '../node/bytes.ts';
import type { NodeId } from '../raft/types.ts';
import type { Proved } from './access-policy.ts';
import type { AccessRule } from './access-rule.ts';
import { decodeBase64url } from './base64url.ts';
import { writeClaims, type Claims } from './claims.ts';
import type { ClusterKeys } from './cluster-keys.ts';
import type { AcceptBody, HelloBody, Proofs, VersionRange } from './handshake-frames.ts';
import { HMAC, hmacOf, isHmac } from './hmac.ts';
import { isSignedBy, sign, type NodeKey } from './node-key.ts';

/** Both ends' words, in the roles' order; what the proofs are over. */
export interface Transcript {
  readonly version: number;
  readonly initiatorVersions: VersionRange;
  readonly responderVersions: VersionRange;
  readonly hello: HelloBody;
  readonly responder: AcceptBody;
  /** SHA-256 of the initiator's certificate and of the responder's, as this end sees them. */
  readonly certificates: readonly [Uint8Array, Uint8Array];
}

type Role = 'initiator' | 'responder';

/** Who proves, or checks. */
export interface Prover {
  readonly keys: ClusterKeys;
  readonly key: NodeKey;
  readonly rule: AccessRule;
}

export async function prove(role: Role, transcript: Transcript, prover: Prover): Promise<Proofs> {
  const { keys, key, rule } = prover;
  const verifier = await importVerifier(rule.verifierOf(inviteIdOf(transcript)));
  const secretKey = role === 'initiator' ? keys.initiatorProof : keys.responderProof;
  const [secret, signature, invite] = await Promise.all([
    hmacOf(secretKey, bytesOf(role, transcript)),
    sign(key, bytesOf(`${role} key`, transcript)),
    verifier === null ? null : hmacOf(verifier, bytesOf(`${role} invite`, transcript)),
  ]);
  return { secret, signature, invite };
}

/** Null where the end in that role has not proved the secret and its key; else what more it proved. */
export async function check(
  role: Role,
  transcript: Transcript,
  proofs: Proofs,
  { keys, rule }: Prover,
): Promise<Proved | null> {
  const { hello, responder } = transcript;
  const [peer, claims]: [NodeId, Claims] =
    role === 'initiator' ? [hello.from, hello.claims] : [hello.to, responder.claims];
  const secretKey = role === 'initiator' ? keys.initiatorProof : keys.responderProof;
  const isProved = await isHmac(secretKey, bytesOf(role, transcript), proofs.secret);
  if (!isProved) return null;
  const signed = bytesOf(`${role} key`, transcript);
  if (!(await isSignedBy(claims.key, signed, proofs.signature))) return null;
  return {
    voucherBy: await rule.voucherBy(peer, claims),
    invite: await isInviteProved(role, transcript, proofs.invite, rule),
  };
}

/** What marks the frames of the connection. */
export async function tagOf(transcript: Transcript, keys: ClusterKeys): Promise<number> {
  const mac = await hmacOf(keys.frameTag, bytesOf('frames', transcript));
  return new DataView(mac.buffer).getUint32(0, true);
}

async function isInviteProved(
  role: Role,
  transcript: Transcript,
  proof: Uint8Array | null,
  rule: AccessRule,
): Promise<boolean> {
  if (proof === null) return false;
  const verifier = await importVerifier(rule.verifierOf(inviteIdOf(transcript)));
  if (verifier === null) return false;
  return isHmac(verifier, bytesOf(`${role} invite`, transcript), proof);
}

/** One invite a connection: who dials to be let in counts first. */
function inviteIdOf({ hello, responder }: Transcript): string | null {
  return hello.claims.inviteId ?? responder.claims.inviteId;
}

/** Null where there is none, or it is malformed. */
export async function importVerifier(verifier: string | null): Promise<CryptoKey | null> {
  const bytes = verifier === null ? null : decodeBase64url(verifier);
  if (bytes === null || bytes.length === 0) return null;
  return crypto.subtle.importKey('raw', bytes, HMAC, false, ['sign', 'verify']);
}

function bytesOf(purpose: string, transcript: Transcript): Uint8Array<ArrayBuffer> {
  const { hello, responder } = transcript;
  const writer = new ByteWriter(2_048);
  writer.name(`resqlite handshake ${purpose}`);
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
    writeClaims(writer, end.claims);
  }
  for (const certificate of transcript.certificates) writer.bytes(certificate);
  return new Uint8Array(writer.finish());
}
