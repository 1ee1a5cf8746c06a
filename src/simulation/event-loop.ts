/**
 * One run of a server's process, from its start to its crash: everything that calls into the server
 * (messages, timers, finished writes, finished applies, its own clients) is a task posted here, as
 * it would be in a worker. A paused loop keeps its tasks and runs them all when it is resumed, which
 * is what a frozen or throttled tab does; an ended one drops them.
 *
 * Tasks of one source keep their order; between sources a browser promises none, so after a pause
 * they are mixed at random: a caller's read may come before the message that deposes the leader.
 *
 * It must not be bypassed: a callback that reaches a crashed server would be an event that no real
 * machine can have.
 */

import type { EventQueue } from './event-queue.ts';
import type { Random } from './random.ts';

export type TaskSource = 'network' | 'timer' | 'storage' | 'client';

type Task = () => void;

/** The most that one task of a backlog takes. */
const TASK_MAX_US = 100;

export class EventLoop {
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #afterTask: () => void;
  /** What waits, by source; no entry is empty. */
  readonly #backlog = new Map<TaskSource, Task[]>();
  #paused = false;
  #ended = false;

  /** `afterTask` runs after every task: here the checkers look at the server. */
  constructor(queue: EventQueue, random: Random, afterTask: () => void) {
    this.#queue = queue;
    this.#random = random;
    this.#afterTask = afterTask;
  }

  get ended(): boolean {
    return this.#ended;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Runs the task now, or behind what waits. */
  post(source: TaskSource, task: Task): void {
    if (this.#ended) return;
    if (!this.#paused && this.#backlog.size === 0) {
      this.#run(task);
      return;
    }
    const tasks = this.#backlog.get(source);
    if (tasks === undefined) this.#backlog.set(source, [task]);
    else tasks.push(task);
  }

  pause(): void {
    this.#paused = true;
  }

  /** Begins to run what came meanwhile, one task after the other. */
  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#runBacklog();
  }

  /** The process is gone. */
  end(): void {
    this.#ended = true;
    this.#backlog.clear();
  }

  #runBacklog(): void {
    if (this.#paused || this.#backlog.size === 0) return;
    const source = this.#random.pick([...this.#backlog.keys()]);
    const tasks = this.#backlog.get(source) ?? [];
    const task = tasks.shift();
    // What the task posts comes behind what waits, itself included.
    if (task !== undefined) this.#run(task);
    if (tasks.length === 0) this.#backlog.delete(source);
    this.#queue.schedule(this.#random.between(1, TASK_MAX_US), () => this.#runBacklog());
  }

  #run(task: Task): void {
    task();
    this.#afterTask();
  }
}
