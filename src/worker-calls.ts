/**
 * What is between the node worker's calls and the runtime: the SQL worker as the runtime knows it, the
 * runtime's callbacks as promises, requests and answers as bytes, and failures as they cross to the page.
 */

import { RpcFailure, type RpcClient } from './client/rpc.ts';
import type { Executed, SqlApplierApi } from './client/protocol.ts';
import { failure, type Failure } from './node/errors.ts';
import { MAX_BODY_BYTES } from './node/limits.ts';
import type { Administration } from './node/messages.ts';
import type { Node } from './node/node.ts';
import type { RemoteStateMachine } from './node/ports.ts';
import type { ReadIndexOutcome } from './node/reads.ts';
import type { StateRequest } from './node/sql.ts';
import type { ExecuteOutcome } from './node/writes.ts';
import type { LogIndex } from './raft/types.ts';
import { encodeRequest } from './sqlite/request-codec.ts';
import { decodeResponse } from './sqlite/response-codec.ts';
import { SqlFailure } from './sqlite/sql-error.ts';
import { StorageError } from './storage/storage-error.ts';

export function remoteStateMachine(sql: RpcClient<SqlApplierApi, never>): RemoteStateMachine {
  return {
    apply: (entries) => sql.call('apply', [entries]),
    checkpoint: () => sql.call('checkpoint', []),
    openSnapshot: () => sql.call('openSnapshot', []),
    readSnapshot: (offset, length) => sql.call('readSnapshot', [offset, length]),
    closeSnapshot: () => sql.call('closeSnapshot', []),
    beginStage: (snapshot) => sql.call('beginStage', [snapshot]),
    writeStage: (offset, data) => sql.call('writeStage', [offset, data], [data.buffer]),
    finishStage: () => sql.call('finishStage', []),
    discardStage: () => sql.call('discardStage', []),
    restore: (file) => sql.call('restore', [file]),
    quarantine: () => sql.call('quarantine', []),
    skip: (index) => sql.call('skip', [index]),
    adoptedBuild: () => sql.call('adoptedBuild', []),
    reopen: () => sql.call('reopen', []),
  };
}

export function executing(
  node: Node,
  body: Uint8Array,
  timeoutMs: number | null,
): Promise<ExecuteOutcome & { type: 'executed' }> {
  return new Promise((resolve, reject) => {
    node.execute(body, timeoutMs, (outcome) => {
      if (outcome.type === 'executed') resolve(outcome);
      else reject(new RpcFailure(outcome.failure));
    });
  });
}

export function administering(
  node: Node,
  administration: Administration,
  timeoutMs: number,
): Promise<{ warning: string }> {
  return new Promise((resolve, reject) => {
    node.administer(administration, timeoutMs, (outcome) => {
      if (outcome.type === 'done') resolve({ warning: outcome.warning });
      else reject(new RpcFailure(outcome.failure));
    });
  });
}

export function indexing(
  begin: (done: (outcome: ReadIndexOutcome) => void) => void,
): Promise<LogIndex> {
  return new Promise((resolve, reject) => {
    begin((outcome) => {
      if (outcome.type === 'ready') resolve(outcome.index);
      else reject(new RpcFailure(outcome.failure));
    });
  });
}

/** Nothing was sent yet, so whatever cannot be encoded took no effect. */
export function encoded(request: StateRequest): Uint8Array {
  let body: Uint8Array;
  try {
    body = encodeRequest(request);
  } catch (error) {
    throw error instanceof SqlFailure ? new RpcFailure(error.failure) : error;
  }
  if (body.length <= MAX_BODY_BYTES) return body;
  const message = `the statements take ${body.length} bytes; at most ${MAX_BODY_BYTES} fit`;
  throw refusal('TooLarge', message);
}

export function executedBy({
  index,
  term,
  response,
}: ExecuteOutcome & { type: 'executed' }): Executed {
  return { index, term, response: decodeResponse(response) };
}

export async function storing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StorageError) throw refusal(error.code, error.message);
    throw error;
  }
}

export function refusal(code: Failure['code'], message: string): RpcFailure {
  return new RpcFailure(failure(code, 'no', message));
}

/** How something ended that was not waited for beyond its time. */
export type Ending =
  | { readonly type: 'done' | 'too-late' }
  | { readonly type: 'failed'; readonly reason: string };

/** Settled when that is, however it ends, or so much later. */
export function within(boundMs: number, work: Promise<unknown>): Promise<Ending> {
  const timedOut = new Promise<Ending>((resolve) => {
    setTimeout(() => resolve({ type: 'too-late' }), boundMs);
  });
  const ended = work.then(
    (): Ending => ({ type: 'done' }),
    (error: unknown): Ending => {
      return { type: 'failed', reason: error instanceof Error ? error.message : String(error) };
    },
  );
  return Promise.race([ended, timedOut]);
}
