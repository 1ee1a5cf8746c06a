/** What tabs show each other, over a channel of the test's own: who looks when, and who does what. */

import { beforeEach, describe, expect, test } from 'vitest';
import type { Inspection } from '../../../src/node/inspection.ts';
import type { NodeId } from '../../../src/raft/types.ts';
import {
  packMessage,
  readMessage,
  type ShareMessage,
  type TabCommand,
  type TabPresence,
} from '../../../src/ui/cluster/share-messages.ts';
import { TabShare, WATCH_INTERVAL_MS, WATCH_MEMORY_MS } from '../../../src/ui/cluster/tab-share.ts';
import { A, B, event, index, inspection } from './inspections.ts';

class Clock {
  #nowMs = 0;
  #timers: { readonly atMs: number; readonly run: () => void }[] = [];

  readonly setTimer = (delayMs: number, run: () => void): (() => void) => {
    const timer = { atMs: this.#nowMs + delayMs, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  };

  pass(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const [next] = this.#timers.toSorted((a, b) => a.atMs - b.atMs);
      if (next === undefined || next.atMs > endMs) break;
      this.#nowMs = next.atMs;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      next.run();
    }
    this.#nowMs = endMs;
  }
}

class FakeTab {
  readonly nodeId: NodeId;
  readonly share: TabShare;
  readonly executed: TabCommand[] = [];
  readonly seen: string[] = [];
  posted = 0;
  isRunning = true;
  listener: ((inspection: Inspection) => void) | null = null;
  /** What the node tells as a look begins. */
  kept: Inspection | null = null;

  constructor(nodeId: NodeId, tabs: readonly FakeTab[], clock: Clock) {
    this.nodeId = nodeId;
    this.share = new TabShare({
      post: (message) => {
        this.posted += 1;
        const copy: unknown = structuredClone(message);
        for (const tab of tabs) if (tab !== this) tab.share.receive(copy);
      },
      inspect: (listener) => {
        this.listener = listener;
        if (this.kept !== null) listener(this.kept);
        return () => {
          this.listener = null;
        };
      },
      presence: () => this.presence,
      execute: (command) => this.executed.push(command),
      setTimer: clock.setTimer,
    });
  }

  get presence(): TabPresence {
    const stopReason = this.isRunning ? null : 'crash';
    const { nodeId, isRunning } = this;
    return { nodeId, isRunning, stopReason, isVisible: true, linked: [] };
  }

