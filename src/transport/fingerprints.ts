/**
 * The SHA-256 fingerprints of both certificates of a connection (page only).
 *
 * The remote one is computed from the certificate that DTLS really saw, not read from the SDP, which
 * signalling could have forged; the local one stands in our own description.
 */

import type { Fingerprints } from './handshake.ts';

const SHA256_BYTES = 32;
const FINGERPRINT_LINE = /^a=fingerprint:sha-256 ([0-9a-f]{2}(?::[0-9a-f]{2})+)\s*$/gim;

/** Null where the connection has no verified other end (yet, or any more). */
export async function fingerprintsOf(connection: RTCPeerConnection): Promise<Fingerprints | null> {
  const local = localFingerprint(connection.localDescription?.sdp ?? '');
  const certificate = connection.sctp?.transport.getRemoteCertificates()[0];
  if (local === null || certificate === undefined) return null;
  return { local, remote: new Uint8Array(await crypto.subtle.digest('SHA-256', certificate)) };
}

/** The fingerprint in an SDP; null where there is none, or more than one. */
export function localFingerprint(sdp: string): Uint8Array | null {
  const lines = new Set([...sdp.matchAll(FINGERPRINT_LINE)].map((match) => match[1] ?? ''));
  const [text] = lines;
  if (lines.size !== 1 || text === undefined) return null;
  const bytes = Uint8Array.from(text.split(':'), (hex) => Number.parseInt(hex, 16));
  return bytes.length === SHA256_BYTES ? bytes : null;
}
