/** Where a PeerJS server is, with everything that its settings leave to the page it is asked from. */

import type { SignallingSettings } from '../node/signalling-settings.ts';

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  /** Begins and ends with a slash. */
  readonly path: string;
  readonly secure: boolean;
  readonly key: string;
}

const DEFAULT_PATH = '/peerjs';
const DEFAULT_KEY = 'peerjs';

export function serverAddress(
  settings: SignallingSettings,
  page: Pick<Location, 'hostname' | 'port' | 'protocol'>,
): ServerAddress {
  const secure = settings.secure ?? page.protocol === 'https:';
  const schemePort = secure ? 443 : 80;
  const isOwnHost = settings.host === undefined;
  const ownPort = page.port === '' ? schemePort : Number(page.port);
  const path = settings.path ?? DEFAULT_PATH;
  return {
    host: settings.host ?? page.hostname,
    port: settings.port ?? (isOwnHost ? ownPort : schemePort),
    path: `/${path}/`.replaceAll(/\/+/g, '/'),
    secure,
    key: settings.key ?? DEFAULT_KEY,
  };
}
