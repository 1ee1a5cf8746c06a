/**
 * A client of the key-value tests: one operation at a time, each until it is known what became of
 * it. Here a client lives in a tab, so it asks the server of its own tab, its home, and goes down
 * and comes back with it. The network of the course's clerks is that between the servers here.
 *
 * Keys: lists (even numbers) are appended to, registers (odd numbers) are put. Values are the numbers
 * of the operations.
 *
 * A write that failed without effect is made again. Where the effect is unknown the clerk finds out,
 * as an application would: by a strong read, which takes its turn behind all writes of the same tab;
 * or, where the tab died with its session, by a linearizable read: the crash scenarios stop all
 * servers at once, so no copy of the write is still under way, and a leader that confirms a read has
 * committed all that its log holds.
 */

import type { History } from '../../src/simulation/history.ts';
import type { Running, Server } from '../../src/simulation/server.ts';
import type { Cluster, Thread } from './cluster.ts';
import { MILLISECOND_US } from './labrpc.ts';

const LOOK_US = MILLISECOND_US / 2;
/** While the own tab is down. */
const PAUSE_US = 10 * MILLISECOND_US;

type Level = 'linearizable' | 'strong';

interface Outcome {
  /** The operation's number, and the value of a write. */
  readonly id: number;
  /** 'gone': the server crashed with the operation. */
  state: 'ok' | 'no' | 'unknown' | 'gone' | 'pending';
  readonly running: Running;
}

export class Clerk {
  readonly home: Server;
  readonly #history: History;
  /** Operations that ended well. */
  finished = 0;

  constructor(cluster: Cluster, home: number) {
    this.home = cluster.server(home);
    this.#history = cluster.world.history;
  }

  /** Returns the value that was appended to the list. */
  append(key: number): Thread<number> {
    return this.#write(() => ({ type: 'append', key }), key);
  }

  /** Returns the value that the register now has. */
  put(key: number): Thread<number> {
    return this.#write(() => ({ type: 'swap', key }), key);
  }

  *get(key: number): Thread<readonly number[]> {
    for (;;) {
      const read = yield* this.#read('linearizable', key);
      if (read !== null) return read;
    }
  }

  *#write(
    intent: () => { readonly type: 'append' | 'swap'; readonly key: number },
    key: number,
  ): Thread<number> {
    for (;;) {
      const outcome = yield* this.#end((running, done) => {
        running.client.write(intent(), null, done);
      });
      const { id, state } = outcome;
      const isDone = state === 'ok' || (state !== 'no' && (yield* this.#tookEffect(outcome, key)));
      if (!isDone) continue;
      this.finished += 1;
      return id;
    }
  }

  *#tookEffect({ id, running }: Outcome, key: number): Thread<boolean> {
    for (;;) {
      const level = this.home.running === running ? 'strong' : 'linearizable';
      const values = yield* this.#read(level, key);
      // The home crashed meanwhile: what a strong read of the new session shows is not behind it.
      const isSettled = level === 'linearizable' || this.home.running === running;
      if (values !== null && isSettled) return values.includes(id);
    }
  }

  *#read(level: Level, key: number): Thread<readonly number[] | null> {
    let values: readonly number[] = [];
    const outcome = yield* this.#end((running, done) => {
      running.client.read(level, key, null, (isOk) => {
        values = valuesOf(running, key);
        done(isOk);
      });
    });
    if (outcome.state !== 'ok') return null;
    this.finished += 1;
    return values;
  }

  /** Makes one operation in the own tab, once that runs, and waits for its end. */
  *#end(begin: (running: Running, done: (isOk: boolean) => void) => void): Thread<Outcome> {
    while (this.home.running === null) yield PAUSE_US;
    const { running } = this.home;
    const id = this.#history.operations.length + 1;
    const outcome: Outcome = { id, state: 'pending', running };
    running.loop.post('client', () => {
      begin(running, (isOk) => {
        const failure = this.#history.operations[id - 1]?.failure ?? null;
        outcome.state = isOk ? 'ok' : failure?.applied === 'no' ? 'no' : 'unknown';
      });
    });
    while (outcome.state === 'pending') {
      if (this.home.running !== running) outcome.state = 'gone';
      else yield LOOK_US;
    }
    return outcome;
  }
}

/** A list's values, or a register's one. */
function valuesOf({ machine }: Running, key: number): readonly number[] {
  return key % 2 === 0 ? [...machine.model.values(key)] : [machine.model.register(key)];
}
