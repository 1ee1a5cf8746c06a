/**
 * The frames of the handshake as bytes. Each begins with the four bytes `RSQL` and u8 kind; hello and
 * refuse go on with the sender's lowest and highest protocol version, in every version there will
 * ever be, so that ends that have no version in common can still tell each other so.
 *
 *   1 hello    u8 lowest, u8 highest, name cluster, name from, name to, integer incarnation,
 *              integer generation, 32 bytes nonce, claims
 *   2 accept   u8 version, u8 lowest, u8 highest, integer incarnation, integer generation,
 *              32 bytes nonce, claims, proofs
 *   3 confirm  proofs
 *   4 welcome
 *   5 refuse   u8 reason, u8 lowest, u8 highest
 *
 * Claims: name key, u8 count of vouchers (name by, 64 bytes signature), name invite ('': none). Proofs:
 * 32 bytes by the cluster's secret, 64 bytes signature, u8 and 32 bytes by the invite's verifier.
 *
 * Written by strangers: whatever is not exactly this is a `FormatError`.
 */

import { ByteReader, ByteWriter } from '../node/bytes.ts';
import { readNodeId } from '../node/entry-codec.ts';
import { MAX_HANDSHAKE_FRAME_BYTES } from '../node/limits.ts';
import type { NodeId } from '../raft/types.ts';
import type { AccessRefusal } from './access-policy.ts';
import { readClaims, writeClaims, type Claims } from './claims.ts';
import { HMAC_BYTES } from './hmac.ts';
import { SIGNATURE_BYTES } from './node-key.ts';

export const NONCE_BYTES = 32;

/** The protocol versions a node speaks. */
export interface VersionRange {
  readonly lowest: number;
  readonly highest: number;
}

/** Why an end does not want the connection; told to the other end. */
export type RefusalReason =
  /** A frame that is not what it must be here. */
  | 'malformed'
  /** No protocol version in common. */
  | 'version'
  /** The other end names another cluster. */
  | 'cluster'
  /** The other end wanted another node, or is this very node. */
  | 'node'
  /** The proof is wrong: another secret, or somebody between the two ends. */
  | 'proof'
  /** Too many links. */
  | 'busy'
  /** There is another connection between the two, and it is kept. */
  | 'duplicate'
  /** The other end took too long. */
  | 'timeout'
  /** This end is going away. */
  | 'closing'
  | AccessRefusal;

/** By its place here a reason travels; places are never reused. */
export const REFUSAL_REASONS = [
  'malformed',
  'version',
  'cluster',
  'node',
  'proof',
  'busy',
  'duplicate',
  'timeout',
  'closing',
  'removed',
  'key',
  'invite',
  'stranger',
] as const satisfies readonly RefusalReason[];

/** What an initiator says first where both ends have a version in common. */
export interface HelloBody {
  readonly clusterId: string;
  readonly from: NodeId;
  readonly to: NodeId;
  /** Drawn anew at every start of a node. */
  readonly incarnation: number;
  /** The sender's next number for a link between the two (link-order.ts). */
  readonly generation: number;
  readonly nonce: Uint8Array;
  readonly claims: Claims;
}

/** What a responder says of itself. */
export type AcceptBody = Pick<HelloBody, 'incarnation' | 'generation' | 'nonce' | 'claims'>;

/** What an end proves of its claims; all three are over the transcript and the role's name. */
export interface Proofs {
  /** By the cluster's secret. */
  readonly secret: Uint8Array;
  /** By the key it claims. */
  readonly signature: Uint8Array;
  /** By the verifier of the invite that one of the two ends claims; null where this end knows none. */
  readonly invite: Uint8Array | null;
}

export type HandshakeFrame =
  /** `body` is null where the versions have nothing in common: the rest is then unknown. */
  | { readonly type: 'hello'; readonly versions: VersionRange; readonly body: HelloBody | null }
  | {
      readonly type: 'accept';
      readonly version: number;
      readonly versions: VersionRange;
      readonly body: AcceptBody;
      readonly proofs: Proofs;
    }
  | { readonly type: 'confirm'; readonly proofs: Proofs }
  | { readonly type: 'welcome' }
  | { readonly type: 'refuse'; readonly reason: RefusalReason; readonly versions: VersionRange };

const MAGIC = 0x4c515352;
const HELLO = 1;
const ACCEPT = 2;
const CONFIRM = 3;
const WELCOME = 4;
const REFUSE = 5;

