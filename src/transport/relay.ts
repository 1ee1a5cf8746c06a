/**
 * Where an engine cannot move a data channel to a worker, the page keeps it and passes its frames to
 * and fro over a message port: the same `Channel` for the worker (port-channel.ts), but a busy or
 * throttled page delays it (page only).
 *
 * The worker must know how much is unsent, or it would fill the page's memory: the page counts the
 * bytes it took and reports, every REPORT_BYTES and whenever the channel drains, how many of them
 * have left. The steps are small enough that a drained channel is always reported below the worker's
 * low-water mark.
 */

import { CHANNEL_LOW_WATER_BYTES } from '../node/limits.ts';
import { frameOf } from './channel.ts';
import { REPORT_BYTES, type PortMessage } from './port-channel.ts';

/** Joins `channel` and `port` until either closes. */
export function relay(channel: RTCDataChannel, port: MessagePort): void {
  let takenBytes = 0;
  let reportedBytes = 0;
  let closed = false;
  const post = (message: PortMessage, transfer: Transferable[] = []): void => {
    port.postMessage(message, transfer);
  };
  const report = (): void => {
    reportedBytes = takenBytes - channel.bufferedAmount;
    post({ type: 'left', bytes: reportedBytes });
  };
  const end = (): void => {
    if (closed) return;
    closed = true;
    post({ type: 'closed' });
    channel.close();
    port.close();
  };
  channel.binaryType = 'arraybuffer';
  channel.bufferedAmountLowThreshold = CHANNEL_LOW_WATER_BYTES / 2;
  channel.addEventListener('open', () => post({ type: 'opened' }));
  channel.addEventListener('message', (event) => {
    const { buffer } = frameOf(event.data);
    post({ type: 'frame', frame: buffer }, [buffer]);
  });
  channel.addEventListener('bufferedamountlow', report);
  channel.addEventListener('close', end);
  port.addEventListener('message', (event) => {
    const message = event.data as PortMessage;
    if (closed) return;
    if (message.type === 'closed') end();
    if (message.type !== 'frame') return;
    try {
      channel.send(message.frame);
    } catch {
      end();
      return;
    }
    takenBytes += message.frame.byteLength;
    if (takenBytes - reportedBytes >= REPORT_BYTES) report();
  });
  port.start();
  if (channel.readyState === 'open') post({ type: 'opened' });
}
