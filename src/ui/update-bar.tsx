/** Says that another build of the page is ready, until the person reloads or waves that one away. */

import { useSignal } from '@preact/signals';
import { reloadPage } from './leaving.ts';
import { readyVersion } from './page-version.ts';

export function UpdateBar() {
  const dismissed = useSignal<string | null>(null);
  const { value: version } = readyVersion;
  const isShown = version !== null && version !== dismissed.value;
  return (
    <div role="status" aria-live="polite">
      {isShown && (
        <div class="banner banner-notice">
          <span class="banner-sign" aria-hidden="true" />
          <p class="banner-words">
            <strong>A new version is ready</strong>{' '}
            <span>
              Reload this tab to get it; until then it goes on with its own. Other tabs do the same.
            </span>
          </p>
          <button type="button" class="button" onClick={reloadPage}>
            Reload this tab
          </button>
          <button type="button" class="button" onClick={() => (dismissed.value = version)}>
            Later
          </button>
        </div>
      )}
    </div>
  );
}
