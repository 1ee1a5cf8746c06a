/** What a node needs of the browser, looked for before anything is started. */

import { failure } from '../node/errors.ts';
import { ResqliteError } from './errors.ts';

/** Throws `ResqliteError` 'Unsupported', which names what is missing. */
export function checkSupport(): void {
  if (!('document' in globalThis)) {
    throw unsupported('there is no page here: open the database in a browser, not on a server');
  }
  if (!globalThis.isSecureContext) {
    throw unsupported('this page is not a secure context: serve it over https or from localhost');
  }
  const missing = missingFeature();
  if (missing !== null) throw unsupported(`this browser lacks ${missing}, which a node needs`);
}

function missingFeature(): string | null {
  if (!('Worker' in globalThis)) return 'workers';
  if (!('WebAssembly' in globalThis)) return 'WebAssembly';
  if (!('indexedDB' in globalThis)) return 'IndexedDB';
  if (!('RTCPeerConnection' in globalThis)) return 'WebRTC';
  if (!('locks' in navigator)) return 'Web Locks';
  if (!('storage' in navigator) || !('getDirectory' in navigator.storage)) {
    return 'the origin private file system';
  }
  return null;
}

function unsupported(message: string): ResqliteError {
  return new ResqliteError(failure('Unsupported', 'no', message));
}
