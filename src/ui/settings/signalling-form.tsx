/**
 * Where the signalling server is, and which servers help connections through networks that keep
 * browsers apart. Kept in this browser, in force at once.
 */

import { useSignal, useSignalEffect, type Signal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { toReadError } from '../../client/errors.ts';
import { FormEnd } from './form-end.tsx';
import { FormDraft } from './form-draft.ts';
import { IceServersField } from './ice-servers-field.tsx';
import {
  built,
  changeSettings,
  ownSettings,
  probeSignalling,
  signallingSettings,
} from './signalling-store.ts';
import { formOf, PUBLIC_SERVER, settingsOf, type SettingsForm } from './settings-form.ts';
import { describeFinding, nameOfServer, settingsInForce } from './signalling-choice.ts';
import { TextField } from '../text-field.tsx';

export function SignallingForm() {
  const draft = useMemo(() => new FormDraft(formOf(ownSettings.peek())), []);
  const { form, isSaved } = draft;
  const problem = useSignal<string | null>(null);
  useSignalEffect(() => draft.follow(formOf(ownSettings.value)));

  function save(): void {
    try {
      changeSettings(settingsOf(form.value));
      problem.value = null;
      draft.settle(formOf(ownSettings.peek()));
    } catch (error) {
      problem.value = toReadError(error).message;
    }
  }

  return (
    <form
      class="settings-form"
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      {built.settings === null ? (
        <ServerFields form={form} />
      ) : (
        <BuiltServer name={nameOfServer(built.settings)} />
      )}
      <ProbeLine form={form} />
      {built.settings?.iceServers === undefined && <IceServersField form={form} />}
      <p class="hint">
        For this browser. In force at once: links that are open live on, new ones come about by what
        is set here.
      </p>
      {problem.value !== null && (
        <p class="settings-problem" role="alert">
          {problem.value}
        </p>
      )}
      <FormEnd
        isSaved={isSaved.value}
        reset="Reset"
        onReset={() => {
          draft.change(formOf({}));
          problem.value = null;
        }}
      />
    </form>
  );
}

function BuiltServer({ name }: { readonly name: string }) {
  return (
    <section class="dialog-section">
      <h3>Signalling server</h3>
      <p class="dialog-text">
        This page was built for <code>{name}</code>.
      </p>
    </section>
  );
}

function ServerFields({ form }: { readonly form: Signal<SettingsForm> }) {
  const { isOwnServer } = form.value;
  const change = (changes: Partial<SettingsForm>): void => {
    form.value = { ...form.value, ...changes };
  };
  return (
    <fieldset class="dialog-section">
      <legend>Signalling server</legend>
      <p class="hint">
        Through it browsers find each other; it sees no data. All members need the same one.
      </p>
      {built.problem !== null && <p class="bad">The build’s own server: {built.problem}</p>}
      <label class="check check-line">
        <input
          type="radio"
          name="server"
          checked={isOwnServer}
          onChange={() => change({ isOwnServer: true })}
        />
        This page’s own server
      </label>
      <label class="check check-line">
        <input
          type="radio"
          name="server"
          checked={!isOwnServer}
          onChange={() => change({ isOwnServer: false })}
        />
        Another PeerJS server
      </label>
      {!isOwnServer && <OtherServerFields form={form.value} onChange={change} />}
    </fieldset>
  );
}

interface OtherServerFieldsProps {
  readonly form: SettingsForm;
  readonly onChange: (changes: Partial<SettingsForm>) => void;
}

function OtherServerFields({ form: { address, key }, onChange }: OtherServerFieldsProps) {
  return (
    <div class="dialog-indent">
      <TextField
        label="Address, with port and path"
        placeholder="https://example.org:9000/"
        value={address}
        onChange={(text) => onChange({ address: text })}
      />
      <TextField
        label="Key"
        placeholder="peerjs"
        value={key}
        onChange={(text) => onChange({ key: text })}
      />
      <p class="hint">
        Without a server of your own:{' '}
        <button
          type="button"
          class="link"
          onClick={() => onChange({ address: PUBLIC_SERVER, key: '' })}
        >
          the public one of PeerJS
        </button>
        , which anybody may use and nobody answers for.
      </p>
    </div>
  );
}

interface Finding {
  /** What was asked: of anything else it says nothing. */
  readonly server: string;
  readonly isGood: boolean;
  readonly text: string;
}

function serverIn({ isOwnServer, address, key }: SettingsForm): string {
  return JSON.stringify(isOwnServer ? null : [address, key]);
}

function ProbeLine({ form }: { readonly form: Signal<SettingsForm> }) {
  const last = useSignal<Finding | null>(null);
  const isBusy = useSignal(false);
  const finding = last.value?.server === serverIn(form.value) ? last.value : null;

  async function test(): Promise<void> {
    const server = serverIn(form.value);
    isBusy.value = true;
    last.value = null;
    try {
      const settings = settingsInForce(
        built.settings,
        settingsOf({ ...form.value, iceServers: [] }),
      );
      const found = await probeSignalling(settings);
      last.value = { server, isGood: found.type === 'found', text: describeFinding(found) };
    } catch (error) {
      last.value = { server, isGood: false, text: toReadError(error).message };
    } finally {
      isBusy.value = false;
    }
  }

  return (
    <div class="dialog-line">
      <button type="button" class="button" disabled={isBusy.value} onClick={() => void test()}>
        {isBusy.value ? 'Looking…' : 'Test'}
      </button>
      <p class={finding?.isGood === false ? 'bad' : 'hint'} aria-live="polite">
        {finding?.text ?? `In use: ${nameOfServer(signallingSettings.value)}.`}
      </p>
    </div>
  );
}
