/** Settings of signalling: what is taken, and what is refused with words. */

import { describe, expect, test } from 'vitest';
import {
  addressOf,
  checkIceServer,
  checkSignalling,
  linkTo,
  readSignalling,
  signallingAt,
} from '../../src/client/signalling-settings.ts';
import { serverAddress } from '../../src/transport/server-address.ts';

const REFUSED = expect.objectContaining({ code: 'InvalidArgument', applied: 'no' });

function refused(check: () => unknown): void {
  let outcome: unknown = null;
  try {
    outcome = check();
  } catch (error) {
    expect(error).toEqual(REFUSED);
    return;
  }
  throw new Error(`taken: ${JSON.stringify(outcome)}`);
}

describe('an address', () => {
  test.each([
    ['https://0.peerjs.com/', { host: '0.peerjs.com', path: '/', secure: true }],
    [
      'http://localhost:9000/peerjs',
      { host: 'localhost', port: 9_000, path: '/peerjs', secure: false },
    ],
    [
      'wss://example.org/a/b?key=k-1',
      { host: 'example.org', path: '/a/b', secure: true, key: 'k-1' },
    ],
    ['http://[::1]:9000/', { host: '[::1]', port: 9_000, path: '/', secure: false }],
  ])('%s', (address, settings) => {
    expect(signallingAt(address)).toEqual(settings);
  });

  test.each([
    'example.org',
    'ftp://example.org/',
    'javascript:alert(1)',
    'https://a:b@example.org/',
    'https://example.org/#x',
    'https://example.org/?token=1',
    'https://example.org/a b',
    'https://example.org/?key=%20',
  ])('%s is none', (address) => refused(() => signallingAt(address)));

  test.each(['https://0.peerjs.com/', 'http://localhost:9000/peerjs', 'http://[::1]:9000/a/b'])(
    '%s is what its settings are shown as',
    (address) => expect(addressOf(signallingAt(address))).toBe(address),
  );

  test('tells of the key where it is to lead to the same server', () => {
    const settings = { host: 'example.org', path: '/', secure: true, key: 'k' };
    expect(linkTo(settings)).toBe('https://example.org/?key=k');
    expect(signallingAt('https://example.org/?key=k')).toEqual(settings);
    expect(linkTo({ key: 'k' })).toBeNull();
  });

  test('is the page’s own origin where no host is set', () => {
    expect(addressOf({ key: 'k' })).toBeNull();
  });
});

describe('settings', () => {
  test('are taken as they are, and a variable may hold them as JSON or as an address', () => {
    const turn = { urls: ['turn:example.org:3478'], username: 'u', credential: 'c' };
    const settings = {
      host: 'example.org',
      port: 443,
      path: '/',
      secure: true,
      iceServers: [turn],
    };
    expect(checkSignalling(settings)).toEqual(settings);
    expect(readSignalling(JSON.stringify(settings))).toEqual(settings);
    expect(readSignalling(' https://example.org/ ')).toEqual(signallingAt('https://example.org/'));
    expect(readSignalling('')).toBeNull();
    refused(() => readSignalling('{"host"'));
  });

  test.each([
    null,
    'x',
    [],
    { hots: 'example.org' },
    { host: 'https://example.org' },
    { host: 'a/b' },
    { host: '' },
    { port: 0 },
    { port: 70_000 },
    { port: '443' },
    { path: '/a?b' },
    { path: `/${'a'.repeat(2_000)}` },
    { secure: 'yes' },
    { key: 'a&b' },
    { iceServers: {} },
    { iceServers: Array.from({ length: 17 }, () => ({ urls: 'stun:a' })) },
  ])('%j are refused', (settings) => refused(() => checkSignalling(settings)));

  test.each([
    {},
    { urls: [] },
    { urls: 'https://example.org' },
    { urls: 'turn:example.org' },
    { urls: ['stun:a', 'turn:b'], username: 'u' },
    { urls: 'stun:a b' },
    { urls: 'stun:a', username: 1 },
  ])('%j is no ICE server', (server) => refused(() => checkIceServer(server)));
});

describe('where the server is', () => {
  const page = { hostname: 'example.org', port: '8443', protocol: 'https:' };

  test('is the page’s own origin, or what the settings say', () => {
    const own = { host: 'example.org', port: 8_443, path: '/peerjs/', secure: true, key: 'peerjs' };
    expect(serverAddress({}, page)).toEqual(own);
    expect(serverAddress({ key: 'k', path: '' }, page)).toEqual({ ...own, key: 'k', path: '/' });
    expect(serverAddress({ host: '0.peerjs.com', path: '/' }, page)).toEqual({
      host: '0.peerjs.com',
      port: 443,
      path: '/',
      secure: true,
      key: 'peerjs',
    });
    const plain = { ...page, port: '', protocol: 'http:' };
    expect(serverAddress({}, plain)).toEqual({ ...own, port: 80, secure: false });
    expect(serverAddress({ host: 'a', secure: true, path: 'x/y' }, plain)).toMatchObject({
      port: 443,
      path: '/x/y/',
    });
  });
});
