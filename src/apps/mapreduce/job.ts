/**
 * What a MapReduce job consists of, in the words of Dean and Ghemawat (OSDI 2004): a map function from
 * an input to pairs, and a reduce function from a key with all its values to one value. Both must be
 * pure: a task may run twice, on two members at once, and whichever result is committed first counts.
 */

export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

/** One input: a file's name and text. Each is one map task. */
export interface JobInput {
  readonly name: string;
  readonly contents: string;
}

export interface JobFunctions {
  readonly map: (name: string, contents: string) => Iterable<KeyValue>;
  /** `values` are in the order of the map tasks, and within one in the order of its pairs. */
  readonly reduce: (key: string, values: readonly string[]) => string;
}

/** Functions that somebody typed in: each the source of one JavaScript function of that shape. */
export interface TypedFunctions {
  readonly map: string;
  readonly reduce: string;
}

/** A job that is registered by its name in every member's code, or one whose functions were typed in. */
export type JobSource =
  | { readonly type: 'registered'; readonly name: string }
  | ({ readonly type: 'typed' } & TypedFunctions);

/** A key and all values that any map task gave it. */
export interface KeyValues {
  readonly key: string;
  readonly values: readonly string[];
}

/**
 * Runs a job's functions, wherever it may: in this thread, in a worker, in a frame without any rights.
 * One call is under way at a time. An error of the functions rejects with `TaskError`; after any
 * rejection the runner goes on to serve. An abort ends the call, be it stuck in a loop, where the place
 * allows that.
 */
export interface JobRunner {
  map(input: JobInput, signal: AbortSignal): Promise<readonly KeyValue[]>;
  /** Answers one value for each key, in their order. */
  reduce(groups: readonly KeyValues[], signal: AbortSignal): Promise<readonly string[]>;
  close(): void;
}

/** Opens the runner of a job, in the tab that works on it. Rejects with `TaskError` where it cannot. */
export type OpenRunner = (source: JobSource) => Promise<JobRunner>;

/** What a task failed with by its job's own doing, to be told to whoever wants the job's results. */
export class TaskError extends Error {
  override readonly name = 'TaskError';
}
