/** Faults of order between disk, network and state machine in the core and the runtime. */

import type { Mutant } from './mutant.ts';

export const DURABILITY_MUTANTS: readonly Mutant[] = [
  {
    name: 'reply-before-persist',
    breaks: 'What a message promises is not awaited (Figure 2)',
    file: 'src/raft/outbox.ts',
    find: '      this.#hold(this.#behindNextRecord, message);',
    replace: '      enqueue(this.#immediate, message);',
    suite: null,
  },
  {
    name: 'reply-beside-record-in-flight',
    breaks: 'A message goes while the record that holds its promise is being written (Figure 2)',
    file: 'src/raft/outbox.ts',
    find: '      this.#hold(this.#behindRecordInFlight, message);',
    replace: '      enqueue(this.#immediate, message);',
    suite: null,
  },
  {
    name: 'guard-written-after-reply',
    breaks: 'The runtime sends the answers first and writes what guards them afterwards',
    file: 'src/node/node.ts',
    find: '    for (const message of ready.messages) transport.send(message);',
    replace: `    const messages = [...ready.messages, ...ready.messagesAfterRecord];
    for (const message of messages) transport.send(message);`,
    suite: null,
  },
  {
    name: 'failed-write-taken-for-durable',
    breaks: 'An error of the log store does not stop the node (fail-stop)',
    file: 'src/node/node.ts',
    find: "        if (error !== null) this.stop('StorageLost', `the log could not be written: ${error}`);\n",
    replace: '',
    suite: null,
  },
  {
    name: 'failed-apply-skipped',
    breaks: "A node's own trouble with an entry is taken for a result, and the entry is skipped",
    file: 'src/node/machine.ts',
    find: `      if (outcome.type === 'failed') this.#options.onFailed(outcome.reason);
      this.#options.input(() => {
        this.#isBusy = false;
        if (outcome.type === 'stuck') this.#reopen(outcome.index, outcome.reason);
        if (outcome.type !== 'applied') return;
        const last = part.at(-1);
        if (last !== undefined) this.#options.raft.applied(last.index);`,
    replace: `      this.#options.input(() => {
        this.#isBusy = false;
        const last = part.at(-1);
        if (last !== undefined) this.#options.raft.applied(last.index);
        if (outcome.type !== 'applied') {
          this.#runWaiting();
          return;
        }`,
    suite: null,
  },
  {
    name: 'stamps-by-own-clock-alone',
    breaks: 'A new leader stamps entries with a time before that of earlier entries',
    file: 'src/node/proposals.ts',
    find: 'this.#lastStampMs = Math.max(this.#lastStampMs, this.#stampMs(nowMs));',
    replace: 'this.#lastStampMs = this.#stampMs(nowMs);',
    suite: null,
  },
];
