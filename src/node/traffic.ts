/** Counts what a node says and hears, while somebody looks. */

import type { NodeId } from '../raft/types.ts';
import type { MessageCount, MessageName } from './inspection.ts';
import type { NodeMessage } from './messages.ts';
import type { Transport } from './ports.ts';

type Count = { -readonly [Key in keyof MessageCount]: MessageCount[Key] };

export class Traffic {
  /** By direction, name and peer; null: nobody looks. */
  #counts: Map<string, Count> | null = null;

  /** What went before is forgotten. */
  watch(on: boolean): void {
    this.#counts = on ? new Map() : null;
  }

  heard(message: NodeMessage): void {
    if (this.#counts !== null) count(this.#counts, message, 'in', message.from);
  }

  /** The same transport, watched. */
  over(transport: Transport): Transport {
    return {
      send: (message) => {
        if (this.#counts !== null) count(this.#counts, message, 'out', message.to);
        transport.send(message);
      },
      flush: () => transport.flush(),
      setPeers: (peers) => transport.setPeers(peers),
      setAccess: (configuration, index) => transport.setAccess(configuration, index),
    };
  }

  /** What was counted since the last call. */
  take(): readonly MessageCount[] {
    const taken = [...(this.#counts?.values() ?? [])];
    this.#counts?.clear();
    return taken;
  }
}

function count(
  counts: Map<string, Count>,
  message: NodeMessage,
  direction: MessageCount['direction'],
  peer: NodeId,
): void {
  const name = nameOf(message);
  const key = `${direction} ${name} ${peer}`;
  const known = counts.get(key);
  if (known === undefined) counts.set(key, { peer, direction, name, count: 1 });
  else known.count += 1;
}

function nameOf(message: NodeMessage): MessageName {
  const isHeartbeat = message.type === 'append-entries' && message.entries.length === 0;
  return isHeartbeat ? 'heartbeat' : message.type;
}
