/** What waits in this browser profile for a quorum, and what came of what waited, until it is dismissed. */

import './style/outbox.css';
import { useSignal } from '@preact/signals';
import type { Database } from '../client/database.ts';
import { toReadError } from '../client/errors.ts';
import type { QueuedOutcome, QueuedWrite } from '../node/queued-write.ts';
import { database, outbox } from './store.ts';
import { EFFECTS, formatCounted, oneLine } from './wording.ts';

export function OutboxList() {
  const problem = useSignal<string | null>(null);
  const { value: writes } = outbox;
  const { value: db } = database;
  if (writes.length === 0 || db === null) return null;
  const ended = writes.filter(({ outcome }) => outcome !== null);
  const waiting = writes.length - ended.length;

  function ask(asked: (from: Database) => Promise<unknown>, from: Database): void {
    problem.value = null;
    asked(from).catch((error: unknown) => {
      problem.value = toReadError(error).message;
    });
  }

  return (
    <section class="card outbox" aria-labelledby="outbox-title">
      <div class="outbox-head">
        <h2 id="outbox-title">Waiting to be sent</h2>
        <p class="hint" aria-live="polite">
          {problem.value ?? summaryOf(waiting, ended.length)}
        </p>
        {ended.length > 1 && (
          <button
            type="button"
            class="link"
            onClick={() =>
              ask((from) => Promise.all(ended.map(({ id }) => from.dismissQueued(id))), db)
            }
          >
            Dismiss all outcomes
          </button>
        )}
      </div>
      <ol class="outbox-list">
        {writes.map((write) => (
          <Write
            key={write.id}
            write={write}
            onCancel={() => ask((from) => from.cancelQueued(write.id), db)}
            onDismiss={() => ask((from) => from.dismissQueued(write.id), db)}
          />
        ))}
      </ol>
    </section>
  );
}

function summaryOf(waiting: number, ended: number): string {
  if (waiting === 0) return 'Nothing waits any more.';
  const rest = ended === 0 ? '' : ` ${formatCounted(ended, 'outcome')} below.`;
  return `${formatCounted(waiting, 'write')}, kept in this browser and sent in order.${rest}`;
}

interface WriteProps {
  readonly write: QueuedWrite;
  readonly onCancel: () => void;
  readonly onDismiss: () => void;
}

function Write({ write, onCancel, onDismiss }: WriteProps) {
  const { sql, statements, queuedAtMs, state, outcome } = write;
  const more = statements > 1 ? `, with ${formatCounted(statements - 1, 'more statement')}` : '';
  const line = oneLine(sql);
  const isTrouble = outcome !== null && outcome.code !== null && outcome.code !== 'Cancelled';
  return (
    <li class={`outbox-write ${isTrouble ? 'outbox-trouble' : ''}`}>
      <code class="outbox-sql">{line}</code>
      <span class="outbox-facts">
        <strong>{titleOf(write)}</strong>
        {` · queued at ${timeOf(queuedAtMs)}${more}`}
        {isTrouble && (
          <span class="outbox-error">
            {outcome.message}. {EFFECTS[outcome.applied]}
          </span>
        )}
      </span>
      {state === 'pending' && (
        <button type="button" class="button" aria-label={`Cancel ${line}`} onClick={onCancel}>
          Cancel
        </button>
      )}
      {outcome !== null && (
        <button type="button" class="button" aria-label={`Dismiss ${line}`} onClick={onDismiss}>
          Dismiss
        </button>
      )}
    </li>
  );
}

function titleOf({ state, outcome }: QueuedWrite): string {
  if (outcome !== null) return endOf(outcome);
  return state === 'sending' ? 'Being sent' : 'Waits for a quorum';
}

function endOf({ applied, code, rowsAffected }: QueuedOutcome): string {
  if (code === 'Cancelled') return 'Cancelled';
  if (applied === 'unknown') return 'Outcome not known';
  if (applied === 'no') return 'Failed';
  return rowsAffected === 0
    ? 'Committed'
    : `Committed, ${formatCounted(rowsAffected, 'row')} changed`;
}

function timeOf(ms: number): string {
  const date = new Date(ms);
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday ? date.toLocaleTimeString() : date.toLocaleString();
}
