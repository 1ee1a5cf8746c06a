/**
 * Log entries as they are applied: decoded, cut into runs that can share transactions, and what is to
 * be thought of an error that one of them ends with.
 */

import { FormatError } from '../node/bytes.ts';
import type { Command, Execute } from '../node/command.ts';
import type { ExecuteRequest, StateRequest, TransactionRequest } from '../node/sql.ts';
import type { Entry, LogIndex } from '../raft/types.ts';
import { MAX_UNCOMMITTED_BYTES, MAX_UNCOMMITTED_ENTRIES } from './limits.ts';
import { SQLITE_NOMEM } from './raw-api.ts';
import { decodeRequest, isSolitary, NewerFormatError } from './request-codec.ts';
import { isDamage, SqliteError } from './sql-error.ts';
import type { StagingRequest } from './staging.ts';
import { TransactionLost } from './statement-run.ts';

/** An entry, decoded. */
export interface Work {
  readonly index: LogIndex;
  /** Null for entries that are the core's own, and for what is skipped and cannot be read. */
  readonly command: Command | null;
  /** It is not applied, since no node can. */
  readonly isSkipped: boolean;
}

export interface SolitaryWork extends Work {
  readonly command: Execute;
}

export function isSolitaryWork(work: Work): work is SolitaryWork {
  return !work.isSkipped && work.command?.type === 'execute' && isSolitary(work.command.body);
}

/** Runs of ordinary works, and solitary ones by themselves, in order. */
export function cutAtSolitary(works: readonly Work[]): Work[][] {
  const runs: Work[][] = [];
  let isOpen = false;
  for (const work of works) {
    const last = runs.at(-1);
    const isAlone = isSolitaryWork(work);
    if (isOpen && !isAlone && last !== undefined) last.push(work);
    else runs.push([work]);
    isOpen = !isAlone;
  }
  return runs;
}

export interface LostWork {
  readonly work: Work;
  /** Null: a state check that met damaged pages. */
  readonly execute: Execute | null;
}

/** Null: the error ends more than a transaction. */
export function lostWork(work: Work, error: unknown): LostWork | null {
  const { command } = work;
  if (command?.type === 'check-state' && isDamage(error)) return { work, execute: null };
  if (command?.type !== 'execute' || !(error instanceof TransactionLost)) return null;
  return { work, execute: command };
}

/**
 * The entry asks for more memory than there is, ran into the end of a stack or a trap, or is of a
 * format that a newer build made: the files are sound.
 */
export function isTroubleWithEntry(error: unknown): boolean {
  if (error instanceof SqliteError) return (error.resultCode & 0xff) === SQLITE_NOMEM;
  return (
    error instanceof WebAssembly.RuntimeError ||
    error instanceof RangeError ||
    error instanceof FormatError
  );
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** More should not have to be applied again, nor be kept for that. */
export function isMuch(entries: readonly Entry[]): boolean {
  let bytes = 0;
  for (const entry of entries) if (entry.type === 'command') bytes += entry.data.length;
  return entries.length >= MAX_UNCOMMITTED_ENTRIES || bytes >= MAX_UNCOMMITTED_BYTES;
}

/** Null where the body makes no sense, to any node; throws where a newer build may read it. */
export function readRequest(body: Uint8Array): StateRequest | null {
  try {
    return decodeRequest(body);
  } catch (error) {
    if (error instanceof NewerFormatError || !(error instanceof FormatError)) throw error;
    return null;
  }
}

export function isStatements(
  request: StateRequest,
): request is ExecuteRequest | TransactionRequest {
  return 'statements' in request;
}

export function isStaging(request: StateRequest): request is StagingRequest {
  const { mode } = request;
  return mode === 'import-begin' || mode === 'import-chunk' || mode === 'import-discard';
}
