/**
 * Calls between the page and its workers over any message port: typed by an interface of async
 * methods, many at once, failures crossing as data (`Failure`), events pushed the other way, and an
 * end of the port that rejects whatever is pending. Arguments and results are structured clones;
 * `transfer` moves ports and buffers of a call, `Moved` those of its answer. What one end says in one
 * turn travels as one message (post-queue.ts).
 *
 * An abort crosses too. A busy worker finds the call and its abort one behind the other in its queue,
 * so a call that can be aborted begins one turn of the event loop later: what was in the queue by then
 * is seen first, and a call aborted before it began is never begun. One that has begun is told by its
 * signal, and is answered however it ends.
 */

import { failure, type Failure } from '../node/errors.ts';
import { MAX_PENDING_CALLS } from '../node/limits.ts';
import { PostQueue } from './post-queue.ts';

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

/** The same, each told at the end of its arguments when its caller gives it up. */
type ServedMethods<Api> = {
  [Name in keyof Methods<Api>]: (
    ...args: [...Parameters<Methods<Api>[Name]>, signal: AbortSignal]
  ) => Promise<Answer<Awaited<ReturnType<Methods<Api>[Name]>>>>;
};

type Answer<Result> = Result | Moved<Result>;

type RpcMessage =
  | {
      readonly rpc: 'call';
      readonly id: number;
      readonly method: string;
      readonly args: unknown[];
      /** An 'abort' may follow. */
      readonly abortable: boolean;
    }
  | { readonly rpc: 'abort'; readonly id: number }
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

/** An answer some buffers of which move to the caller: nobody may use them here any more. */
export class Moved<Result> {
  readonly result: Result;
  readonly transfer: Transferable[];

  constructor(result: Result, transfer: Transferable[]) {
    this.result = result;
    this.transfer = transfer;
  }
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: RpcFailure) => void;
  /** Stops waiting for the caller's signal. */
  readonly unlisten: () => void;
}

const NOTHING = (): void => undefined;
const NEVER = new AbortController().signal;

/** The calling end. */
export class RpcClient<Api, Event> {
  readonly #posts: PostQueue<RpcMessage>;
  readonly #pendingById = new Map<number, Pending>();
  readonly #onEvent: (event: Event) => void;
  #nextId = 1;
  #ended: Failure | null = null;

  constructor(port: RpcPort, onEvent: (event: Event) => void) {
    this.#posts = new PostQueue(port);
    this.#onEvent = onEvent;
    port.addEventListener('message', this.#receive);
    port.start?.();
  }

  /** Rejects with `RpcFailure`; when the signal fires, not before the other end has answered. */
  call<Name extends keyof Api & string>(
    method: Name,
    args: Parameters<Methods<Api>[Name]>,
    transfer: Transferable[] = [],
    signal: AbortSignal | null = null,
  ): Promise<Awaited<ReturnType<Methods<Api>[Name]>>> {
    if (this.#ended !== null) return Promise.reject(new RpcFailure(this.#ended));
    if (signal?.aborted === true) return Promise.reject(notBegun());
    if (this.#pendingById.size >= MAX_PENDING_CALLS) {
      return Promise.reject(
        new RpcFailure(failure('Overloaded', 'no', 'too many calls are waiting')),
      );
    }
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((resolve, reject) => {
      const unlisten = signal === null ? NOTHING : this.#abortOn(signal, id);
      this.#pendingById.set(id, { resolve: resolve as (value: unknown) => void, reject, unlisten });
      const message: RpcMessage = { rpc: 'call', id, method, args, abortable: signal !== null };
      const onUnsendable = (error: unknown): void => {
        this.#pendingById.delete(id);
        unlisten();
        const why = error instanceof Error ? error.message : String(error);
        reject(new RpcFailure(failure('InvalidArgument', 'no', why)));
      };
      this.#send(message, transfer, onUnsendable);
    });
  }

  #send(
    message: RpcMessage,
    transfer: Transferable[],
    onUnsendable: (error: unknown) => void,
  ): void {
    if (transfer.length === 0) {
      this.#posts.add(message, onUnsendable);
      return;
    }
    try {
      this.#posts.transfer(message, transfer);
    } catch (error) {
      onUnsendable(error);
    }
  }

  /** Rejects everything pending, and every later call, with `reason`. Events go on. */
  end(reason: Failure): void {
    if (this.#ended !== null) return;
    this.#ended = reason;
    for (const pending of this.#pendingById.values()) {
      pending.unlisten();
      pending.reject(new RpcFailure(reason));
    }
    this.#pendingById.clear();
  }

  #abortOn(signal: AbortSignal, id: number): () => void {
    const abort = (): void => {
      this.#posts.add({ rpc: 'abort', id }, NOTHING);
    };
    signal.addEventListener('abort', abort, { once: true });
    return () => signal.removeEventListener('abort', abort);
  }

  readonly #receive = (event: MessageEvent): void => {
    for (const message of event.data as RpcMessage[]) this.#take(message);
  };

