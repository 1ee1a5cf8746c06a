/**
 * The outbox of the node worker: part of its entry, so it names the runtime and the adapters, and wires
 * the desk that takes and sends queued writes to this tab's node. What is stored as bytes is told to the
 * page in words.
 */

import { formatBookmark } from './client/bookmark.ts';
import type { NodeWorkerApi } from './client/protocol.ts';
import { RpcFailure } from './client/rpc.ts';
import type { DurableOutcome } from './node/durable-requests.ts';
import { failure, type Failure } from './node/errors.ts';
import { MAX_QUEUED_ANSWER_BYTES } from './node/limits.ts';
import type { Node } from './node/node.ts';
import type { Clock } from './node/ports.ts';
import type { QueuedWrite } from './node/queued-write.ts';
import type { ExecuteResponse } from './node/sql.ts';
import { decodeResponse } from './sqlite/response-codec.ts';
import { outboxSenderLock, STORAGE_ROOT } from './storage/names.ts';
import type { NodeStorage } from './storage/node-storage.ts';
import type { Outbox, OutboxEntry, OutboxOutcome } from './storage/outbox-codec.ts';
import { OutboxDesk } from './storage/outbox-desk.ts';
import { OutboxStore, readOutboxOf } from './storage/outbox-store.ts';
import { takeLock } from './storage/web-lock.ts';
import { encoded, executedBy, storing } from './worker-calls.ts';

/** A request may be large, and is asked again at any time. */
const REQUEST_PATIENCE_MS = 30_000;
/** How long a tab stands in line for the sender's lock before it stands in line again. */
const LINE_MS = 600_000;

/** What the page asks of the outbox. */
type OutboxMethods = Pick<
  NodeWorkerApi,
  'executeOrQueue' | 'outbox' | 'cancelQueued' | 'dismissQueued'
>;

/** What runs when it is asked. */
interface OutboxHolder {
  readonly outbox: OutboxDesk;
  readonly storage: { readonly cluster: { readonly clusterId: string } };
}

export function outboxMethods(running: () => OutboxHolder): OutboxMethods {
  return {
    executeOrQueue: async (request, timeoutMs, isAwaited) => {
      const { outbox } = running();
      const { statements } = request;
      const about = { sql: statements[0]?.sql ?? '', statements: statements.length };
      const body = encoded(request);
      const { queuedAs, outcome } = await storing(() => outbox.write(body, about, timeoutMs));
      if (queuedAs !== null && !isAwaited) return { queuedAs };
      const answer = await outcome;
      if (answer.type === 'failed') throw new RpcFailure(answer.failure);
      return executedBy(answer);
    },
    outbox: async () => {
      const { outbox, storage } = running();
      return queuedWritesOf(await storing(() => outbox.read()), storage.cluster.clusterId);
    },
    cancelQueued: (id) => agreed(() => running().outbox.cancel(id)),
    dismissQueued: (id) => agreed(() => running().outbox.dismiss(id)),
  };
}

/** What the outbox does not agree to rejects. */
async function agreed(ask: () => Promise<Failure | null>): Promise<void> {
  const refused = await storing(ask);
  if (refused !== null) throw new RpcFailure(refused);
}

/** The desk of the cluster's outbox, sending. */
export function openOutbox(
  { cluster: { clusterId }, formerIds }: Pick<NodeStorage, 'cluster' | 'formerIds'>,
  node: Node,
  clock: Clock,
  onChange: (writes: readonly QueuedWrite[]) => void,
): OutboxDesk {
  const desk = new OutboxDesk({
    route: {
      confirm: (timeoutMs) =>
        new Promise((resolve) => node.readIndex('linearizable', timeoutMs, resolve)),
      execute: (body, timeoutMs) =>
        new Promise((resolve) => node.execute(body, timeoutMs, resolve)),
      request: (request) =>
        new Promise((resolve) => node.durably(request, REQUEST_PATIENCE_MS, resolve)),
      outcomeOf,
      newNonce: () => clock.random(Number.MAX_SAFE_INTEGER),
    },
    openStore: (onOutbox) => new OutboxStore({ clusterId, onChange: onOutbox }),
    takeTurn: () => takeLock(outboxSenderLock(STORAGE_ROOT, clusterId), LINE_MS),
    wallClock: () => clock.wallClock(),
    onChange: (outbox) => onChange(queuedWritesOf(outbox, clusterId)),
  });
  void takeOver(desk, formerIds).then(() => desk.start());
  return desk;
}

/** Where this cluster is one that was recovered, what waited in the former one waits here. */
async function takeOver(desk: OutboxDesk, formerIds: readonly string[]): Promise<void> {
  try {
    await desk.inherit(formerIds, readOutboxOf);
  } catch {
    // What cannot be read or stored now is taken over at a later start.
  }
}

function queuedWritesOf({ entries }: Outbox, clusterId: string): QueuedWrite[] {
  return entries.map(({ id, sql, statements, queuedAtMs, sent, outcome }) => ({
    id,
    sql,
    statements,
    queuedAtMs,
    state: stateOf({ sent, outcome }),
    outcome: outcome === null ? null : queuedOutcomeOf(outcome, clusterId),
  }));
}

function stateOf({ sent, outcome }: Pick<OutboxEntry, 'sent' | 'outcome'>): QueuedWrite['state'] {
  if (outcome !== null) return outcome.applied === 'yes' ? 'done' : 'failed';
  return sent === null ? 'pending' : 'sending';
}

function queuedOutcomeOf(
  { applied, failure: cause, entry, rowsAffected }: OutboxOutcome,
  clusterId: string,
): QueuedWrite['outcome'] {
  const { code, message } = cause ?? { code: null, message: '' };
  const bookmark = entry === null ? null : formatBookmark(clusterId, entry.index);
  return { applied, code, message, rowsAffected, bookmark };
}

function outcomeOf({
  index,
  term,
  response,
}: DurableOutcome & { readonly type: 'executed' }): OutboxOutcome {
  const decoded = decodeResponse(response);
  const results = decoded.outcomes.map((outcome) =>
    outcome.type === 'result' ? outcome.result.rowsAffected : 0,
  );
  return {
    applied: decoded.committed ? 'yes' : 'no',
    failure: failureOf(decoded),
    entry: { index, term },
    rowsAffected: decoded.committed ? results.reduce((sum, rows) => sum + rows, 0) : 0,
    response: response.length > MAX_QUEUED_ANSWER_BYTES ? null : response,
  };
}

function failureOf({ outcomes, committed }: ExecuteResponse): Failure | null {
  for (const [statement, outcome] of outcomes.entries()) {
    if (outcome.type !== 'error') continue;
    const { code, message, sqlite } = outcome.error;
    const applied = committed ? 'yes' : 'no';
    return { ...failure(code, applied, message), sqlite: { ...sqlite, statement } };
  }
  return null;
}
