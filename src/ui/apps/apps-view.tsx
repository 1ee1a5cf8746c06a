/** What is built on the database, as any page could: one app at a time, each reached by its address. */

import '../style/apps.css';
import { Late } from '../late.tsx';
import { addressOfView } from '../views.ts';
import { APP_TITLES, APPS, chatView, kvView, mapReduceView, shownApp } from './app-list.ts';

export function AppsView() {
  return (
    <div class="apps">
      <nav class="app-links" aria-label="Apps">
        {APPS.map((name) => (
          <a
            key={name}
            class="view-link"
            href={addressOfView('apps', name)}
            aria-current={shownApp.value === name ? 'page' : undefined}
          >
            {APP_TITLES[name]}
          </a>
        ))}
      </nav>
      <ShownApp />
    </div>
  );
}

function ShownApp() {
  switch (shownApp.value) {
    case 'kv':
      return <Late part={kvView}>{({ KvView }) => <KvView />}</Late>;
    case 'chat':
      return <Late part={chatView}>{({ ChatView }) => <ChatView />}</Late>;
    case 'mapreduce':
      return <Late part={mapReduceView}>{({ MapReduceView }) => <MapReduceView />}</Late>;
  }
}
