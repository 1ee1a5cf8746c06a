/**
 * Calls between the page and its workers over any message port: typed by an interface of async
 * methods, many at once, failures crossing as data (`Failure`), events pushed the other way, and an
 * end of the port that rejects whatever is pending. Arguments and results are structured clones;
 * `transfer` moves ports and buffers.
 */

import { failure, type Failure } from '../node/errors.ts';
import { MAX_PENDING_CALLS } from '../node/limits.ts';

/** What both ends need of a Worker, a worker's global scope or a MessagePort. */
export interface RpcPort {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
  removeEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
  start?(): void;
}

type Methods<Api> = {
  [Name in keyof Api]: Api[Name] extends (...args: infer Args) => Promise<infer Result>
    ? (...args: Args) => Promise<Result>
    : never;
};

type RpcMessage =
  | { readonly rpc: 'call'; readonly id: number; readonly method: string; readonly args: unknown[] }
  | { readonly rpc: 'result'; readonly id: number; readonly value: unknown }
  | { readonly rpc: 'failure'; readonly id: number; readonly failure: Failure }
  | { readonly rpc: 'event'; readonly event: unknown };

/** A failure on its way through `throw` and `Promise.reject`, on either side. */
export class RpcFailure extends Error {
  override readonly name = 'RpcFailure';
  readonly failure: Failure;

  constructor(cause: Failure) {
    super(cause.message);
    this.failure = cause;
  }
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: RpcFailure) => void;
}

/** The calling end. */
export class RpcClient<Api, Event> {
  readonly #port: RpcPort;
  readonly #pendingById = new Map<number, Pending>();
  readonly #onEvent: (event: Event) => void;
  #nextId = 1;
  #ended: Failure | null = null;

  constructor(port: RpcPort, onEvent: (event: Event) => void) {
    this.#port = port;
    this.#onEvent = onEvent;
    port.addEventListener('message', this.#receive);
    port.start?.();
  }

  /** Rejects with `RpcFailure`. */
  call<Name extends keyof Api & string>(
    method: Name,
    args: Parameters<Methods<Api>[Name]>,
    transfer: Transferable[] = [],
  ): Promise<Awaited<ReturnType<Methods<Api>[Name]>>> {
    if (this.#ended !== null) return Promise.reject(new RpcFailure(this.#ended));
    if (this.#pendingById.size >= MAX_PENDING_CALLS) {
      return Promise.reject(
        new RpcFailure(failure('Overloaded', 'no', 'too many calls are waiting')),
      );
    }
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((resolve, reject) => {
      this.#pendingById.set(id, { resolve: resolve as (value: unknown) => void, reject });
      const message: RpcMessage = { rpc: 'call', id, method, args };
      try {
        this.#port.postMessage(message, transfer);
      } catch (error) {
        this.#pendingById.delete(id);
        const why = error instanceof Error ? error.message : String(error);
        reject(new RpcFailure(failure('InvalidArgument', 'no', why)));
      }
    });
  }

  /** Rejects everything pending, and every later call, with `reason`. */
  end(reason: Failure): void {
    if (this.#ended !== null) return;
    this.#ended = reason;
    this.#port.removeEventListener('message', this.#receive);
    for (const pending of this.#pendingById.values()) pending.reject(new RpcFailure(reason));
    this.#pendingById.clear();
  }

  readonly #receive = (event: MessageEvent): void => {
    const message = event.data as RpcMessage;
    if (message.rpc === 'event') {
      this.#onEvent(message.event as Event);
      return;
    }
    if (message.rpc !== 'result' && message.rpc !== 'failure') return;
    const pending = this.#pendingById.get(message.id);
    if (pending === undefined) return;
    this.#pendingById.delete(message.id);
    if (message.rpc === 'result') pending.resolve(message.value);
    else pending.reject(new RpcFailure(message.failure));
  };
}

/** The answering end: each method answers by its promise; whatever else is thrown is 'Internal'. */
export class RpcServer<Api, Event> {
  readonly #port: RpcPort;
  readonly #methods: Methods<Api>;

  constructor(port: RpcPort, methods: Methods<Api>) {
    this.#port = port;
    this.#methods = methods;
    port.addEventListener('message', this.#receive);
    port.start?.();
  }

  push(event: Event): void {
    const message: RpcMessage = { rpc: 'event', event };
    this.#port.postMessage(message, []);
  }

  readonly #receive = (event: MessageEvent): void => {
    const message = event.data as RpcMessage;
    if (message.rpc !== 'call') return;
    void this.#answer(message.id, message.method, message.args);
  };

  async #answer(id: number, method: string, args: unknown[]): Promise<void> {
    let reply: RpcMessage;
    try {
      const methods = this.#methods as Record<string, (...args: unknown[]) => Promise<unknown>>;
      const run = Object.hasOwn(methods, method) ? methods[method] : undefined;
      if (run === undefined) throw new Error(`no such method: ${method}`);
      reply = { rpc: 'result', id, value: await run(...args) };
    } catch (error) {
      reply = { rpc: 'failure', id, failure: toFailure(error) };
    }
    this.#port.postMessage(reply, []);
  }
}

function toFailure(error: unknown): Failure {
  if (error instanceof RpcFailure) return error.failure;
  const message = error instanceof Error ? error.message : String(error);
  return failure('Internal', 'unknown', message);
}
