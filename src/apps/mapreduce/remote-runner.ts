/**
 * Runs a job's functions in another place (runner-protocol.ts), which is made when it is first needed and
 * ended by force where a call does not come back: on an abort, at the time limit, and after any failure,
 * so that the next call finds a place that nothing has touched. One call is under way at a time.
 *
 * What the functions do wrong is a `TaskError`. That no place can be had, or that it broke, is not their
 * fault and any other error: the task is for another worker, or for later.
 */

import { TaskError, type JobInput, type JobRunner, type KeyValue, type KeyValues } from './job.ts';
import { packTexts } from './packed-texts.ts';
import { PAIRS_MAX, readAnswer, type RunnerCall } from './runner-protocol.ts';

/** What of a `Worker` or a `MessagePort` is needed here. */
export interface Place {
  post(call: RunnerCall): void;
  /** Takes the place of the last listener. */
  listen(listener: (answer: unknown) => void, onBroken: (error: Error) => void): void;
  /** Ends whatever runs there. */
  end(): void;
}

interface RemoteRunnerPorts {
  /** Rejects with `TaskError` only where the job itself is at fault. */
  readonly start: () => Promise<Place>;
  /** For a call, in milliseconds; null: none. Asked each time. */
  readonly timeLimitMs: () => number | null;
}

type Call = RunnerCall extends infer One ? (One extends unknown ? Omit<One, 'id'> : never) : never;

export class RemoteRunner implements JobRunner {
  readonly #ports: RemoteRunnerPorts;
  #place: Place | null = null;
  #calls = 0;
  #isClosed = false;

  constructor(ports: RemoteRunnerPorts) {
    this.#ports = ports;
  }

  async map({ name, contents }: JobInput, signal: AbortSignal): Promise<KeyValue[]> {
    const texts = await this.#call({ type: 'map', name, contents }, 2 * PAIRS_MAX, signal);
    if (texts.length % 2 !== 0) this.#fail('map: a key came without a value');
    return Array.from({ length: texts.length / 2 }, (_, at) => ({
      key: texts[2 * at] ?? '',
      value: texts[2 * at + 1] ?? '',
    }));
  }

  async reduce(groups: readonly KeyValues[], signal: AbortSignal): Promise<string[]> {
    const sizes = Uint32Array.from(groups, ({ values }) => values.length);
    const texts = packTexts(groups.flatMap(({ key, values }) => [key, ...values]));
    const values = await this.#call({ type: 'reduce', texts, sizes }, groups.length, signal);
    if (values.length !== groups.length) {
      this.#fail(`reduce: ${values.length} values came for ${groups.length} keys`);
    }
    return values;
  }

  close(): void {
    this.#isClosed = true;
    this.#end();
  }

  async #call(call: Call, countMax: number, signal: AbortSignal): Promise<string[]> {
    signal.throwIfAborted();
    try {
      this.#place ??= await this.#ports.start();
      if (this.#isClosed) throw new Error('the runner is closed');
      signal.throwIfAborted();
      this.#calls += 1;
      return await this.#answerOf(this.#place, { ...call, id: this.#calls }, countMax, signal);
    } catch (error) {
      this.#end();
      throw error;
    }
  }

  #answerOf(
    place: Place,
    call: RunnerCall,
    countMax: number,
    signal: AbortSignal,
  ): Promise<string[]> {
    const limitMs = this.#ports.timeLimitMs();
    const ended = new AbortController();
    const answered = new Promise<string[]>((resolve, reject) => {
      place.listen((message) => {
        const answer = readAnswer(message, call.id, countMax);
        if (answer?.type === 'done') resolve(answer.texts);
        if (answer?.type === 'failed') reject(new TaskError(answer.message));
      }, reject);
      const options = { signal: ended.signal };
      signal.addEventListener('abort', () => reject(signal.reason as Error), options);
      if (limitMs !== null) {
        const timer = setTimeout(() => reject(timeLimitError(call.type, limitMs)), limitMs);
        ended.signal.addEventListener('abort', () => clearTimeout(timer));
      }
      place.post(call);
    });
    return answered.finally(() => ended.abort());
  }

  #fail(message: string): never {
    this.#end();
    throw new TaskError(message);
  }

  #end(): void {
    this.#place?.end();
    this.#place = null;
  }
}

function timeLimitError(type: string, limitMs: number): TaskError {
  return new TaskError(`${type}: ended after ${limitMs / 1_000} s, the time limit of a task`);
}
