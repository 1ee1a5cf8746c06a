/**
 * Judges a finished history key by key (locality) with the linearizability checker: all writes that
 * took effect, and all reads of level linearizable and strong. A write whose caller was told nothing
 * may take effect at any time after its invocation; what it answered is known from the log.
 */

import type { History, Operation } from '../history.ts';
import type { ListState } from '../model.ts';
import {
  LIST_MODEL,
  REGISTER_MODEL,
  type ListInput,
  type ListOutput,
  type RegisterInput,
} from './key-models.ts';
import { checkLinearizable, type Call } from './linearizability.ts';
import { Violation } from './violation.ts';

/** Lists have even keys, registers odd ones. */
export function isListKey(key: number): boolean {
  return key % 2 === 0;
}

export function checkHistory(history: History): void {
  const byKey = new Map<number, Operation[]>();
  for (const operation of history.operations) {
    if (!counts(history, operation)) continue;
    const key = operation.type === 'write' ? operation.write.key : operation.key;
    const operations = byKey.get(key);
    if (operations === undefined) byKey.set(key, [operation]);
    else operations.push(operation);
  }
  for (const [key, operations] of byKey) {
    const verdict = isListKey(key)
      ? checkLinearizable(
          LIST_MODEL,
          operations.map((operation) => listCall(history, operation)),
        )
      : checkLinearizable(
          REGISTER_MODEL,
          operations.map((operation) => registerCall(history, operation)),
        );
    if (verdict !== 'linearizable') {
      const what = `${operations.length} operations on key ${key} are ${verdict}`;
      throw new Violation('linearizability', '8, thesis 6.4', what);
    }
  }
}

/** Reads that showed something and promised to be fresh; writes that took effect. */
function counts(history: History, operation: Operation): boolean {
  if (operation.type === 'write') return history.responseOf(operation.id) !== null;
  const promised = operation.level === 'linearizable' || operation.level === 'strong';
  return promised && operation.value !== null;
}

/** A failed write may take effect after its failure was told. */
function times(operation: Operation): { invokedAt: number; answeredAt: number | null } {
  const { invokedAt, answeredAt, failure } = operation;
  return { invokedAt, answeredAt: failure === null ? answeredAt : null };
}

function listCall(history: History, operation: Operation): Call<ListInput, ListOutput> {
  if (operation.type === 'write') {
    const input = { type: 'append', value: operation.write.value } as const;
    return { ...times(operation), input, output: history.responseOf(operation.id) };
  }
  return { ...times(operation), input: { type: 'read' }, output: listOf(operation) };
}

function listOf(operation: Operation & { type: 'read' }): ListState | null {
  return operation.value?.type === 'list' ? operation.value.list : null;
}

function registerCall(history: History, operation: Operation): Call<RegisterInput, number> {
  if (operation.type === 'write') {
    const { write } = operation;
    if (write.type === 'append') throw new Error(`append to register ${write.key}`);
    return { ...times(operation), input: write, output: history.responseOf(operation.id) };
  }
  const value = operation.value?.type === 'register' ? operation.value.value : null;
  return { ...times(operation), input: { type: 'read' }, output: value };
}
