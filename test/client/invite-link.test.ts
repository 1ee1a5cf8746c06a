/** Invite links: exact round trips, and nothing but exact links parsed. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ResqliteError } from '../../src/client/errors.ts';
import {
  formatInviteLink,
  inviteIn,
  isClusterId,
  parseInviteLink,
  signallingOfInvite,
} from '../../src/client/invite-link.ts';
import type { MintedInvite } from '../../src/client/protocol.ts';
import type { NodeId } from '../../src/raft/types.ts';

const PAGE = 'https://example.org/app/?x=1';

function letters(alphabet: string, length: number): fc.Arbitrary<string> {
  const letter = fc.constantFrom(...alphabet);
  return fc.array(letter, { minLength: length, maxLength: length }).map((all) => all.join(''));
}

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const id = letters(BASE32, 16);
const secret = fc
  .tuple(letters(BASE64URL, 42), fc.constantFrom(...'AEIMQUYcgkosw048'))
  .map(([head, last]) => head + last);
const invites: fc.Arbitrary<MintedInvite> = fc.record({
  clusterId: id,
  secret,
  token: secret,
  members: fc.uniqueArray(
    id.map((text) => text as NodeId),
    { minLength: 1, maxLength: 32 },
  ),
});

function codeOf(link: string): string {
  try {
    parseInviteLink(link);
    return 'parsed';
  } catch (error) {
    return error instanceof ResqliteError ? `${error.code} ${error.applied}` : 'another error';
  }
}

describe('invite links', () => {
  test('give back the invite they were made of', () => {
    fc.assert(
      fc.property(invites, (invite) => {
        const link = formatInviteLink(`${PAGE}#old`, invite);
        expect(link.startsWith(`${PAGE}#c=`)).toBe(true);
        expect(parseInviteLink(link)).toEqual(invite);
        expect(parseInviteLink(new URL(link))).toEqual(invite);
        expect(signallingOfInvite(link)).toBeNull();
      }),
    );
  });

  test.each([
    ['https://0.peerjs.com/', { host: '0.peerjs.com', path: '/', secure: true }],
    ['http://localhost:9000/a/b', { host: 'localhost', port: 9_000, path: '/a/b', secure: false }],
    ['https://[::1]/p?key=k.~_-', { host: '[::1]', path: '/p', secure: true, key: 'k.~_-' }],
  ])('name the server %s, and give it back', (address, settings) => {
    fc.assert(
      fc.property(invites, (invite) => {
        const link = formatInviteLink(PAGE, invite, settings);
        expect(link).toContain(`&s=${address}&m=`);
        expect(parseInviteLink(link)).toEqual(invite);
        expect(signallingOfInvite(new URL(link))).toEqual(settings);
      }),
      { numRuns: 20 },
    );
  });

  test('name no server where the settings leave it to the page', () => {
    const invite = {
      clusterId: 'a'.repeat(16),
      secret: 'A'.repeat(43),
      token: 'A'.repeat(43),
      members: ['b'.repeat(16) as NodeId],
    };
    const iceServers = [{ urls: ['stun:example.org'] }];
    expect(formatInviteLink(PAGE, invite, { iceServers, key: 'k' })).not.toContain('&s=');
    const named = formatInviteLink(PAGE, invite, {
      host: 'Example.ORG',
      secure: false,
      iceServers,
    });
    expect(named).toContain('&s=http://example.org/peerjs&m=');
    expect(named).not.toContain('stun');
    const asThePage = formatInviteLink('http://localhost/', invite, { host: 'a.org', path: '/' });
    expect(asThePage).toContain('&s=http://a.org/&m=');
    expect(signallingOfInvite(PAGE)).toBeNull();
    expect(signallingOfInvite('no link')).toBeNull();
  });

  test('are refused when any one character is missing before the members, or the link is cut', () => {
    fc.assert(
      fc.property(invites, fc.nat(), (invite, seed) => {
        const link = formatInviteLink(PAGE, { ...invite, members: invite.members.slice(0, 1) });
        const fragmentAt = link.indexOf('#') + 1;
        const at = fragmentAt + (seed % (link.length - fragmentAt));
        expect(codeOf(link.slice(0, at) + link.slice(at + 1))).toBe('InvalidInvite no');
        expect(codeOf(link.slice(0, at))).toBe('InvalidInvite no');
      }),
    );
  });

  const c = `c=${'a'.repeat(16)}`;
  const k = `k=${'A'.repeat(43)}`;
  const i = `i=${'B'.repeat(42)}A`;
  const m = `m=${'b'.repeat(16)}`;
  test.each([
    ['no fragment', PAGE],
    ['not a URL', 'hello'],
    ['another order', `${PAGE}#${k}&${c}&${i}&${m}`],
    ['a field more', `${PAGE}#${c}&${k}&${i}&${m}&x=1`],
    ['capitals in an id', `${PAGE}#c=${'A'.repeat(16)}&${k}&${i}&${m}`],
    ['a secret with stray bits', `${PAGE}#${c}&k=${'A'.repeat(42)}B&${i}&${m}`],
    ['a token with stray bits', `${PAGE}#${c}&${k}&i=${'A'.repeat(42)}B&${m}`],
    ['a member twice', `${PAGE}#${c}&${k}&${i}&${m}.${'b'.repeat(16)}`],
    ['no member', `${PAGE}#${c}&${k}&${i}&m=`],
    ['a dot at the end', `${PAGE}#${c}&${k}&${i}&${m}.`],
    ['escapes', `${PAGE}#${c}&${k}&${i}&m=%62${'b'.repeat(15)}`],
    ['an empty server', `${PAGE}#${c}&${k}&${i}&s=&${m}`],
    ['a server that is none', `${PAGE}#${c}&${k}&${i}&s=javascript:alert(1)&${m}`],
    ['a server with a password', `${PAGE}#${c}&${k}&${i}&s=https://u:p@example.org/&${m}`],
    ['a server of more than a key', `${PAGE}#${c}&${k}&${i}&s=https://a.org/?key=k&x=1&${m}`],
    ['a server in another spelling', `${PAGE}#${c}&${k}&${i}&s=https://a.org:443/&${m}`],
    ['a server behind the members', `${PAGE}#${c}&${k}&${i}&${m}&s=https://a.org/`],
  ])('with %s are refused', (_, link) => {
    expect(codeOf(link)).toBe('InvalidInvite no');
  });

  test('of an earlier version are refused, and say what helps', () => {
    const older = `${PAGE}#${c}&${k}&${m}.${'c'.repeat(16)}`;
    expect(codeOf(older)).toBe('InvalidInvite no');
    expect(() => parseInviteLink(older)).toThrow(/earlier version: ask for a new one/);
    expect(() => parseInviteLink(`${older}.`)).toThrow(/incomplete or damaged/);
  });

  test('with too many members are refused', () => {
    const ids = Array.from(
      { length: 33 },
      (_, at) => `${'b'.repeat(14)}${BASE32[at % 32]}${at > 31 ? 'x' : 'y'}`,
    );
    expect(codeOf(`${PAGE}#${c}&${k}&${i}&m=${ids.slice(0, 32).join('.')}`)).toBe('parsed');
    expect(codeOf(`${PAGE}#${c}&${k}&${i}&m=${ids.join('.')}`)).toBe('InvalidInvite no');
  });

  test('cluster ids are sixteen base32 characters', () => {
    expect(isClusterId('a'.repeat(16))).toBe(true);
    for (const text of [
      '',
      'a'.repeat(15),
      'a'.repeat(17),
      `${'a'.repeat(15)}1`,
      `${'a'.repeat(16)}\n`,
    ]) {
      expect(isClusterId(text)).toBe(false);
    }
  });

  test('are found in an address, as links to a cluster are, damaged ones too', () => {
    fc.assert(
      fc.property(invites, fc.nat(), (invite, cut) => {
        const link = formatInviteLink(PAGE, invite);
        expect(inviteIn(link)).toBe(link);
        expect(inviteIn(new URL(link))).toBe(link);
        expect(inviteIn(`${PAGE}#c=${invite.clusterId}`)).toBe(invite.clusterId);
        const damaged = link.slice(0, link.indexOf('&') + 1 + (cut % 40));
        expect(inviteIn(damaged)).toBe(damaged);
      }),
    );
    for (const other of [PAGE, `${PAGE}#`, `${PAGE}#chapter-2`, `${PAGE}#/cluster`, 'no address']) {
      expect(inviteIn(other)).toBeNull();
    }
  });
});
