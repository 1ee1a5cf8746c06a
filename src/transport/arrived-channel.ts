/** What the page sent to the node worker, as the channel that it is. */

import { MovedChannel, type Channel } from './channel.ts';
import { LocalChannel } from './local-channel.ts';
import { RelayedChannel } from './relay.ts';
import type { FromPage } from './signalling-protocol.ts';

export function arrivedChannel({ channel, carrier }: FromPage & { type: 'channel' }): Channel {
  switch (carrier) {
    case 'worker':
      return new MovedChannel(channel as RTCDataChannel);
    case 'page':
      return new RelayedChannel(channel as MessagePort);
    case 'local':
      return new LocalChannel(channel as MessagePort);
  }
}
