/**
 * The one kind of error this room throws to its callers: a code of node/errors.ts that the worker
 * entry passes on, and a message that tells a person what happened and what to do about it.
 */

import type { ErrorCode } from '../node/errors.ts';

export type StorageErrorCode = Extract<
  ErrorCode,
  | 'StorageDenied'
  | 'StorageLost'
  | 'Corrupt'
  | 'NewerVersion'
  | 'Unsupported'
  | 'InvalidInvite'
  | 'Refused'
>;

export class StorageError extends Error {
  override readonly name: string = 'StorageError';
  readonly code: StorageErrorCode;

  constructor(code: StorageErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * What is stored was made by a newer version of this program. Nothing is wrong with it: it must be
 * left alone until the newer version is back.
 */
export class NewerVersionError extends StorageError {
  override readonly name = 'NewerVersionError';

  constructor(what: string) {
    super(
      'NewerVersion',
      `${what} was made by a newer version of ReSqlite. Reload the page to get it.`,
    );
  }
}

/**
 * A change failed while it was being stored: one of the copies may have it, and then it counts as soon
 * as somebody reads them.
 */
export class HalfStoredError extends StorageError {
  override readonly name = 'HalfStoredError';
}

/** What is stored is there and cannot be believed; it is not what a newer version has made. */
export function isCorrupt(error: unknown): error is StorageError {
  return error instanceof StorageError && error.code === 'Corrupt';
}

/** What an error of a browser's storage interface says, whatever was thrown. */
export function describeError(error: unknown): string {
  if (error instanceof Error) {
    return error.message === '' ? error.name : `${error.name}: ${error.message}`;
  }
  return error === null || error === undefined ? 'no reason given' : String(error);
}

/**
 * What failed while storage was being opened, as a `StorageError`: a browser that refuses, has no
 * room or hands its storage to somebody else. A `StorageError` passes through unchanged.
 */
export function asStorageError(error: unknown, doing: string): StorageError {
  if (error instanceof StorageError) return error;
  const name = error instanceof Error ? error.name : '';
  if (name === 'QuotaExceededError') {
    return new StorageError(
      'StorageDenied',
      `There is no room left for this site: ${doing} failed. Free some disk space and reload.`,
    );
  }
  if (name === 'SecurityError') {
    return new StorageError(
      'StorageDenied',
      `The browser denies storage to this site (a private window, or blocked site data): ` +
        `${doing} failed. Allow site data, or use an ordinary window.`,
    );
  }
  return new StorageError('StorageDenied', `Storage failed: ${doing} (${describeError(error)}).`);
}
