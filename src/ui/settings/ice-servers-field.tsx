/** The ICE servers of the settings, a line of fields for each. */

import type { Signal } from '@preact/signals';
import { EMPTY_ICE_SERVER, type IceServerForm, type SettingsForm } from './settings-form.ts';
import { TextField } from '../text-field.tsx';

export function IceServersField({ form }: { readonly form: Signal<SettingsForm> }) {
  const { iceServers } = form.value;
  const replace = (servers: readonly IceServerForm[]): void => {
    form.value = { ...form.value, iceServers: servers };
  };
  return (
    <fieldset class="dialog-section">
      <legend>STUN and TURN servers</legend>
      <p class="hint">
        None are used unless you name some. Across two networks a STUN server tells each browser its
        public address, and where that is not enough a TURN server passes everything on, encrypted.
      </p>
      {iceServers.map((server, at) => (
        <IceServerFields
          key={at}
          server={server}
          number={at + 1}
          onChange={(changed) => replace(iceServers.with(at, changed))}
          onRemove={() => replace(iceServers.toSpliced(at, 1))}
        />
      ))}
      <div>
        <button
          type="button"
          class="button"
          onClick={() => replace([...iceServers, EMPTY_ICE_SERVER])}
        >
          {iceServers.length === 0 ? 'Add a server' : 'Add another'}
        </button>
      </div>
    </fieldset>
  );
}

interface IceServerFieldsProps {
  readonly server: IceServerForm;
  readonly number: number;
  readonly onChange: (server: IceServerForm) => void;
  readonly onRemove: () => void;
}

function IceServerFields({ server, number, onChange, onRemove }: IceServerFieldsProps) {
  return (
    <div class="ice-server" role="group" aria-label={`Server ${number}`}>
      <TextField
        label="Address"
        placeholder="turn:example.org:3478"
        value={server.url}
        onChange={(url) => onChange({ ...server, url })}
      />
      <TextField
        label="User name"
        placeholder="for TURN"
        value={server.username}
        onChange={(username) => onChange({ ...server, username })}
      />
      <TextField
        label="Credential"
        placeholder="for TURN"
        value={server.credential}
        onChange={(credential) => onChange({ ...server, credential })}
      />
      <button type="button" class="link" onClick={onRemove}>
        Remove
      </button>
    </div>
  );
}
