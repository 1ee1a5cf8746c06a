/** Invites in words. */

import { describe, expect, test } from 'vitest';
import {
  adviceFor,
  describeAge,
  describeInvite,
  formatSpan,
  isForOtherDevices,
} from '../../src/ui/invite-words.ts';

const HOUR_MS = 3_600_000;
const INVITE = { id: 'a'.repeat(16), createdAtMs: 0, expiresAtMs: null, usesLeft: null };

describe('an invite', () => {
  test.each([
    [1, '1 minute'],
    [HOUR_MS, '60 minutes'],
    [1.5 * HOUR_MS, '2 hours'],
    [24 * HOUR_MS - 1, '24 hours'],
    [7 * 24 * HOUR_MS - 1, '7 days'],
  ])('of %d ms lasts %s', (ms, words) => expect(formatSpan(ms)).toBe(words));

  test('tells what is left of it', () => {
    expect(describeInvite(INVITE, 5)).toBe('For any number of browsers, until it is revoked');
    const limited = { ...INVITE, expiresAtMs: 2 * HOUR_MS, usesLeft: 1 };
    expect(describeInvite(limited, 0)).toBe('For 1 browser, 2 hours left');
    expect(describeInvite(limited, 2 * HOUR_MS)).toBe('For 1 browser, expired');
    expect(describeAge(INVITE, 10)).toBe('made just now');
    expect(describeAge(INVITE, 3 * HOUR_MS)).toBe('made 3 hours ago');
  });

  test.each([
    ['https://example.org/#c', true],
    ['https://192.168.1.7:5173/#c', true],
    ['http://192.168.1.7:5173/#c', false],
    ['https://localhost:5173/#c', false],
    ['http://127.0.0.1:5173/#c', false],
  ])('under %s is for a camera to read: %s', (link, isFor) => {
    expect(isForOtherDevices(link)).toBe(isFor);
  });

  test('says what else its holder needs', () => {
    expect(adviceFor('https://example.org/#c', {})).toEqual([]);
    expect(adviceFor('http://localhost:5173/#c', {})).toEqual([
      expect.stringContaining('this machine alone'),
    ]);
    const settings = { host: '0.peerjs.com', path: '/', secure: true };
    expect(adviceFor('https://example.org/#c', settings)).toEqual([
      expect.stringContaining('https://0.peerjs.com/'),
    ]);
    const local = { host: 'localhost', port: 9_000, path: '/', secure: false };
    expect(adviceFor('https://example.org/#c', local)).toEqual([
      expect.stringContaining('http://localhost:9000/'),
      expect.stringContaining('do not reach it'),
    ]);
  });
});
