/**
 * Looks whether a PeerJS server answers under certain settings, as a node's own connection would find
 * it, and says what is wrong where it does not (page only). It registers under a name of its own, which
 * the server forgets at once, and leaves links and signalling that run alone.
 */

import type { SignallingFinding, SignallingSettings } from '../node/signalling-settings.ts';
import { serverAddress, type ServerAddress } from './server-address.ts';

const ANSWER_TIMEOUT_MS = 6_000;
/** What a PeerServer says of a key that is not its own, and of itself when it is full. */
const KEY_REFUSED = /key/i;
const FULL = /limit/i;

export async function probeSignalling(settings: SignallingSettings): Promise<SignallingFinding> {
  const address = serverAddress(settings, location);
  const finding = await askServer(address);
  if (finding.type !== 'unreachable') return finding;
  return (await isAnswering(address)) ? { type: 'not-a-peer-server' } : finding;
}

function askServer(address: ServerAddress): Promise<SignallingFinding> {
  const sinceMs = performance.now();
  const { host, port, path, secure, key } = address;
  const name = crypto.randomUUID();
  const query = new URLSearchParams({ key, id: `resqlite-probe-${name}`, token: name });
  const socketAddress = `${secure ? 'wss' : 'ws'}://${host}:${port}${path}peerjs?${query}`;
  return new Promise((resolve) => {
    let socket: WebSocket;
    try {
      socket = new WebSocket(socketAddress);
    } catch {
      // A page served over https may not talk to a server without.
      resolve({ type: 'forbidden' });
      return;
    }
    const timer = setTimeout(() => end({ type: 'unreachable' }), ANSWER_TIMEOUT_MS);
    const end = (finding: SignallingFinding): void => {
      clearTimeout(timer);
      socket.close();
      resolve(finding);
    };
    socket.addEventListener('message', ({ data }) => {
      end(findingIn(String(data), Math.round(performance.now() - sinceMs)));
    });
    socket.addEventListener('close', () => end({ type: 'unreachable' }));
  });
}

function findingIn(answer: string, elapsedMs: number): SignallingFinding {
  const { type, message } = readAnswer(answer);
  if (type === 'OPEN') return { type: 'found', elapsedMs };
  if (type !== 'ERROR') return { type: 'not-a-peer-server' };
  if (KEY_REFUSED.test(message)) return { type: 'key-refused' };
  return FULL.test(message) ? { type: 'full' } : { type: 'refused', message };
}

function readAnswer(answer: string): { type: unknown; message: string } {
  try {
    const { type, payload } = JSON.parse(answer) as { type?: unknown; payload?: { msg?: unknown } };
    return { type, message: String(payload?.msg ?? '').slice(0, 200) };
  } catch {
    return { type: null, message: '' };
  }
}

/** Whether anything answers there at all; what it says cannot be read from another origin. */
async function isAnswering({ host, port, path, secure }: ServerAddress): Promise<boolean> {
  try {
    await fetch(`${secure ? 'https' : 'http'}://${host}:${port}${path}`, {
      mode: 'no-cors',
      credentials: 'omit',
      cache: 'no-store',
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    return true;
  } catch {
    return false;
  }
}
