/**
 * What is kept of a password, so that it can be told again but not read. All of it is derived in the page, before
 * anything is replicated: the password itself, and the key that is derived from it, never leave it.
 *
 * The key is PBKDF2-HMAC-SHA-256 of the password (Unicode NFC, UTF-8) and a random salt of the account's
 * own, 32 bytes (RFC 8018, 5.2). What is stored is the key's SHA-256, so that whoever reads the table has nothing
 * that a login would take. PBKDF2 is the slow hash that WebCrypto has.
 */

/** OWASP, Password Storage Cheat Sheet: the work factor for PBKDF2-HMAC-SHA-256. */
export const ITERATIONS = 600_000;
/** A row with more could only have been put there to keep a page busy: a minute, about. */
const MOST_ITERATIONS = 100_000_000;
const ALGORITHM = 'SHA-256 of PBKDF2-HMAC-SHA-256';
const SALT_BYTES = 16;
const KEY_BITS = 256;

/** What the table has of a password. */
export interface PasswordHash {
  readonly algorithm: string;
  readonly iterations: number;
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

/** Takes a part of a second for the usual number of iterations, off the page's thread. */
export async function hashPassword(password: string, iterations: number): Promise<PasswordHash> {
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  return {
    algorithm: ALGORITHM,
    iterations,
    salt,
    hash: await derive(password, salt, iterations),
  };
}

/**
 * Whether it is the password. Null stands for an account that is not there: it takes as long as one of
 * `iterations`, and is no.
 */
export async function isPassword(
  password: string,
  stored: PasswordHash | null,
  iterations: number,
): Promise<boolean> {
  if (stored === null || !isReadable(stored)) {
    await hashPassword(password, iterations);
    return false;
  }
  return areEqual(await derive(password, stored.salt, stored.iterations), stored.hash);
}

/** Whatever anybody put into the table by SQL is an account nobody can log in to, at worst. */
function isReadable({ algorithm, iterations, salt, hash }: PasswordHash): boolean {
  return (
    algorithm === ALGORITHM &&
    Number.isInteger(iterations) &&
    iterations > 0 &&
    iterations <= MOST_ITERATIONS &&
    salt instanceof Uint8Array &&
    hash instanceof Uint8Array
  );
}

async function derive(
  password: string,
  salt: Uint8Array,
  iterations: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const secret = new TextEncoder().encode(password.normalize('NFC'));
  const material = await crypto.subtle.importKey('raw', secret, 'PBKDF2', false, ['deriveBits']);
  const key = await crypto.subtle.deriveBits(
    { name: 'PBKDF2', hash: 'SHA-256', salt: Uint8Array.from(salt), iterations },
    material,
    KEY_BITS,
  );
  return new Uint8Array(await crypto.subtle.digest('SHA-256', key));
}

/** Looks at every byte, wherever the first difference is. */
function areEqual(one: Uint8Array, other: Uint8Array): boolean {
  let difference = one.length ^ other.length;
  for (const [at, byte] of one.entries()) difference |= byte ^ (other[at] ?? 0);
  return difference === 0;
}
