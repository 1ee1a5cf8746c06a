/** The banner: the one thing to know now, announced to those who do not see it. */

import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import type { Banner } from './banner.ts';
import { reloadPage } from './leaving.ts';
import { banner, database, nextTabAddress, startOver } from './store.ts';
import { wakeStoredNodes } from './stored-nodes.ts';
import { addressOfView } from './views.ts';

/** What is over before that is not worth moving the page for. */
const BUSY_NOTICE_MS = 1_200;

export function BannerBar() {
  const shown = useBanner();
  return (
    <div role="status" aria-live="polite">
      {shown !== null && (
        <div class={`banner banner-${shown.tone}`}>
          <span class="banner-sign" aria-hidden="true" />
          <p class="banner-words">
            <strong>{shown.title}</strong> <span>{shown.text}</span>
            {shown.sinceMs !== null && <Elapsed sinceMs={shown.sinceMs} />}
          </p>
          <Action banner={shown} />
        </div>
      )}
    </div>
  );
}

/** The banner, but for one that tells of work that may be done in a moment. */
function useBanner(): Banner | null {
  const isBusy = useComputed(() => banner.value?.tone === 'busy');
  const isLong = useSignal(false);
  useSignalEffect(() => {
    isLong.value = false;
    if (!isBusy.value) return undefined;
    const timer = setTimeout(() => {
      isLong.value = true;
    }, BUSY_NOTICE_MS);
    return () => clearTimeout(timer);
  });
  return isBusy.value && !isLong.value ? null : banner.value;
}

function Action({ banner: { action } }: { readonly banner: Banner }) {
  switch (action) {
    case null:
      return null;
    case 'open-tab':
      return (
        <a class="button" href={nextTabAddress.value} target="_blank" rel="noopener">
          Open another tab
        </a>
      );
    case 'reload':
      return (
        <button type="button" class="button" onClick={reloadPage}>
          Reload
        </button>
      );
    case 'settings':
      return (
        <a class="button" href={addressOfView('settings')}>
          Settings
        </a>
      );
    case 'wake':
      return <WakeButton />;
    case 'start-over':
      return (
        <button type="button" class="button" onClick={startOver}>
          Open without it
        </button>
      );
  }
}

function WakeButton() {
  const { value: opened } = database;
  if (opened === null) return null;
  return (
    <button type="button" class="button" onClick={() => void wakeStoredNodes(opened)}>
      Wake here
    </button>
  );
}

/** Counts seconds for the eye; read aloud every second it would be a nuisance. */
function Elapsed({ sinceMs }: { readonly sinceMs: number }) {
  const nowMs = useSignal(Date.now());
  useSignalEffect(() => {
    const timer = setInterval(() => {
      nowMs.value = Date.now();
    }, 1_000);
    return () => clearInterval(timer);
  });
  const seconds = Math.max(0, Math.round((nowMs.value - sinceMs) / 1_000));
  return (
    <span class="banner-elapsed" aria-hidden="true">
      {seconds > 1 && ` ${seconds} s`}
    </span>
  );
}
