/** The head of the page: its name, the way to its views, and how this tab and its cluster fare. */

import { Icon } from './icons.tsx';
import { describeSurvival } from './health.ts';
import { banner, pageState, status } from './store.ts';
import { addressOfView, view, VIEW_TITLES, VIEWS } from './views.ts';
import { formatCount, nameOfRole } from './wording.ts';

export function Header() {
  return (
    <header class="header">
      <a class="skip" href="#view" onClick={skipToView}>
        Skip to the view
      </a>
      <svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
        <path d="M16 7.5 7.5 22h17z" />
        <circle cx="16" cy="7.5" r="4.5" class="logo-leader" />
        <circle cx="7.5" cy="22.5" r="4.5" />
        <circle cx="24.5" cy="22.5" r="4.5" />
      </svg>
      <h1>ReSqlite</h1>
      <Navigation />
      <StatePill />
    </header>
  );
}

/** A link would put its own fragment in place of the view's. */
function skipToView(event: Event): void {
  event.preventDefault();
  document.querySelector<HTMLElement>('#view')?.focus();
}

function Navigation() {
  return (
    <nav class="views" aria-label="Views">
      {VIEWS.map((name) => (
        <a
          key={name}
          class="view-link"
          href={addressOfView(name)}
          aria-current={view.value === name ? 'page' : undefined}
        >
          <Icon name={name} />
          <span>{VIEW_TITLES[name]}</span>
        </a>
      ))}
    </nav>
  );
}

/** What this tab is, and how many losses the cluster survives now; leads to the cluster. */
function StatePill() {
  const tone = banner.value?.tone ?? 'fine';
  const { value: known } = status;
  const isMember = known !== null && pageState.value === 'running';
  return (
    <a
      class={`state state-${tone}`}
      href={addressOfView('cluster')}
      title="Role of this tab, term, and what the cluster survives: show the cluster"
    >
      <span class="state-dot" aria-hidden="true" />
      {isMember ? (
        <>
          <span>
            {nameOfRole(known.role)} · term {formatCount(known.term)}
          </span>
          <strong class="survival">{describeSurvival(known)}</strong>
        </>
      ) : (
        <span>{pageState.value}</span>
      )}
    </a>
  );
}
