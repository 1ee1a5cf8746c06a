/** Passwords are told again, and not kept. */

import { describe, expect, test } from 'vitest';
import { hashPassword, isPassword, type PasswordHash } from '../../../src/apps/chat/password.ts';

const iterations = 1_000;

describe('a password', () => {
  test('is the one it was made of, in any Unicode spelling', async () => {
    const stored = await hashPassword('caf\u00e9', iterations);
    expect(await isPassword('cafe\u0301', stored, iterations)).toBe(true);
    expect(await isPassword('cafe', stored, iterations)).toBe(false);
  });

  test('is stored as SHA-256 of PBKDF2-HMAC-SHA-256, with a salt of its own', async () => {
    const stored = await hashPassword('secret', 4_096);
    const again = await hashPassword('secret', 4_096);
    expect(again.salt).not.toEqual(stored.salt);
    const { createHash, pbkdf2Sync } = await import('node:crypto');
    const key = pbkdf2Sync('secret', stored.salt, 4_096, 32, 'sha256');
    const hash = createHash('sha256').update(key).digest();
    expect([...stored.hash]).toEqual([...hash]);
    expect(stored).toMatchObject({ iterations: 4_096, algorithm: /PBKDF2-HMAC-SHA-256/ });
  });

  test('what was stored with other iterations is still told', async () => {
    const stored = await hashPassword('secret', 2_000);
    expect(await isPassword('secret', stored, iterations)).toBe(true);
    expect(await isPassword('secret', { ...stored, iterations: 1_999 }, iterations)).toBe(false);
  });

  test('is nobody’s where there is no account, or none that can be read', async () => {
    expect(await isPassword('secret', null, iterations)).toBe(false);
    const stored = await hashPassword('secret', iterations);
    const spoilt: Partial<Record<keyof PasswordHash, unknown>>[] = [
      { algorithm: 'rot13' },
      { iterations: 0 },
      { iterations: 2 ** 40 },
      { iterations: 1.5 },
      { salt: 'text' },
      { hash: null },
      { hash: new Uint8Array() },
      { hash: stored.hash.slice(0, 31) },
      { hash: Uint8Array.of(...stored.hash, 0) },
    ];
    for (const part of spoilt) {
      const row = { ...stored, ...part } as PasswordHash;
      expect(await isPassword('secret', row, iterations)).toBe(false);
    }
  });
});
