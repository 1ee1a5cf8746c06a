/** What a person sets for this browser, and what is done with this tab's node. */

import { SignallingForm } from './signalling-form.tsx';

export function SettingsView() {
  return (
    <section class="card settings" aria-labelledby="settings-connections">
      <h2 id="settings-connections">Connections</h2>
      <SignallingForm />
    </section>
  );
}
