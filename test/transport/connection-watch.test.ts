/** When a connection counts as dead: at once, after a while, or not at all. */

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { ICE_PATIENCE_MS } from '../../src/node/limits.ts';
import { watchConnection } from '../../src/transport/connection-watch.ts';

class FakeConnection extends EventTarget {
  connectionState: RTCPeerConnectionState = 'connected';
  iceConnectionState: RTCIceConnectionState = 'connected';

  becomes(states: Partial<Pick<FakeConnection, 'connectionState' | 'iceConnectionState'>>): void {
    Object.assign(this, states);
    this.dispatchEvent(new Event('connectionstatechange'));
    this.dispatchEvent(new Event('iceconnectionstatechange'));
  }
}

let connection: FakeConnection;
let deaths: number;
let stop: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  connection = new FakeConnection();
  deaths = 0;
  stop = watchConnection(connection as unknown as RTCPeerConnection, () => {
    deaths += 1;
  });
});

afterEach(() => {
  vi.useRealTimers();
});

describe('a connection', () => {
  test.each([{ connectionState: 'failed' as const }, { iceConnectionState: 'failed' as const }])(
    'is dead when it has failed: %j',
    (states) => {
      connection.becomes(states);
      expect(deaths).toBe(1);
      connection.becomes(states);
      vi.advanceTimersByTime(2 * ICE_PATIENCE_MS);
      expect(deaths).toBe(1);
    },
  );

  test('is dead when it was disconnected for long, and not before', () => {
    connection.becomes({ iceConnectionState: 'disconnected' });
    vi.advanceTimersByTime(ICE_PATIENCE_MS - 1);
    expect(deaths).toBe(0);
    vi.advanceTimersByTime(1);
    expect(deaths).toBe(1);
  });

  test('lives on when it is connected again, and its patience begins anew', () => {
    for (let round = 0; round < 3; round += 1) {
      connection.becomes({ iceConnectionState: 'disconnected' });
      vi.advanceTimersByTime(ICE_PATIENCE_MS - 1);
      connection.becomes({ iceConnectionState: 'connected' });
    }
    vi.advanceTimersByTime(2 * ICE_PATIENCE_MS);
    expect(deaths).toBe(0);
  });

  test('is not watched any more when the watch has ended', () => {
    connection.becomes({ iceConnectionState: 'disconnected' });
    stop();
    vi.advanceTimersByTime(2 * ICE_PATIENCE_MS);
    connection.becomes({ connectionState: 'failed' });
    expect(deaths).toBe(0);
  });
});
