/**
 * A client of one server, in the same tab: it makes writes, one by one or many at once, without
 * waiting for their answers, and reads at every level, and records in the history what it asked and
 * what it was told. It lives as long as its server's process.
 *
 * What the checkers find while an answer is being recorded goes to `onViolation`, not through the
 * server that is in the middle of giving the answer.
 */

import { failure, type Failure } from '../node/errors.ts';
import type { Node } from '../node/node.ts';
import type { ReadIndexOutcome } from '../node/reads.ts';
import type { ReadLevel } from '../node/sql.ts';
import type { ExecuteOutcome } from '../node/writes.ts';
import type { LogIndex } from '../raft/types.ts';
import { isListKey } from './checkers/history-check.ts';
import { servedInQuarantine } from './checkers/quarantine.ts';
import type { EventLoop } from './event-loop.ts';
import type { EventQueue } from './event-queue.ts';
import type { History, Operation, ReadOperation, ReadValue, WriteIntent } from './history.ts';
import { MILLION, type Random } from './random.ts';
import type { Databases, SimulatedStateMachine } from './simulated-database.ts';
import type { Trace } from './trace.ts';

/** What clients do; rates are per million decisions. */
export interface Workload {
  /** That work side by side at each server, each at its own pace. */
  readonly clients: number;
  readonly pauseMinUs: number;
  readonly pauseMaxUs: number;
  readonly readsPerMillion: number;
  /** Of the writes: many at once. */
  readonly burstsPerMillion: number;
  readonly burstMax: number;
  /** Nothing new while more operations than these are unanswered. */
  readonly pendingMax: number;
  readonly keys: number;
}

/** The parts of a running server that its client touches. */
export interface ClientServer {
  readonly number: number;
  readonly node: Node;
  readonly machine: SimulatedStateMachine;
  readonly loop: EventLoop;
}

/** What a client shares with the world it is in. */
export interface ClientWorld {
  readonly queue: EventQueue;
  readonly history: History;
  readonly trace: Trace;
  readonly databases: Databases;
  readonly onViolation: (error: unknown) => void;
}

const LEVELS: readonly ReadLevel[] = ['none', 'weak', 'linearizable', 'linearizable', 'strong'];
const NO_BODY = new Uint8Array(0);

export class Client {
  /** The number of the server's start: one session, one order. */
  readonly client: number;
  readonly #server: ClientServer;
  readonly #world: ClientWorld;
  readonly #random: Random;
  #pending = 0;
  #workload: Workload | null = null;

  constructor(client: number, server: ClientServer, world: ClientWorld, random: Random) {
    this.client = client;
    this.#server = server;
    this.#world = world;
    this.#random = random;
  }

  /** Operations that wait for their answer. */
  get pending(): number {
    return this.#pending;
  }

  /** Goes on making operations until `rest`. */
  work(workload: Workload): void {
    const idle = this.#workload === null;
    this.#workload = workload;
    if (!idle) return;
    for (let i = 0; i < workload.clients; i += 1) this.#scheduleNext();
  }

  rest(): void {
    this.#workload = null;
  }

