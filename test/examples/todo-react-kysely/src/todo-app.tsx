/** What becomes of the database: the list when it is there, what came of writes, and who is here. */

import { useState } from 'react';
import type { Database } from 'resqlite';
import { useStatus } from 'resqlite/react';
import { describeCluster } from './cluster.ts';
import { ClusterPanel } from './cluster-panel.tsx';
import { Page } from './page.tsx';
import { Saving, type Outcome } from './saving.ts';
import { TodoList } from './todo-list.tsx';

interface TodoAppProps {
  readonly database: Database;
  /** Before that it tells what they wait for. */
  readonly hasTables: boolean;
  /** Another tab runs a newer version of this page. */
  readonly isOld: boolean;
}

export function TodoApp({ database, hasTables, isOld }: TodoAppProps) {
  const cluster = useStatus(database, describeCluster);
  const [outcome, setOutcome] = useState<Outcome>({ isSaving: false, failures: [] });
  const [{ save, dismiss }] = useState(() => new Saving(setOutcome));
  if (cluster === undefined) return <Page badge="Opening…" />;
  const told = <OutcomePanel outcome={outcome} onDismiss={dismiss} />;
  return (
    <Page badge={cluster.badge} tone={cluster.tone} notice={cluster.notice}>
      <p className="warning" role="status">
        {isOld && 'Another tab runs a newer version of this page: reload this one.'}
      </p>
      {hasTables ? (
        <TodoList database={database} save={save}>
          {told}
        </TodoList>
      ) : (
        told
      )}
      <ClusterPanel database={database} cluster={cluster} save={save} />
    </Page>
  );
}

interface OutcomePanelProps {
  readonly outcome: Outcome;
  readonly onDismiss: () => void;
}

function OutcomePanel({ outcome: { isSaving, failures }, onDismiss }: OutcomePanelProps) {
  return (
    <div className="outcome">
      <div role="status">
        {failures.map((failure) => (
          <p key={failure}>{failure}</p>
        ))}
        {isSaving && <p>Saving…</p>}
      </div>
      {failures.length > 0 && (
        <button type="button" onClick={onDismiss}>
          Dismiss
        </button>
      )}
    </div>
  );
}
