/**
 * One run of a server's process, from its start to its crash: everything that calls into the server
 * (messages, timers, finished writes, finished applies, its own clients) is a task posted here, as
 * it would be in a worker. A paused loop keeps its tasks and runs them all when it is resumed, which
 * is what a frozen or throttled tab does; an ended one drops them.
 *
 * It must not be bypassed: a callback that reaches a crashed server would be an event that no real
 * machine can have.
 */

export class EventLoop {
  readonly #afterTask: () => void;
  #backlog: (() => void)[] | null = null;
  #ended = false;

  /** `afterTask` runs after every task: here the checkers look at the server. */
  constructor(afterTask: () => void) {
    this.#afterTask = afterTask;
  }

  get ended(): boolean {
    return this.#ended;
  }

  get paused(): boolean {
    return this.#backlog !== null;
  }

  post(task: () => void): void {
    if (this.#ended) return;
    if (this.#backlog !== null) {
      this.#backlog.push(task);
      return;
    }
    task();
    this.#afterTask();
  }

  pause(): void {
    this.#backlog ??= [];
  }

  /** Runs what came meanwhile, in order. */
  resume(): void {
    const backlog = this.#backlog ?? [];
    this.#backlog = null;
    for (const task of backlog) this.post(task);
  }

  /** The process is gone. */
  end(): void {
    this.#ended = true;
    this.#backlog = null;
  }
}
