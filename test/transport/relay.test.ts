/** The relay: the same channel for the worker, through the page, over real message ports. */

import { afterEach, describe, expect, test } from 'vitest';

import { CHANNEL_HIGH_WATER_BYTES, CHANNEL_LOW_WATER_BYTES } from '../../src/node/limits.ts';
import { PortChannel } from '../../src/transport/port-channel.ts';
import { relay } from '../../src/transport/relay.ts';
import { asDataChannel, FakeDataChannel } from './fake-channel.ts';
import { ManualClock } from './manual-clock.ts';
import { waitUntil } from './wait-until.ts';

class Rig {
  readonly clock = new ManualClock();
  readonly near: FakeDataChannel;
  readonly far: FakeDataChannel;
  readonly channel: PortChannel;
  readonly log: string[] = [];
  readonly received: Uint8Array[] = [];
  readonly arrived: Uint8Array[] = [];
  readonly ports = new MessageChannel();

  constructor(bytesPerMs = Infinity) {
    [this.near, this.far] = FakeDataChannel.pair(this.clock, { latencyMs: 1, bytesPerMs });
    this.far.addEventListener('message', (event) =>
      this.arrived.push(new Uint8Array((event as MessageEvent<ArrayBuffer>).data)),
    );
    relay(asDataChannel(this.near), this.ports.port1);
    this.channel = new PortChannel(this.ports.port2, 'page');
    this.channel.listen({
      opened: () => this.log.push('opened'),
      received: (frame) => this.received.push(frame),
      drained: () => this.log.push('drained'),
      closed: () => this.log.push('closed'),
    });
  }

  async open(): Promise<void> {
    this.near.open();
    this.far.open();
    await waitUntil(() => this.channel.isOpen, 'the channel to open');
  }
}

const rigs: Rig[] = [];

function newRig(bytesPerMs?: number): Rig {
  const rig = new Rig(bytesPerMs);
  rigs.push(rig);
  return rig;
}

afterEach(() => {
  for (const rig of rigs.splice(0)) rig.channel.close();
});

describe('relay', () => {
  test('tells that it is open, and carries frames both ways in order', async () => {
    const rig = newRig();
    expect(rig.channel.isOpen).toBe(false);
    expect(() => rig.channel.send(new Uint8Array(1))).toThrow('not open');
    await rig.open();
    for (let i = 0; i < 200; i += 1) {
      rig.channel.send(new Uint8Array([i]));
      rig.far.send(new Uint8Array([i, i]));
    }
    await waitUntil(() => {
      rig.clock.advance(1);
      return rig.received.length === 200 && rig.arrived.length === 200;
    }, 'all frames');
    expect(rig.arrived.map((frame) => frame[0])).toEqual(Array.from({ length: 200 }, (_, i) => i));
    expect(rig.received.map((frame) => frame[1])).toEqual(Array.from({ length: 200 }, (_, i) => i));
  });

  test('knows what is unsent, and tells when it has drained', async () => {
    const rig = newRig(1_000);
    await rig.open();
    const frame = 16 * 1024;
    while (rig.channel.bufferedAmount < CHANNEL_HIGH_WATER_BYTES) {
      rig.channel.send(new Uint8Array(frame));
    }
    const drained = (): boolean => {
      rig.clock.advance(1);
      return rig.log.includes('drained');
    };
    await waitUntil(drained, 'the channel to drain');
    expect(rig.channel.bufferedAmount).toBeLessThanOrEqual(CHANNEL_LOW_WATER_BYTES);
    expect(rig.near.bufferedAmount).toBeLessThanOrEqual(rig.channel.bufferedAmount);
  });

  test('drains again and again: nothing is lost from the count', async () => {
    const rig = newRig(10_000);
    await rig.open();
    for (let round = 1; round <= 5; round += 1) {
      rig.log.length = 0;
      for (let i = 0; i < 40; i += 1) rig.channel.send(new Uint8Array(20_000));
      await waitUntil(() => {
        rig.clock.advance(1);
        return rig.log.includes('drained');
      }, `round ${round}`);
    }
    await waitUntil(() => {
      rig.clock.advance(1);
      return rig.arrived.length === 200;
    }, 'all frames');
    expect(rig.channel.bufferedAmount).toBeLessThanOrEqual(CHANNEL_LOW_WATER_BYTES);
  });

  test('drains on a channel so fast that it never holds anything', async () => {
    const rig = newRig();
    await rig.open();
    while (rig.channel.bufferedAmount < CHANNEL_HIGH_WATER_BYTES) {
      rig.channel.send(new Uint8Array(20_000));
    }
    await waitUntil(() => {
      rig.clock.advance(1);
      return rig.log.includes('drained');
    }, 'the channel to drain');
    expect(rig.channel.bufferedAmount).toBeLessThanOrEqual(CHANNEL_LOW_WATER_BYTES);
  });

  test('closing in the worker closes the channel at both ends', async () => {
    const rig = newRig();
    await rig.open();
    rig.channel.close();
    await waitUntil(() => {
      rig.clock.advance(1);
      return rig.near.readyState === 'closed' && rig.far.readyState === 'closed';
    }, 'both ends to close');
    expect(() => rig.channel.send(new Uint8Array(1))).toThrow('not open');
  });

  test('what was sent before closing still arrives', async () => {
    const rig = newRig();
    await rig.open();
    rig.channel.send(new Uint8Array([7]));
    rig.channel.close();
    await waitUntil(() => {
      rig.clock.advance(1);
      return rig.arrived.length === 1;
    }, 'the last frame');
    expect(rig.arrived.map((frame) => [...frame])).toEqual([[7]]);
  });

  test('the channel closing is told to the worker', async () => {
    const rig = newRig();
    await rig.open();
    rig.far.close();
    await waitUntil(() => {
      rig.clock.advance(1);
      return rig.log.includes('closed');
    }, 'the close');
    expect(rig.channel.isOpen).toBe(false);
  });
});
