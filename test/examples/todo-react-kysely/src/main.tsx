/** The page's entry: opens the database, and shows the list when it is open. */

import { StrictMode, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { inviteIn, type OpenOptions } from 'resqlite';
import { useDatabase } from 'resqlite/react';
import { Page } from './page.tsx';
import { migrations } from './schema.ts';
import { TodoApp } from './todo-app.tsx';

const invite = inviteIn(location.href);

function App() {
  const [isOld, setIsOld] = useState(false);
  const [options] = useState<OpenOptions>(() => ({
    cluster: invite,
    signalling: {},
    migrations,
    onNewerSchema: () => setIsOld(true),
  }));
  const { database, error } = useDatabase(options);
  useEffect(() => {
    // An invite is a key, which need not be seen or kept; a reload opens the same cluster.
    if (database === undefined || invite === null) return;
    history.replaceState(null, '', `#c=${database.clusterId}`);
  }, [database]);
  if (error !== undefined) return <Page badge="Not open" tone="bad" notice={error.message} />;
  if (database === undefined) return <Page badge="Opening…" />;
  return <TodoApp database={database} isOld={isOld} />;
}

// An invite that is put into the address bar of the open page.
addEventListener('hashchange', () => location.reload());

const place = document.getElementById('app');
if (place === null) throw new Error('the page has no #app');
createRoot(place).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