  watch(): () => void {
    return this.share.watch({
      onInspection: ({ nodeId }) => this.seen.push(`inspection ${nodeId}`),
      onPresence: ({ nodeId, isRunning }) => this.seen.push(`presence ${nodeId} ${isRunning}`),
      onGone: (nodeId) => this.seen.push(`gone ${nodeId}`),
    });
  }
}

function inspectionsIn(seen: readonly string[]): string[] {
  return seen.filter((said) => said.startsWith('inspection'));
}

let clock: Clock;
let a: FakeTab;
let b: FakeTab;

beforeEach(() => {
  clock = new Clock();
  const tabs: FakeTab[] = [];
  a = new FakeTab(A, tabs, clock);
  b = new FakeTab(B, tabs, clock);
  tabs.push(a, b);
});

describe('tabs look at their nodes', () => {
  test('never while no page shows the cluster', () => {
    a.share.tellPresence();
    clock.pass(60_000);
    expect([a.listener, b.listener, a.posted, b.posted]).toEqual([null, null, 0, 0]);
  });

  test('all of them as soon as one shows it, and it sees what each tells', () => {
    a.watch();
    expect(a.seen).toEqual([`presence ${A} true`, `presence ${B} true`]);
    a.listener?.(inspection(A));
    b.listener?.(inspection(B));
    expect(a.seen.slice(2)).toEqual([`inspection ${A}`, `inspection ${B}`]);
    expect(b.seen).toEqual([]);
  });

  test('anew for a view that opens later: it hears what is still kept, as the first one did', () => {
    a.kept = inspection(A);
    b.kept = inspection(B);
    a.watch();
    const kept = [`inspection ${A}`, `inspection ${B}`];
    expect(inspectionsIn(a.seen)).toEqual(kept.toReversed());
    b.watch();
    expect(inspectionsIn(b.seen).toSorted()).toEqual(kept);
    clock.pass(WATCH_MEMORY_MS);
    expect(inspectionsIn(b.seen)).toHaveLength(2);
    const second: string[] = [];
    a.share.watch({
      onInspection: ({ nodeId }) => second.push(`inspection ${nodeId}`),
      onPresence: () => undefined,
      onGone: () => undefined,
    });
    expect(second.toSorted()).toEqual(kept);
  });

  test('for as long as it is shown, and a little longer', () => {
    const stop = a.watch();
    clock.pass(10 * WATCH_MEMORY_MS);
    expect(b.listener).not.toBeNull();
    expect(a.seen.slice(-2)).toEqual([`presence ${A} true`, `presence ${B} true`]);
    stop();
    expect(a.listener).toBeNull();
    clock.pass(WATCH_MEMORY_MS - WATCH_INTERVAL_MS - 1);
    expect(b.listener).not.toBeNull();
    clock.pass(WATCH_INTERVAL_MS + 1);
    expect(b.listener).toBeNull();
    const { posted } = a;
    clock.pass(60_000);
    expect(a.posted).toBe(posted);
  });

  test('a tab whose view is shown alone tells nobody', () => {
    const alone = new FakeTab(A, [], clock);
    alone.watch();
    const { posted } = alone;
    alone.listener?.(inspection(A));
    expect([alone.posted, alone.seen.at(-1)]).toEqual([posted, `inspection ${A}`]);
  });

  test('not of a node that has stopped, which is told', () => {
    a.watch();
    b.isRunning = false;
    b.share.tellPresence();
    expect([b.listener, a.seen.at(-1)]).toEqual([null, `presence ${B} false`]);
  });

  test('no more once closed; the others are told', () => {
    a.watch();
    b.share.close();
    expect([b.listener, a.seen.at(-1)]).toEqual([null, `gone ${B}`]);
    const { posted } = b;
    clock.pass(60_000);
    expect(b.posted).toBe(posted);
  });
});

describe('commands', () => {
  const crash: TabCommand = { type: 'crash' };

  test('are carried out by the tab of the node, and by no other', () => {
    a.share.command(B, crash);
    a.share.command(A, { type: 'delay', delayMs: 200 });
    expect(b.executed).toEqual([crash]);
    expect(a.executed).toEqual([{ type: 'delay', delayMs: 200 }]);
    a.share.command('zzzzzzzzzzzz' as NodeId, crash);
    expect([a.executed.length, b.executed.length]).toEqual([1, 1]);
  });

  test.each([
    null,
    'crash',
    { type: 'command', nodeId: B, command: crash },
    { version: 2, type: 'command', nodeId: B, command: crash },
    { version: 1, type: 'command', nodeId: B, command: { type: 'explode' } },
    { version: 1, type: 'command', nodeId: B, command: { type: 'delay', delayMs: -1 } },
    { version: 1, type: 'command', nodeId: B, command: { type: 'delay', delayMs: 5_001 } },
    { version: 1, type: 'command', nodeId: B, command: { type: 'isolate', on: 'yes' } },
    { version: 1, type: 'command', nodeId: B, command: { type: 'cut-link', on: true } },
  ])('that are none are ignored: %j', (data) => {
    b.share.receive(data);
    expect(b.executed).toEqual([]);
  });
});

describe('messages', () => {
  const events = [
    event(1, 2, { type: 'pre-vote', reason: 'timeout', silentLeader: null, silentMs: 200 }),
    event(1, 2, { type: 'election-won', votes: [A, B] }),
    event(1, 2, { type: 'member-joined', member: B, voter: false }),
    event(1, 2, { type: 'log-truncated', fromIndex: index(1), toIndex: index(2) }),
    event(1, 2, { type: 'quarantined' }),
  ];
  const whole = inspection(A, {
    events,
    messages: [{ peer: B, direction: 'in', name: 'heartbeat', count: 3 }],
    snapshot: { index: index(3), term: inspection(A).term },
  });
  const messages: readonly ShareMessage[] = [
    { type: 'watching', isNew: true },
    { type: 'gone', nodeId: A },
    {
      type: 'presence',
      presence: { nodeId: A, isRunning: true, stopReason: null, isVisible: false, linked: [B] },
    },
    {
      type: 'presence',
      presence: { nodeId: A, isRunning: false, stopReason: 'removed', isVisible: true, linked: [] },
    },
    { type: 'inspection', inspection: whole },
    { type: 'command', nodeId: A, command: { type: 'cut-link', peer: B, on: true } },
  ];

  test.each(messages)('of type $type are read as they were said', (message) => {
    expect(readMessage(structuredClone(packMessage(message)))).toMatchObject(message);
  });

  test.each([
    { ...whole, term: '2' },
    { ...whole, runs: [{ term: 2 }] },
    { ...whole, role: 'king' },
    { ...whole, events: [{ ...events[0], type: 'coup' }] },
    { ...whole, events: [{ ...events[1], votes: null }] },
    { ...whole, events: [{ ...events[0], reason: 'boredom' }] },
    { ...whole, messages: Array.from({ length: 5_000 }, () => whole.messages[0]) },
  ])('with an inspection of another shape are none (%#)', (odd) => {
    expect(readMessage({ version: 1, type: 'inspection', inspection: odd })).toBeNull();
  });
});
