/**
 * The network model of MIT 6.824 (labrpc) on the simulator's network, which sends messages where
 * labrpc makes calls. A call is a request and its answer:
 *
 * - unreliable: a request is 0 to 26 ms on its way; one in ten requests and one in ten answers is
 *   lost, the second kind after the receiver has acted.
 * - long reordering: two answers in three take 200 to 2,199 ms.
 * - a disabled end loses what is sent; its caller learns of it within 0 to 6,999 ms (the key-value
 *   tests: 0 to 99 ms). Here that is when the link's ends notice.
 *
 * The simulator's conditions hold for all messages, so they are changed before each one is sent,
 * by its kind.
 */

import type { NodeMessage } from '../../src/node/messages.ts';
import { GOOD_NETWORK, type NetworkConditions } from '../../src/simulation/network.ts';
import type { World } from '../../src/simulation/world.ts';

export const MILLISECOND_US = 1_000;
export const SECOND_US = 1_000_000;

/** Calls between goroutines of one process: quick, in order. */
const RELIABLE: NetworkConditions = {
  ...GOOD_NETWORK,
  latencyMinUs: 50,
  latencyMaxUs: 300,
  dialMinUs: 0,
  dialMaxUs: 1 * MILLISECOND_US,
  detectMinUs: 0,
  detectMaxUs: 99 * MILLISECOND_US,
};

const UNRELIABLE_REQUEST: Partial<NetworkConditions> = {
  latencyMinUs: 50,
  latencyMaxUs: 26 * MILLISECOND_US,
  lossPerMillion: 100_000,
  reorders: true,
};

const UNRELIABLE_ANSWER: Partial<NetworkConditions> = { lossPerMillion: 100_000, reorders: true };

const LONG_REORDERING_ANSWER: Partial<NetworkConditions> = {
  longDelaysPerMillion: 666_667,
  longDelayMinUs: 200 * MILLISECOND_US,
  longDelayMaxUs: 2_199 * MILLISECOND_US,
  reorders: true,
};

const RAFT_REQUESTS: readonly NodeMessage['type'][] = [
  'append-entries',
  'request-vote',
  'pre-vote',
  'install-snapshot',
  'timeout-now',
];

export class Labrpc {
  unreliable = false;
  longReordering = false;
  /** Raft requests handed to the network; where it loses none, as many arrive. */
  raftRequests = 0;
  readonly #detectMaxUs: number;

  /** `longDelays`: a disabled end is noticed late. */
  constructor(world: World, longDelays: boolean) {
    this.#detectMaxUs = (longDelays ? 6_999 : 99) * MILLISECOND_US;
    const { network } = world;
    const { onSend } = network;
    network.conditions = this.#conditions(false);
    network.onSend = (message) => {
      if (RAFT_REQUESTS.includes(message.type)) this.raftRequests += 1;
      network.conditions = this.#conditions(isAnswer(message));
      onSend(message);
    };
  }

  #conditions(answers: boolean): NetworkConditions {
    const unreliable = answers ? UNRELIABLE_ANSWER : UNRELIABLE_REQUEST;
    return {
      ...RELIABLE,
      detectMaxUs: this.#detectMaxUs,
      ...(this.unreliable ? unreliable : {}),
      ...(this.longReordering && answers ? LONG_REORDERING_ANSWER : {}),
    };
  }
}

function isAnswer({ type }: NodeMessage): boolean {
  return type.endsWith('-response') || type === 'propose-refused' || type === 'removed';
}
