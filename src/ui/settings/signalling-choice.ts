/**
 * Where this page's signalling comes from: what the page was built for, else the person's settings, kept
 * in this browser for this origin, else the page's own origin. ICE servers come from the build where it
 * names some, else from the settings. Pure but for reading what is kept, which is not trusted.
 */

import { readSignalling, checkSignalling, addressOf } from '../../client/signalling-settings.ts';
import { toReadError } from '../../client/errors.ts';
import type { SignallingFinding, SignallingSettings } from '../../node/signalling-settings.ts';
import { keep, kept } from '../browser-memory.ts';

export const SETTINGS_KEY = 'resqlite:signalling';

/** What of the transport the page's dialog needs. */
export interface SignallingControl {
  /** From now on, without losing a link. */
  readonly use: (settings: SignallingSettings) => void;
  readonly probe: (settings: SignallingSettings) => Promise<SignallingFinding>;
}

/** What the page was built for (`VITE_RESQLITE_SIGNALLING`). */
export interface BuiltSignalling {
  readonly settings: SignallingSettings | null;
  /** What is wrong with the variable; null: nothing. */
  readonly problem: string | null;
}

export function builtSignalling(variable: unknown): BuiltSignalling {
  try {
    return { settings: readSignalling(String(variable ?? '')), problem: null };
  } catch (error) {
    return { settings: null, problem: toReadError(error).message };
  }
}

/** What the person has set; what is no longer valid counts as nothing. */
export function keptSettings(): SignallingSettings {
  try {
    return checkSignalling(kept(SETTINGS_KEY) ?? {});
  } catch {
    return {};
  }
}

export function keepSettings(settings: SignallingSettings): void {
  keep(SETTINGS_KEY, settings);
}

/** Where a server is laid down, of a person's own settings the ICE servers count, unless it lays down some. */
export function settingsInForce(
  built: SignallingSettings | null,
  own: SignallingSettings,
): SignallingSettings {
  if (built === null) return own;
  const iceServers = built.iceServers ?? own.iceServers;
  return { ...built, ...(iceServers === undefined ? {} : { iceServers }) };
}

/** For a person: the server's address, or that it is the page's own. */
export function nameOfServer(settings: SignallingSettings): string {
  return addressOf(settings) ?? 'this page’s own server';
}

/** What a look for the server found, in a sentence. */
export function describeFinding(finding: SignallingFinding): string {
  switch (finding.type) {
    case 'found':
      return `A PeerJS server answers (${finding.elapsedMs} ms).`;
    case 'unreachable':
      return 'Nothing answers there. Look at the address, and whether the server runs.';
    case 'not-a-peer-server':
      return 'Something answers there, but not a PeerJS server. Look at the path: as it comes, a PeerServer has “/”.';
    case 'key-refused':
      return 'A PeerJS server answers, but it refuses this key.';
    case 'full':
      return 'A PeerJS server answers, but it has as many clients as it takes.';
    case 'refused':
      return `A PeerJS server answers, but refuses: ${finding.message}`;
    case 'forbidden':
      return 'The browser does not let this page ask: a page served over https needs an https server.';
  }
}
