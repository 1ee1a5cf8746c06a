/**
 * Settings of signalling, checked field by field: from a caller of `open()`, from a build's variable or
 * from what a page kept. Pure. Whatever is not exactly such settings is refused with words that say what
 * is wrong, since a mistake here looks like a cluster that does not come together.
 */

import type { IceServer, SignallingSettings } from '../node/signalling-settings.ts';
import { invalidArgument } from './errors.ts';

const MAX_PORT = 65_535;
const MAX_TEXT_CHARACTERS = 1_024;
const MAX_ICE_SERVERS = 16;
const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])$/;
const PATH = /^[A-Za-z0-9/._~-]*$/;
const KEY = /^[A-Za-z0-9._~-]+$/;
const ICE_URL = /^(?:stun|stuns|turn|turns):[^\s]+$/;
const FIELDS = ['host', 'port', 'path', 'secure', 'key', 'iceServers'];

/** Throws `ResqliteError` 'InvalidArgument'. */
export function checkSignalling(value: unknown): SignallingSettings {
  const fields = fieldsOf(value, 'signalling');
  const strange = Object.keys(fields).find((name) => !FIELDS.includes(name));
  if (strange !== undefined) throw invalidArgument(`signalling has no setting named ${strange}`);
  const { host, port, path, secure, key, iceServers } = fields;
  return {
    ...(host === undefined ? {} : { host: textOf(host, HOST, 'host is not the name of a host') }),
    ...(port === undefined ? {} : { port: portOf(port) }),
    ...(path === undefined ? {} : { path: textOf(path, PATH, 'path is not a path') }),
    ...(secure === undefined ? {} : { secure: switchOf(secure) }),
    ...(key === undefined ? {} : { key: textOf(key, KEY, 'key is not a PeerJS key') }),
    ...(iceServers === undefined ? {} : { iceServers: iceServersOf(iceServers) }),
  };
}

/**
 * What the address of a PeerJS server says, such as `https://0.peerjs.com/` or
 * `http://localhost:9000/peerjs?key=abc`. Throws `ResqliteError` 'InvalidArgument'.
 */
export function signallingAt(address: string): SignallingSettings {
  const url = URL.canParse(address) ? new URL(address) : null;
  const secure = url === null ? null : SECURE_BY_SCHEME.get(url.protocol);
  if (url === null || secure === null || secure === undefined) {
    throw invalidArgument(`${address} is not an address that begins with https:// or http://`);
  }
  const { hostname, port, pathname, searchParams, username, password, hash } = url;
  const key = searchParams.get('key');
  const isMore = [...searchParams.keys()].some((name) => name !== 'key') || hash !== '';
  if (isMore || username !== '' || password !== '') {
    throw invalidArgument(`${address} says more than where a PeerJS server is and by which key`);
  }
  return checkSignalling({
    host: hostname,
    ...(port === '' ? {} : { port: Number(port) }),
    path: pathname,
    secure,
    ...(key === null ? {} : { key }),
  });
}

/** The other way: null where it is the page's own origin. */
export function addressOf(settings: SignallingSettings): string | null {
  const { host, port, path = '/peerjs', secure = true } = settings;
  if (host === undefined) return null;
  const schemePort = secure ? 443 : 80;
  const place = port === undefined || port === schemePort ? host : `${host}:${port}`;
  return `${secure ? 'https' : 'http'}://${place}/${path}`.replace(/([^:/])\/+/g, '$1/');
}

/** The address by which `signallingAt` comes to the same server, key included; null: the page's own. */
export function linkTo(settings: SignallingSettings): string | null {
  const address = addressOf(settings);
  if (address === null) return null;
  const url = new URL(address);
  if (settings.key !== undefined) url.search = `key=${settings.key}`;
  return url.href;
}

/**
 * A build's variable: empty for none, an address, or settings as JSON. Throws `ResqliteError`
 * 'InvalidArgument'.
 */
export function readSignalling(text: string): SignallingSettings | null {
  if (text.trim() === '') return null;
  if (!text.trim().startsWith('{')) return signallingAt(text.trim());
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalidArgument('the settings of signalling are no JSON');
  }
  return checkSignalling(value);
}

/** Throws `ResqliteError` 'InvalidArgument'. */
export function checkIceServer(value: unknown): IceServer {
  const { urls, username, credential } = fieldsOf(value, 'an ICE server');
  const list = typeof urls === 'string' ? [urls] : urls;
  if (!Array.isArray(list) || list.length === 0) throw invalidArgument('an ICE server has no urls');
  const checked = list.map((url) => textOf(url, ICE_URL, 'begin with stun:, turn: or turns:'));
  const isTurn = checked.some((url) => url.startsWith('turn'));
  if (isTurn && (typeof username !== 'string' || typeof credential !== 'string')) {
    throw invalidArgument('a TURN server needs a user name and a credential');
  }
  return {
    urls: checked,
    ...(username === undefined ? {} : { username: textOf(username, /^/, 'user name') }),
    ...(credential === undefined ? {} : { credential: textOf(credential, /^/, 'credential') }),
  };
}

const SECURE_BY_SCHEME: ReadonlyMap<string, boolean> = new Map([
  ['https:', true],
  ['wss:', true],
  ['http:', false],
  ['ws:', false],
]);

function iceServersOf(value: unknown): IceServer[] {
  if (!Array.isArray(value)) throw invalidArgument('iceServers is not an array');
  if (value.length > MAX_ICE_SERVERS)
    throw invalidArgument(`more than ${MAX_ICE_SERVERS} ICE servers`);
  return value.map((server) => checkIceServer(server));
}

function fieldsOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidArgument(`${what} is not an object of settings`);
  }
  return value as Readonly<Record<string, unknown>>;
}

function textOf(value: unknown, pattern: RegExp, what: string): string {
  if (typeof value === 'string' && value.length <= MAX_TEXT_CHARACTERS && pattern.test(value)) {
    return value;
  }
  throw invalidArgument(
    `${what}: ${typeof value === 'string' ? value.slice(0, 80) : typeof value}`,
  );
}

function portOf(value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_PORT) {
    return value;
  }
  throw invalidArgument(`port is not a number from 1 to ${MAX_PORT}`);
}

function switchOf(value: unknown): boolean {
  if (typeof value !== 'boolean') throw invalidArgument('secure is neither true nor false');
  return value;
}
