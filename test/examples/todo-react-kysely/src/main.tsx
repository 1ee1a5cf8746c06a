/** The page's entry: opens the database, and shows what becomes of it. */

import { StrictMode, Suspense, use, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import type { OpenOptions } from 'resqlite';
import { useDatabase } from 'resqlite/react';
import { declineInvite, hideInvite, invite, isNews } from './invite.ts';
import { Page } from './page.tsx';
import { Question } from './question.tsx';
import { migrations } from './schema.ts';
import { TodoApp } from './todo-app.tsx';

const HOUR_MS = 3_600_000;

const whetherNews = isNews(invite);

function App() {
  const isInviteNews = use(whetherNews);
  /** What to open; undefined: the person has not said yet. */
  const [cluster, setCluster] = useState(isInviteNews ? undefined : invite);
  if (cluster !== undefined) return <OpenApp cluster={cluster} />;
  const decline = (): void => {
    declineInvite();
    setCluster(null);
  };
  return <Question onJoin={() => setCluster(invite)} onDecline={decline} />;
}

function OpenApp({ cluster }: { readonly cluster: string | null }) {
  const [isOld, setIsOld] = useState(false);
  const [options] = useState<OpenOptions>(() => ({
    cluster,
    signalling: {},
    migrations,
    migrationTimeoutMs: HOUR_MS,
    onNewerSchema: () => setIsOld(true),
  }));
  const { handle, database, error, retry } = useDatabase(options);
  const mayPass = error?.code === 'NoQuorum' || error?.code === 'Timeout';
  useEffect(() => {
    if (mayPass) retry();
  }, [mayPass, retry]);
  useEffect(() => {
    if (handle !== undefined && cluster !== null) hideInvite(handle.clusterId);
  }, [handle, cluster]);
  if (error !== undefined && !mayPass) {
    return <Page badge="Not open" tone="bad" notice={error.message} />;
  }
  if (handle === undefined) return <Page badge="Opening…" />;
  return <TodoApp database={handle} hasTables={database !== undefined} isOld={isOld} />;
}

// An invite that is put into the address bar of the open page.
addEventListener('hashchange', () => location.reload());

const place = document.getElementById('app');
if (place === null) throw new Error('the page has no #app');
createRoot(place).render(
  <StrictMode>
    <Suspense fallback={<Page badge="Opening…" />}>
      <App />
    </Suspense>
  </StrictMode>,
);
