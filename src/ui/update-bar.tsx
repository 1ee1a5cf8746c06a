/**
 * Says that another build of the page is ready, until the person reloads or waves that one away, and
 * that a part of this one cannot be had.
 */

import { useSignal } from '@preact/signals';
import { isPartMissing } from './late-part.ts';
import { reloadPage } from './leaving.ts';
import { readyVersion } from './page-version.ts';

export function UpdateBar() {
  const dismissed = useSignal<string | null>(null);
  const { value: version } = readyVersion;
  const isShown = version !== null && version !== dismissed.value;
  return (
    <div role="status" aria-live="polite">
      {isPartMissing.value && (
        <div class="banner banner-trouble">
          <span class="banner-sign" aria-hidden="true" />
          <p class="banner-words">
            <strong>A part of this page could not be loaded</strong>{' '}
            <span>
              Its server is away, or has a newer version by now. The database goes on; reload this
              tab to get all of the page.
            </span>
          </p>
          <button type="button" class="button" onClick={reloadPage}>
            Reload this tab
          </button>
        </div>
      )}
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
