/** Log entries that import a file. */

import type { ImportRequest, StateRequest, StatementOutcome } from '../../src/node/sql.ts';
import type { CommandOutcome } from '../../src/node/command.ts';
import type { Entry } from '../../src/raft/types.ts';
import { encodeRequest } from '../../src/sqlite/request-codec.ts';
import { executeEntry, registration, responseOf, STAMP_MS } from './log.ts';

export const HASH = 'a1b2';

/** A log that grows request by request; every session has its own sequence. */
export class LogWriter {
  readonly entries: Entry[] = [registration(1), registration(2)];
  stampMs = STAMP_MS;
  readonly #sequences = new Map<number, number>();

  /** The answer is the entry. */
  add(request: StateRequest, session = 1): Entry {
    const sequence = (this.#sequences.get(session) ?? 0) + 1;
    this.#sequences.set(session, sequence);
    const index = this.entries.length + 1;
    const body = encodeRequest(request);
    const entry = executeEntry(index, { session, sequence, stampMs: this.stampMs, body });
    this.entries.push(entry);
    return entry;
  }

  addAll(requests: readonly StateRequest[], session = 1): void {
    for (const request of requests) this.add(request, session);
  }
}

export function chunk(bytes: Uint8Array, offset: number, length: number): ImportRequest {
  const data = bytes.slice(offset, offset + length);
  return { mode: 'import-chunk', hash: HASH, offset, data };
}

/** All requests of an import. */
export function importOf(bytes: Uint8Array, chunkBytes = 7_000): ImportRequest[] {
  const requests: ImportRequest[] = [{ mode: 'import-begin', hash: HASH, sizeBytes: bytes.length }];
  for (let offset = 0; offset < bytes.length; offset += chunkBytes) {
    requests.push(chunk(bytes, offset, chunkBytes));
  }
  return [...requests, { mode: 'import-finish', hash: HASH }];
}

/** How many bytes it answers, or with what it was refused. */
export function told(outcome: CommandOutcome | undefined): number | string {
  const [one]: readonly (StatementOutcome | undefined)[] = responseOf(outcome).outcomes;
  if (one === undefined) throw new Error('the request was not answered');
  return one.type === 'result' ? one.result.rowsAffected : one.error.message;
}
