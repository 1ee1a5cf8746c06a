import { describe, expect, test } from 'vitest';
import { EventLoop, type TaskSource } from '../../src/simulation/event-loop.ts';
import { EventQueue } from '../../src/simulation/event-queue.ts';
import { Random } from '../../src/simulation/random.ts';

function loopOf(seed = 1) {
  const queue = new EventQueue();
  const ran: string[] = [];
  let checks = 0;
  const loop = new EventLoop(queue, Random.fromSeed(seed), () => {
    checks += 1;
  });
  const post = (source: TaskSource, name: string) => loop.post(source, () => ran.push(name));
  const runAll = () => {
    const untilUs = queue.nowUs + 1_000_000;
    while (queue.step(untilUs)) continue;
  };
  return { loop, queue, ran, post, runAll, checks: () => checks };
}

describe('EventLoop', () => {
  test('runs tasks at once, and the checkers after each', () => {
    const { ran, post, checks } = loopOf();
    post('network', 'a');
    post('timer', 'b');
    expect(ran).toEqual(['a', 'b']);
    expect(checks()).toBe(2);
  });

  test('a paused loop keeps its tasks; resumed, it runs each source in order', () => {
    const { loop, ran, post, runAll } = loopOf();
    loop.pause();
    for (let i = 0; i < 5; i += 1) {
      post('network', `n${i}`);
      post('client', `c${i}`);
    }
    runAll();
    expect(ran).toEqual([]);
    loop.resume();
    post('network', 'n5');
    runAll();
    expect(ran.filter((name) => name.startsWith('n'))).toEqual([
      'n0',
      'n1',
      'n2',
      'n3',
      'n4',
      'n5',
    ]);
    expect(ran.filter((name) => name.startsWith('c'))).toEqual(['c0', 'c1', 'c2', 'c3', 'c4']);
  });

  test("between sources the order after a pause is anyone's guess", () => {
    const orders = new Set<string>();
    for (let seed = 0; seed < 50; seed += 1) {
      const { loop, ran, post, runAll } = loopOf(seed);
      loop.pause();
      post('network', 'n');
      post('client', 'c');
      loop.resume();
      runAll();
      orders.add(ran.join(''));
    }
    expect([...orders].toSorted()).toEqual(['cn', 'nc']);
  });

  test('an ended loop runs nothing any more', () => {
    const { loop, ran, post, runAll } = loopOf();
    loop.pause();
    post('network', 'lost');
    loop.end();
    loop.resume();
    post('network', 'late');
    runAll();
    expect(ran).toEqual([]);
    expect(loop.ended).toBe(true);
  });

  test('paused again while it works off its backlog, it waits', () => {
    const { loop, ran, post, runAll } = loopOf();
    loop.pause();
    post('network', 'first');
    post('network', 'second');
    loop.resume();
    expect(ran).toEqual(['first']);
    loop.pause();
    runAll();
    expect(ran).toEqual(['first']);
    loop.resume();
    runAll();
    expect(ran).toEqual(['first', 'second']);
  });
});
