/** What the callers of a job are told when there are no results. */

export type MapReduceErrorCode =
  /** A task failed as often as it may; the message says which, and with what. */
  | 'Failed'
  /** Somebody cancelled it, in whatever tab. */
  | 'Cancelled'
  /** It is not over yet. */
  | 'Unfinished'
  /** There is no such job: it was deleted, or never was. */
  | 'Missing';

/** Besides it, calls reject with what the database rejects with, and with `RangeError` for bad options. */
export class MapReduceError extends Error {
  override readonly name = 'MapReduceError';
  readonly code: MapReduceErrorCode;
  readonly jobId: string;

  constructor(code: MapReduceErrorCode, jobId: string, message: string) {
    super(message);
    this.code = code;
    this.jobId = jobId;
  }
}
