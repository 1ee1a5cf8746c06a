/** The settings of signalling that this page has and uses, as signals; whoever changes them does it here. */

import { computed, signal } from '@preact/signals';
import type { SignallingFinding, SignallingSettings } from '../../node/signalling-settings.ts';
import {
  builtSignalling,
  keepSettings,
  keptSettings,
  SETTINGS_KEY,
  settingsInForce,
  type SignallingControl,
} from './signalling-choice.ts';

export const built = builtSignalling(import.meta.env['VITE_RESQLITE_SIGNALLING']);

/** What the person has set. */
export const ownSettings = signal<SignallingSettings>({});

/** What is in force. */
export const signallingSettings = computed(() =>
  settingsInForce(built.settings, ownSettings.value),
);

/** The server that the person has set, where that counts: nobody else's page uses it by itself. */
export const chosenServer = computed(() => (built.settings === null ? ownSettings.value : {}));

let control: SignallingControl | null = null;

/**
 * To be called before a node is opened. What another tab of this browser changes is in force here, too:
 * tabs on different servers would not find each other.
 */
export function startSettings(given: SignallingControl): void {
  control = given;
  put(keptSettings());
  addEventListener('storage', ({ key }) => {
    if (key === SETTINGS_KEY || key === null) put(keptSettings());
  });
}

export function changeSettings(settings: SignallingSettings): void {
  keepSettings(settings);
  put(settings);
}

function put(settings: SignallingSettings): void {
  ownSettings.value = settings;
  control?.use(signallingSettings.value);
}

export async function probeSignalling(settings: SignallingSettings): Promise<SignallingFinding> {
  return control === null ? { type: 'unreachable' } : control.probe(settings);
}
