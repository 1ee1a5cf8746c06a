/** The settings of signalling as they stand in the form, and back. Pure. */

import { addressOf, checkSignalling, signallingAt } from '../../client/signalling-settings.ts';
import type { IceServer, SignallingSettings } from '../../node/signalling-settings.ts';

/** The public PeerJS server, which anybody may use. */
export const PUBLIC_SERVER = 'https://0.peerjs.com/';

export interface SettingsForm {
  readonly isOwnServer: boolean;
  readonly address: string;
  readonly key: string;
  readonly iceServers: readonly IceServerForm[];
}

export interface IceServerForm {
  readonly url: string;
  readonly username: string;
  readonly credential: string;
}

export const EMPTY_ICE_SERVER: IceServerForm = { url: '', username: '', credential: '' };

export function formOf(settings: SignallingSettings): SettingsForm {
  const address = addressOf(settings);
  return {
    isOwnServer: address === null,
    address: address ?? '',
    key: settings.key ?? '',
    iceServers: (settings.iceServers ?? []).flatMap((server) => iceForms(server)),
  };
}

/** Lines left empty count as not there. Throws `ResqliteError` 'InvalidArgument'. */
export function settingsOf(form: SettingsForm): SignallingSettings {
  const key = form.key.trim();
  const iceServers = form.iceServers
    .filter(({ url }) => url.trim() !== '')
    .map(({ url, username, credential }) => ({
      urls: url.trim(),
      ...(username === '' ? {} : { username }),
      ...(credential === '' ? {} : { credential }),
    }));
  return checkSignalling({
    ...(form.isOwnServer ? {} : signallingAt(form.address.trim())),
    ...(form.isOwnServer || key === '' ? {} : { key }),
    ...(iceServers.length === 0 ? {} : { iceServers }),
  });
}

/** One line for each address. */
function iceForms({ urls, username = '', credential = '' }: IceServer): IceServerForm[] {
  const list = typeof urls === 'string' ? [urls] : urls;
  return list.map((url) => ({ url, username, credential }));
}
