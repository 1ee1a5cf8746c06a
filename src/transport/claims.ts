/**
 * What a node says of itself when it asks for a link: who it is, by which key, who speaks for it, and
 * which invite it holds. Nothing of it is true until it is proved: the key by a signature, a voucher by
 * the signature in it, an invite by an HMAC under its verifier (transcript.ts, offer-proof.ts).
 *
 * A voucher is another node's signature under "node Y has key K in cluster C". Nodes of one browser
 * profile sign them for each other, since the profile has all their keys: so the other members know a
 * node that took the place of one that lost its storage.
 */

import type { ByteReader, ByteWriter } from '../node/bytes.ts';
import { readNodeId } from '../node/entry-codec.ts';
import { MAX_VOUCHERS } from '../node/limits.ts';
import type { NodeId } from '../raft/types.ts';
import { asciiBytes } from './cluster-keys.ts';
import { isPublicKey, isSignedBy, sign, SIGNATURE_BYTES, type NodeKey } from './node-key.ts';

const INVITE_ID = /^[a-z2-7]{16}$/;

export interface Voucher {
  readonly by: NodeId;
  readonly signature: Uint8Array;
}

export interface Claims {
  readonly key: string;
  readonly vouchers: readonly Voucher[];
  /** The invite it wants to be let in by; null where it counts on being known. */
  readonly inviteId: string | null;
}

/** For which node the voucher speaks. */
interface Vouched {
  readonly clusterId: string;
  readonly nodeId: NodeId;
  readonly key: string;
}

export async function vouchFor(vouched: Vouched, by: NodeId, key: NodeKey): Promise<Voucher> {
  return { by, signature: await sign(key, voucherBytes(vouched)) };
}

/** `key`: of the node that signed it. */
export function isVoucher(vouched: Vouched, voucher: Voucher, key: string): Promise<boolean> {
  return isSignedBy(key, voucherBytes(vouched), voucher.signature);
}

/** None of the three can hold a newline. */
function voucherBytes({ clusterId, nodeId, key }: Vouched): Uint8Array<ArrayBuffer> {
  return asciiBytes(`resqlite voucher\n${clusterId}\n${nodeId}\n${key}`);
}

export function writeClaims(writer: ByteWriter, { key, vouchers, inviteId }: Claims): void {
  writer.name(key);
  writer.u8(vouchers.length);
  for (const { by, signature } of vouchers) {
    writer.name(by);
    writer.raw(signature);
  }
  writer.name(inviteId ?? '');
}

export function readClaims(reader: ByteReader): Claims {
  const key = reader.name();
  if (!isPublicKey(key)) throw reader.error('not a public key');
  const count = reader.u8();
  if (count > MAX_VOUCHERS) throw reader.error('too many vouchers');
  const vouchers = Array.from({ length: count }, () => {
    return { by: readNodeId(reader), signature: reader.raw(SIGNATURE_BYTES) };
  });
  const inviteId = reader.name();
  if (inviteId !== '' && !INVITE_ID.test(inviteId)) throw reader.error('not the id of an invite');
  return { key, vouchers, inviteId: inviteId === '' ? null : inviteId };
}
