import { describe, expect, test } from 'vitest';
import { failure } from '../../src/node/errors.ts';
import type { LogIndex } from '../../src/raft/types.ts';
import { checkHistory } from '../../src/simulation/checkers/history-check.ts';
import { History } from '../../src/simulation/history.ts';
import { appended, EMPTY_LIST } from '../../src/simulation/model.ts';

const at = (index: number) => index as LogIndex;

/** A history of one acknowledged append of its own number, with the entry at 5. */
function historyOfOne(): History {
  const history = new History();
  const write = history.invokeWrite(1, { type: 'append', key: 0 });
  history.onEffect(write.write, at(5), 1);
  history.acknowledge(write, at(5), 1);
  return history;
}

describe('a history', () => {
  test('of writes and reads that fit', () => {
    const history = historyOfOne();
    const read = history.invokeRead(2, 'linearizable', 0);
    history.showRead(read, at(5), { type: 'list', list: appended(EMPTY_LIST, 1) });
    checkHistory(history);
    expect(history.counters).toMatchObject({ acknowledgedWrites: 1, linearizableReads: 1 });
  });

  test('a stale linearizable read is found at once by its index', () => {
    const history = historyOfOne();
    const read = history.invokeRead(2, 'linearizable', 0);
    const stale = { type: 'list', list: EMPTY_LIST } as const;
    expect(() => history.showRead(read, at(4), stale)).toThrow('read freshness');
  });

  test('a stale value under a fresh index is found by the linearizability checker', () => {
    const history = historyOfOne();
    const read = history.invokeRead(2, 'linearizable', 0);
    history.showRead(read, at(5), { type: 'list', list: EMPTY_LIST });
    expect(() => checkHistory(history)).toThrow('linearizability');
  });

  test('reads that promise less are not judged by their values', () => {
    const history = historyOfOne();
    const read = history.invokeRead(2, 'none', 0);
    history.showRead(read, at(4), { type: 'list', list: EMPTY_LIST });
    checkHistory(history);
  });

  test('a write that failed as unknown may have taken effect, also later', () => {
    const history = new History();
    const write = history.invokeWrite(1, { type: 'append', key: 0 });
    history.fail(write, failure('Timeout', 'unknown', 'late'));
    const before = history.invokeRead(2, 'linearizable', 0);
    history.showRead(before, at(4), { type: 'list', list: EMPTY_LIST });
    history.onEffect(write.write, at(5), 1);
    const after = history.invokeRead(2, 'linearizable', 0);
    history.showRead(after, at(5), { type: 'list', list: appended(EMPTY_LIST, 1) });
    checkHistory(history);
  });

  test('registers are judged too', () => {
    const history = new History();
    const write = history.invokeWrite(1, { type: 'swap', key: 1 });
    history.onEffect(write.write, at(5), 0);
    history.acknowledge(write, at(5), 0);
    const read = history.invokeRead(2, 'strong', 1);
    history.showRead(read, at(6), { type: 'register', value: 0 });
    expect(() => checkHistory(history)).toThrow('linearizability');
  });

  test('an effect with an answer that no order of writes gives', () => {
    const history = new History();
    const write = history.invokeWrite(1, { type: 'append', key: 0 });
    expect(() => history.onEffect(write.write, at(5), 2)).toThrow('answers');
  });

  test('answers of a database that a fault changed are not judged', () => {
    const history = new History();
    const write = history.invokeWrite(1, { type: 'append', key: 0 });
    history.disbelieve(write);
    const read = history.invokeRead(2, 'linearizable', 0);
    history.disbelieve(read);
    history.onEffect(write.write, at(5), 1);
    checkHistory(history);
    expect(history.counters).toMatchObject({ disbelieved: 2, acknowledgedWrites: 0 });
  });

  test('one that forgets finds a second effect all the same', () => {
    const history = new History(true);
    const write = history.invokeWrite(1, { type: 'append', key: 0 });
    history.onEffect(write.write, at(5), 1);
    history.acknowledge(write, at(5), 1);
    expect(history.operations).toEqual([]);
    expect(() => history.onEffect(write.write, at(6), 2)).toThrow('never made');
  });

  test('an answer that is not the one of the log', () => {
    const history = new History();
    const write = history.invokeWrite(1, { type: 'append', key: 0 });
    history.onEffect(write.write, at(5), 1);
    expect(() => history.acknowledge(write, at(5), 2)).toThrow('answers');
  });

  test('a second answer', () => {
    const history = historyOfOne();
    const read = history.invokeRead(1, 'none', 0);
    history.fail(read, failure('Timeout', 'no', 'late'));
    expect(() => history.fail(read, failure('Timeout', 'no', 'late'))).toThrow('answered twice');
  });
});
