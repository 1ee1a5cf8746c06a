/** HMAC-SHA256, by which the transport proves things, and makes names that others cannot. */

export const HMAC = { name: 'HMAC', hash: 'SHA-256' } as const;
export const HMAC_BYTES = 32;

export async function hmacOf(
  key: CryptoKey,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, bytes));
}

export function isHmac(
  key: CryptoKey,
  bytes: Uint8Array<ArrayBuffer>,
  mac: Uint8Array,
): Promise<boolean> {
  return crypto.subtle.verify('HMAC', key, new Uint8Array(mac), bytes);
}
