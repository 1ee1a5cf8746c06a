/** The head of the page: its name and, in a word, how this tab and its cluster fare. */

import type { NodeStatus } from '../node/status.ts';
import { healthOf } from './health.ts';
import { openDialog } from './open-dialog.ts';
import { banner, pageState, status } from './store.ts';
import { formatCount, nameOfRole } from './wording.ts';

export function Header() {
  return (
    <header class="header">
      <svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
        <path d="M16 7.5 7.5 22h17z" />
        <circle cx="16" cy="7.5" r="4.5" class="logo-leader" />
        <circle cx="7.5" cy="22.5" r="4.5" />
        <circle cx="24.5" cy="22.5" r="4.5" />
      </svg>
      <h1>ReSqlite</h1>
      <p class="tagline">SQLite, replicated by the tabs that are open</p>
      <StateButton />
      <button
        type="button"
        class="icon-button"
        title="Settings"
        onClick={() => (openDialog.value = 'settings')}
      >
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <path d="M4 7h9m5 0h2M4 17h2m5 0h9" />
          <circle cx="15.5" cy="7" r="2.5" />
          <circle cx="8.5" cy="17" r="2.5" />
        </svg>
        <span class="sr-only">Settings</span>
      </button>
    </header>
  );
}

/** Leads to the cluster panel, which is far down on a small screen. */
function StateButton() {
  const tone = banner.value?.tone ?? 'fine';
  return (
    <button
      type="button"
      class={`state state-${tone}`}
      title="Role of this tab, term, voters connected: show the cluster"
      onClick={() => {
        const panel = document.querySelector<HTMLElement>('#cluster');
        panel?.scrollIntoView({ block: 'nearest' });
        panel?.focus({ preventScroll: true });
      }}
    >
      <span class="state-dot" aria-hidden="true" />
      {describeState(status.value)}
    </button>
  );
}

function describeState(known: NodeStatus | null): string {
  const { value: state } = pageState;
  if (known === null || state !== 'running') return state;
  const { connectedVoters, voters } = healthOf(known);
  return `${nameOfRole(known.role)} · term ${formatCount(known.term)} · ${connectedVoters}/${voters}`;
}