  /** Makes one write; `done` is told whether it was acknowledged. */
  write(intent: WriteIntent, timeoutMs: number | null, done: (ok: boolean) => void): void {
    const { history, databases } = this.#world;
    const { node, machine } = this.#server;
    const operation = history.invokeWrite(this.client, intent);
    this.#begin(operation, () => `write ${operation.id}: ${intent.type} ${intent.key}`);
    const answer = (outcome: ExecuteOutcome): void => {
      if (outcome.type === 'failed') this.#fail(operation, outcome.failure);
      else {
        const { index } = outcome;
        this.#end(operation, index, () => {
          if (machine.deviates) history.disbelieve(operation);
          else {
            const response = databases.decodeResponse(outcome.response);
            history.acknowledge(operation, index, response);
          }
        });
      }
      done(outcome.type === 'executed');
    };
    node.execute(machine.encodeWrite(operation.write), timeoutMs, answer);
  }

  /** Makes one read; `done` is told whether it showed anything. */
  read(level: ReadLevel, key: number, timeoutMs: number | null, done: (ok: boolean) => void): void {
    const operation = this.#world.history.invokeRead(this.client, level, key);
    this.#begin(operation, () => `read ${operation.id}: ${level} ${key}`);
    const { node, machine } = this.#server;
    const { quarantined } = machine;
    const showAt = (index: LogIndex): void => {
      machine.whenApplied(index, () => {
        this.#show(operation, quarantined && machine.quarantined);
        done(true);
      });
    };
    const answer = (outcome: ExecuteOutcome | ReadIndexOutcome): void => {
      if (outcome.type !== 'failed') {
        showAt(outcome.index);
        return;
      }
      this.#fail(operation, outcome.failure);
      done(false);
    };
    if (level === 'none' && machine.quarantined) {
      // The database's own reader refuses, whatever the node knows.
      answer({ type: 'failed', failure: failure('Quarantined', 'no', 'quarantined') });
    } else if (level === 'none') showAt(0 as LogIndex);
    else if (level === 'strong') node.execute(NO_BODY, timeoutMs, answer);
    else node.readIndex(level, timeoutMs, answer);
  }

  /** Makes `count` writes at once. */
  burst(count: number, keys: number): void {
    for (let i = 0; i < count; i += 1) this.write(this.#intent(keys), null, () => {});
  }

  #scheduleNext(): void {
    const workload = this.#workload;
    const { loop } = this.#server;
    if (workload === null || loop.ended) return;
    const pauseUs = this.#random.between(workload.pauseMinUs, workload.pauseMaxUs);
    this.#world.queue.schedule(pauseUs, () => {
      loop.post('client', () => this.#act());
      this.#scheduleNext();
    });
  }

  #act(): void {
    const workload = this.#workload;
    if (workload === null || this.#pending >= workload.pendingMax) return;
    const random = this.#random;
    if (random.chance(workload.readsPerMillion)) {
      const key = random.below(workload.keys);
      this.read(random.pick(LEVELS), key, this.#timeoutMs(), () => {});
    } else if (random.chance(workload.burstsPerMillion)) {
      this.burst(random.between(2, workload.burstMax), workload.keys);
    } else {
      this.write(this.#intent(workload.keys), this.#timeoutMs(), () => {});
    }
  }

  #timeoutMs(): number | null {
    return this.#random.chance(MILLION / 4) ? this.#random.between(100, 8_000) : null;
  }

  #intent(keys: number): WriteIntent {
    const key = this.#random.below(keys);
    if (isListKey(key)) return { type: 'append', key };
    if (this.#random.chance(MILLION / 2)) return { type: 'swap', key };
    // Mostly what is there, so that it mostly fits.
    const expected = this.#server.machine.model.register(key);
    return { type: 'compare-and-set', key, expected };
  }

  /** `isForbidden`: the server has been in quarantine since before it was asked. */
  #show(operation: ReadOperation, isForbidden: boolean): void {
    const { appliedIndex, deviates, model } = this.#server.machine;
    const { key } = operation;
    const value: ReadValue = isListKey(key)
      ? { type: 'list', list: model.list(key) }
      : { type: 'register', value: model.register(key) };
    this.#end(operation, appliedIndex, () => {
      if (isForbidden) throw servedInQuarantine(operation.id);
      if (deviates) this.#world.history.disbelieve(operation);
      else this.#world.history.showRead(operation, appliedIndex, value);
    });
  }

  #fail(operation: Operation, failure: Failure): void {
    this.#end(operation, -1, () => this.#world.history.fail(operation, failure));
  }

  #begin(operation: Operation, describe: () => string): void {
    const { queue, trace } = this.#world;
    this.#pending += 1;
    trace.record(queue.nowUs, 'invoke', this.#server.number, [operation.id], describe);
  }

  /** `index`: what the answer is about, -1 where it failed. */
  #end(operation: Operation, index: number, judge: () => void): void {
    const { queue, trace, onViolation } = this.#world;
    this.#pending -= 1;
    try {
      judge();
    } catch (error) {
      onViolation(error);
    }
    const { id, failure } = operation;
    trace.record(queue.nowUs, 'complete', this.#server.number, [id, index], () =>
      failure === null ? `${id} at ${index}` : `${id} ${failure.code}, applied ${failure.applied}`,
    );
  }
}
