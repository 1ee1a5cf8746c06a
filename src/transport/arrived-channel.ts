/** What the page sent to the node worker, as the channel that it is. */

import { MovedChannel, type Channel } from './channel.ts';
import { PortChannel } from './port-channel.ts';
import type { FromPage } from './signalling-protocol.ts';

export function arrivedChannel({ channel, carrier }: FromPage & { type: 'channel' }): Channel {
  if (carrier === 'worker') return new MovedChannel(channel as RTCDataChannel);
  return new PortChannel(channel as MessagePort, carrier);
}
