/** A history is judged for what it shows, and for nothing else: each kind of wrong is found. */

import { describe, expect, test } from 'vitest';

import { ListHistory } from './list-history.ts';

describe('a history of appends and reads', () => {
  test('that one order explains is linearizable, unknown outcomes included', () => {
    const history = new ListHistory();
    append(history, 10, 1);
    history.beginAppend(1, 20);
    history.beginAppend(1, 30);
    read(history, [10]);
    read(history, [10, 30]);
    const refused = history.beginAppend(1, 40);
    history.refuse(refused, 'Tab 1: NoQuorum');
    expect(history.judge(new Map([[1, [10, 30]]]))).toEqual({
      linearizable: 'yes',
      badKeys: [],
      lost: [],
      invented: [],
      repeated: [],
    });
    expect(history.figures()).toEqual({ acknowledged: 1, refused: 1, unknown: 2, reads: 3 });
  });

  test('an acknowledged value that is not there is lost', () => {
    const history = new ListHistory();
    append(history, 10, 1);
    append(history, 20, 2);
    expect(history.judge(new Map([[1, [10]]]))).toMatchObject({ linearizable: 'no', lost: [20] });
    expect(history.judge(new Map())).toMatchObject({ linearizable: 'no', lost: [10, 20] });
  });

  test('a value whose write was refused must not be there', () => {
    const history = new ListHistory();
    history.refuse(history.beginAppend(1, 10), 'Tab 1: NoQuorum');
    expect(history.refusalOf(10)).toBe('Tab 1: NoQuorum');
    const verdict = history.judge(new Map([[1, [10]]]));
    expect(verdict).toMatchObject({ linearizable: 'no', badKeys: [1], invented: [10] });
  });

  test('a value that is there twice is told', () => {
    const history = new ListHistory();
    append(history, 10, 1);
    expect(history.judge(new Map([[1, [10, 10]]]))).toMatchObject({
      linearizable: 'no',
      repeated: [10],
    });
  });

  test('a read of a state that was over when it began is stale', () => {
    const history = new ListHistory();
    append(history, 10, 1);
    append(history, 20, 2);
    read(history, [10]);
    expect(history.judge(new Map([[1, [10, 20]]]))).toMatchObject({
      linearizable: 'no',
      badKeys: [1],
      lost: [],
    });
  });

  test('a value of unknown outcome that was read and is gone again is found', () => {
    const history = new ListHistory();
    history.beginAppend(1, 10);
    read(history, [10]);
    expect(history.judge(new Map([[1, []]]))).toMatchObject({ linearizable: 'no', lost: [] });
  });

  test('an answer that tells another length than the list has then is found', () => {
    const history = new ListHistory();
    append(history, 10, 2);
    expect(history.judge(new Map([[1, [10]]]))).toMatchObject({ linearizable: 'no' });
  });

  test('a write of which only the answer was lost has to be there', () => {
    const history = new ListHistory();
    history.acknowledge(history.beginAppend(1, 10), null);
    expect(history.judge(new Map([[1, [10]]]))).toMatchObject({ linearizable: 'yes', lost: [] });
    expect(history.judge(new Map())).toMatchObject({ lost: [10] });
  });
});

function append(history: ListHistory, value: number, length: number): void {
  history.acknowledge(history.beginAppend(1, value), length);
}

function read(history: ListHistory, values: readonly number[]): void {
  const invokedAt = history.time();
  history.read(1, invokedAt, values);
}
