/** What is built on the database, as any page could: one app at a time, each reached by its address. */

import '../style/apps.css';
import { Late } from '../late.tsx';
import { addressOfView } from '../views.ts';
import { APP_WORDS } from './app-words.ts';
import {
  APP_TITLES,
  APPS,
  chatView,
  kvView,
  mapReduceView,
  shownApp,
  type AppName,
} from './app-list.ts';

export function AppsView() {
  return (
    <div class="apps">
      <div class="app-head">
        <nav class="app-links" aria-label="Apps">
          {APPS.map((name) => (
            <a
              key={name}
              class="app-link"
              href={addressOfView('apps', name)}
              aria-current={shownApp.value === name ? 'page' : undefined}
            >
              {APP_TITLES[name]}
            </a>
          ))}
        </nav>
        <Introduction key={shownApp.value} name={shownApp.value} />
      </div>
      <ShownApp />
    </div>
  );
}

function Introduction({ name }: { readonly name: AppName }) {
  const { introduction, folder, tables, code } = APP_WORDS[name];
  return (
    <div class="app-words">
      <p>{introduction}</p>
      <details>
        <summary>How it is built</summary>
        <p>
          As your own page could be: the module <code>{folder}</code> stands on the public client
          alone. What it keeps is in tables that begin with <code>{tables}</code>, which{' '}
          <a href={addressOfView('database')}>Database</a> shows like any others, and it works in
          whatever tab is open. In this page’s console:
        </p>
        <pre>{code}</pre>
      </details>
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