/** The highest version two ranges share, or null. */
export function commonVersion(a: VersionRange, b: VersionRange): number | null {
  const version = Math.min(a.highest, b.highest);
  return version >= Math.max(a.lowest, b.lowest) ? version : null;
}

export function encodeHandshakeFrame(frame: HandshakeFrame): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter();
  writer.u32(MAGIC);
  switch (frame.type) {
    case 'hello':
      writer.u8(HELLO);
      writeVersions(writer, frame.versions);
      if (frame.body !== null) writeHelloBody(writer, frame.body);
      break;
    case 'accept':
      writer.u8(ACCEPT);
      writer.u8(frame.version);
      writeVersions(writer, frame.versions);
      writeBody(writer, frame.body);
      writeProofs(writer, frame.proofs);
      break;
    case 'confirm':
      writer.u8(CONFIRM);
      writeProofs(writer, frame.proofs);
      break;
    case 'welcome':
      writer.u8(WELCOME);
      break;
    case 'refuse':
      writer.u8(REFUSE);
      writer.u8(REFUSAL_REASONS.indexOf(frame.reason));
      writeVersions(writer, frame.versions);
      break;
  }
  return new Uint8Array(writer.finish());
}

/** `own` decides how much of a hello can be understood. */
export function decodeHandshakeFrame(bytes: Uint8Array, own: VersionRange): HandshakeFrame {
  const reader = new ByteReader(bytes);
  if (bytes.length > MAX_HANDSHAKE_FRAME_BYTES) throw reader.error('frame too large');
  if (reader.u32() !== MAGIC) throw reader.error('not a handshake frame');
  const frame = readFrame(reader, own);
  reader.end();
  return frame;
}

function readFrame(reader: ByteReader, own: VersionRange): HandshakeFrame {
  const kind = reader.u8();
  switch (kind) {
    case HELLO:
      return readHello(reader, own);
    case ACCEPT:
      return {
        type: 'accept',
        version: reader.u8(),
        versions: readVersions(reader),
        body: readBody(reader),
        proofs: readProofs(reader),
      };
    case CONFIRM:
      return { type: 'confirm', proofs: readProofs(reader) };
    case WELCOME:
      return { type: 'welcome' };
    case REFUSE: {
      const number = reader.u8();
      const reason = REFUSAL_REASONS[number];
      if (reason === undefined) throw reader.error(`unknown refusal ${number}`);
      return { type: 'refuse', reason, versions: readVersions(reader) };
    }
    default:
      throw reader.error(`unknown handshake frame ${kind}`);
  }
}

function readHello(reader: ByteReader, own: VersionRange): HandshakeFrame {
  const versions = readVersions(reader);
  if (commonVersion(versions, own) === null) {
    reader.rest();
    return { type: 'hello', versions, body: null };
  }
  const body: HelloBody = {
    clusterId: reader.name(),
    from: readNodeId(reader),
    to: readNodeId(reader),
    ...readBody(reader),
  };
  return { type: 'hello', versions, body };
}

function writeHelloBody(writer: ByteWriter, body: HelloBody): void {
  writer.name(body.clusterId);
  writer.name(body.from);
  writer.name(body.to);
  writeBody(writer, body);
}

function writeBody(
  writer: ByteWriter,
  { incarnation, generation, nonce, claims }: AcceptBody,
): void {
  writer.integer(incarnation);
  writer.integer(generation);
  writer.raw(nonce);
  writeClaims(writer, claims);
}

function readBody(reader: ByteReader): AcceptBody {
  return {
    incarnation: reader.integer(),
    generation: reader.integer(),
    nonce: reader.raw(NONCE_BYTES),
    claims: readClaims(reader),
  };
}

/** The same in offers. */
export function writeProofs(writer: ByteWriter, { secret, signature, invite }: Proofs): void {
  writer.raw(secret);
  writer.raw(signature);
  writer.boolean(invite !== null);
  if (invite !== null) writer.raw(invite);
}

export function readProofs(reader: ByteReader): Proofs {
  return {
    secret: reader.raw(HMAC_BYTES),
    signature: reader.raw(SIGNATURE_BYTES),
    invite: reader.boolean() ? reader.raw(HMAC_BYTES) : null,
  };
}

function writeVersions(writer: ByteWriter, versions: VersionRange): void {
  writer.u8(versions.lowest);
  writer.u8(versions.highest);
}

function readVersions(reader: ByteReader): VersionRange {
  const lowest = reader.u8();
  const highest = reader.u8();
  if (lowest > highest) throw reader.error('no such range of versions');
  return { lowest, highest };
}
