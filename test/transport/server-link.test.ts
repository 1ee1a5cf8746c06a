/** When the signalling server counts as reached, and how seldom it is tried while it is not. */

import { EventEmitter } from 'node:events';

import type { Peer } from 'peerjs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { SIGNALLING_BACKOFF_MAX_MS } from '../../src/node/limits.ts';
import { ServerLink } from '../../src/transport/server-link.ts';

const SECOND = 1_000;

/** PeerJS's peer as far as the link sees it; its socket opens when the test says so. */
class FakePeer extends EventEmitter {
  readonly webSocket = { readyState: 0 };
  readonly socket = Object.assign(new EventEmitter(), { _socket: this.webSocket });
  starts = 1;
  destroyed = false;

  constructor() {
    super();
    this.socket.on('message', () => undefined);
  }

  reconnect(): void {
    this.starts += 1;
    this.webSocket.readyState = 0;
  }

  disconnect(): void {
    this.emit('disconnected');
  }

  destroy(): void {
    this.destroyed = true;
  }
}

let peer: FakePeer;
let states: string[];
let link: ServerLink;

beforeEach(() => {
  vi.useFakeTimers();
  peer = new FakePeer();
  states = [];
  link = new ServerLink({
    createPeer: () => peer as unknown as Peer,
    onMessage: () => undefined,
    onState: (state) => states.push(state),
  });
  link.start();
});

afterEach(() => {
  link.stop();
  vi.useRealTimers();
});

describe('the server', () => {
  test('is reached when it says so', () => {
    peer.emit('open', 'me');
    expect(states).toEqual(['connected']);
  });

  test('is reached when its socket is open and there was no error for a while', () => {
    peer.webSocket.readyState = 1;
    vi.advanceTimersByTime(1_900);
    expect(states).toEqual([]);
    vi.advanceTimersByTime(200);
    expect(states).toEqual(['connected']);
  });

  test('is not reached while nothing answers at all, and is tried again', () => {
    vi.advanceTimersByTime(60 * SECOND);
    expect(states).toEqual([]);
    expect(peer.starts).toBeGreaterThan(2);
    expect(peer.starts).toBeLessThan(8);
  });

  test('that refuses every time is asked ever more rarely', () => {
    const refuse = setInterval(() => link.refused(), 50);
    vi.advanceTimersByTime(600 * SECOND);
    clearInterval(refuse);
    const fewest = (600 * SECOND) / (SIGNALLING_BACKOFF_MAX_MS + 100);
    expect(peer.starts).toBeGreaterThan(fewest / 2);
    expect(peer.starts).toBeLessThan(2 * fewest + 12);
  });

  test('that is left is not tried any more, and what came about by it lives on', () => {
    peer.emit('open', 'me');
    link.leave();
    vi.advanceTimersByTime(60 * SECOND);
    expect([states, peer.starts, peer.destroyed]).toEqual([['connected'], 1, false]);
    link.stop();
    expect(peer.destroyed).toBe(true);
  });
});