  #take(message: RpcMessage): void {
    if (message.rpc === 'event') {
      this.#onEvent(message.event as Event);
      return;
    }
    if (message.rpc !== 'result' && message.rpc !== 'failure') return;
    const pending = this.#pendingById.get(message.id);
    if (pending === undefined) return;
    this.#pendingById.delete(message.id);
    pending.unlisten();
    if (message.rpc === 'result') pending.resolve(message.value);
    else pending.reject(new RpcFailure(message.failure));
  }
}

/** The answering end: each method answers by its promise; whatever else is thrown is 'Internal'. */
export class RpcServer<Api, Event> {
  readonly #posts: PostQueue<RpcMessage>;
  readonly #methods: ServedMethods<Api>;
  /** Calls that can be aborted, begun or not. */
  readonly #abortableById = new Map<number, AbortController>();
  /** A turn of the event loop without a timer's delay. */
  readonly #nextTurn = new MessageChannel();
  readonly #waiting: (() => void)[] = [];

  constructor(port: RpcPort, methods: ServedMethods<Api>) {
    this.#posts = new PostQueue(port);
    this.#methods = methods;
    this.#nextTurn.port2.addEventListener('message', () => this.#waiting.shift()?.());
    this.#nextTurn.port2.start();
    port.addEventListener('message', this.#receive);
    port.start?.();
  }

  /** Leaves at once: what this thread does next may never end. */
  push(event: Event): void {
    this.#posts.add({ rpc: 'event', event }, broken);
    this.#posts.flush();
  }

  readonly #receive = (event: MessageEvent): void => {
    for (const message of event.data as RpcMessage[]) this.#take(message);
  };

  #take(message: RpcMessage): void {
    if (message.rpc === 'abort') this.#abortableById.get(message.id)?.abort();
    if (message.rpc !== 'call') return;
    const { id, method, args } = message;
    if (!message.abortable) {
      void this.#answer(id, method, [...args, NEVER]);
      return;
    }
    const controller = new AbortController();
    this.#abortableById.set(id, controller);
    this.#waiting.push(() => void this.#answerUnlessAborted(id, method, args, controller.signal));
    this.#nextTurn.port1.postMessage(null);
  }

  async #answerUnlessAborted(
    id: number,
    method: string,
    args: unknown[],
    signal: AbortSignal,
  ): Promise<void> {
    if (signal.aborted) this.#reply({ rpc: 'failure', id, failure: notBegun().failure });
    else await this.#answer(id, method, [...args, signal]);
    this.#abortableById.delete(id);
  }

  async #answer(id: number, method: string, args: unknown[]): Promise<void> {
    try {
      const methods = this.#methods as object as Record<
        string,
        (...args: unknown[]) => Promise<unknown>
      >;
      const run = Object.hasOwn(methods, method) ? methods[method] : undefined;
      if (run === undefined) throw new Error(`no such method: ${method}`);
      const answer = await run(...args);
      if (answer instanceof Moved) {
        this.#posts.transfer({ rpc: 'result', id, value: answer.result }, answer.transfer);
      } else {
        this.#reply({ rpc: 'result', id, value: answer });
      }
    } catch (error) {
      this.#reply({ rpc: 'failure', id, failure: toFailure(error) });
    }
  }

  /** An answer that cannot be cloned, or for which there is no memory, is a failure. */
  #reply(reply: RpcMessage & { readonly id: number }): void {
    this.#posts.add(reply, (error) => {
      this.#posts.add({ rpc: 'failure', id: reply.id, failure: toFailure(error) }, broken);
    });
  }
}

/** Events and failures are plain data: one that cannot be cloned is a defect, and ends its thread. */
function broken(error: unknown): void {
  throw error;
}

function notBegun(): RpcFailure {
  return new RpcFailure(failure('Aborted', 'no', 'the caller aborted the request'));
}

function toFailure(error: unknown): Failure {
  if (error instanceof RpcFailure) return error.failure;
  const message = error instanceof Error ? error.message : String(error);
  return failure('Internal', 'unknown', message);
}
