/**
 * Everything that clients asked of a simulated cluster, and what they were told: the one record from
 * which the checkers of exactly-once, freshness and linearizability judge. Knows nothing of servers.
 *
 * Moments are integers that order all invocations and answers of a run; two never share one, unlike
 * times.
 */

import { failure, type Failure } from '../node/errors.ts';
import type { ReadLevel } from '../node/sql.ts';
import type { LogIndex } from '../raft/types.ts';
import { ExactlyOnce } from './checkers/exactly-once.ts';
import { ReadFreshness } from './checkers/read-freshness.ts';
import { Violation } from './checkers/violation.ts';
import { decodeResponse, Model, type ListState, type ModelWrite } from './model.ts';

/** What a read of one key showed. */
export type ReadValue =
  | { readonly type: 'list'; readonly list: ListState }
  | { readonly type: 'register'; readonly value: number };

interface OperationHeader {
  /** Counted from 1 in the order of invocation; also the value that a write writes. */
  readonly id: number;
  /** One start of one server. */
  readonly client: number;
  readonly invokedAt: number;
  /** Null while pending, and for ever where the client's server crashed. */
  answeredAt: number | null;
  failure: Failure | null;
}

export interface WriteOperation extends OperationHeader {
  readonly type: 'write';
  readonly write: ModelWrite;
  /** The answer; null where none came. */
  response: number | null;
}

export interface ReadOperation extends OperationHeader {
  readonly type: 'read';
  readonly level: ReadLevel;
  readonly key: number;
  /** What it has to show at least (see the freshness checker). */
  readonly floor: number;
  value: ReadValue | null;
}

export type Operation = WriteOperation | ReadOperation;

/** Writes and reads that ended well, and those that did not. */
export interface HistoryCounters {
  acknowledgedWrites: number;
  failedWrites: number;
  unknownWrites: number;
  linearizableReads: number;
  otherReads: number;
  failedReads: number;
  /** Answers of servers whose database a fault had changed: nobody is to believe them. */
  disbelieved: number;
}

/** A write of which only the key and the kind are chosen: its value is its number. */
export type WriteIntent =
  | { readonly type: 'append'; readonly key: number }
  | { readonly type: 'swap'; readonly key: number }
  | { readonly type: 'compare-and-set'; readonly key: number; readonly expected: number };

export class History {
  readonly exactlyOnce: ExactlyOnce;
  /** All of them, unless answered ones are forgotten. */
  readonly operations: Operation[] = [];
  /** What the writes that took effect make together, in their order. */
  readonly reference = new Model();
  readonly counters: HistoryCounters = {
    acknowledgedWrites: 0,
    failedWrites: 0,
    unknownWrites: 0,
    linearizableReads: 0,
    otherReads: 0,
    failedReads: 0,
    disbelieved: 0,
  };
  readonly #freshness = new ReadFreshness();
  /** The answers of writes that took effect, known from the log also where the caller got none. */
  readonly #responses = new Map<number, number>();
  readonly #forgetsAnswered: boolean;
  #moment = 0;
  #invoked = 0;

  /**
   * `forgetsAnswered`: for runs so long that their operations would fill memory. Linearizability is
   * then judged by freshness and by the reference alone.
   */
  constructor(forgetsAnswered = false) {
    this.#forgetsAnswered = forgetsAnswered;
    this.exactlyOnce = new ExactlyOnce(forgetsAnswered);
  }

  /** Operations invoked so far. */
  get invoked(): number {
    return this.#invoked;
  }

  invokeWrite(client: number, intent: WriteIntent): WriteOperation {
    const header = this.#header(client);
    const operation: WriteOperation = {
      type: 'write',
      ...header,
      write: { ...intent, value: header.id },
      response: null,
    };
    if (!this.#forgetsAnswered) this.operations.push(operation);
    this.exactlyOnce.onInvoked(operation.id, client);
    return operation;
  }

  invokeRead(client: number, level: ReadLevel, key: number): ReadOperation {
    const floor = this.#freshness.floor(level, client);
    const operation: ReadOperation = {
      type: 'read',
      ...this.#header(client),
      level,
      key,
      floor,
      value: null,
    };
    if (!this.#forgetsAnswered) this.operations.push(operation);
    return operation;
  }

  /** The entry at `index` gave the write its effect, and `response` is its answer. */
  onEffect(write: ModelWrite, index: LogIndex, response: number): void {
    const id = write.value;
    this.exactlyOnce.onEffect(id, index);
    const expected = decodeResponse(this.reference.write(write));
    if (response !== expected) {
      throw new Violation('answers', '2', `write ${id} answers ${response}, not ${expected}`);
    }
    this.#responses.set(id, response);
  }

  acknowledge(operation: WriteOperation, index: LogIndex, response: number): void {
    this.#answer(operation);
    operation.response = response;
    this.counters.acknowledgedWrites += 1;
    this.exactlyOnce.onAcknowledged(operation.id, index);
    if (this.#responses.get(operation.id) !== response) {
      throw new Violation('answers', 'thesis 6.3', `write ${operation.id} answered ${response}`);
    }
    if (this.#forgetsAnswered) this.#responses.delete(operation.id);
    this.#freshness.onAcknowledged(operation.client, index);
  }

  /** The answer came from a database that a fault had changed. */
  disbelieve(operation: Operation): void {
    this.#answer(operation);
    this.counters.disbelieved += 1;
    operation.failure = failure('Internal', 'unknown', 'answered from a changed database');
  }

  showRead(operation: ReadOperation, appliedIndex: LogIndex, value: ReadValue): void {
    this.#answer(operation);
    operation.value = value;
    if (operation.level === 'linearizable' || operation.level === 'strong') {
      this.counters.linearizableReads += 1;
    } else {
      this.counters.otherReads += 1;
    }
    this.#freshness.onRead(operation, operation.floor, appliedIndex);
  }

  fail(operation: Operation, failure: Failure): void {
    this.#answer(operation);
    operation.failure = failure;
    if (operation.type === 'read') {
      this.counters.failedReads += 1;
      return;
    }
    this.counters.failedWrites += 1;
    if (failure.applied === 'unknown') this.counters.unknownWrites += 1;
    this.exactlyOnce.onFailed(operation.id, failure.applied);
  }

  /** What a write that took effect answers, whether or not its caller was told. */
  responseOf(id: number): number | null {
    return this.#responses.get(id) ?? null;
  }

  #header(client: number): OperationHeader {
    this.#invoked += 1;
    const id = this.#invoked;
    return { id, client, invokedAt: this.#nextMoment(), answeredAt: null, failure: null };
  }

  #answer(operation: Operation): void {
    if (operation.answeredAt !== null) {
      throw new Violation('answers', 'thesis 6.3', `operation ${operation.id} answered twice`);
    }
    operation.answeredAt = this.#nextMoment();
  }

  #nextMoment(): number {
    this.#moment += 1;
    return this.#moment;
  }
}
