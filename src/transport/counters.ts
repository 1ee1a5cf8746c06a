/** What the mesh counts since it began, for `status`; nothing decides by it. */

import { REFUSAL_REASONS, type RefusalReason } from './handshake-frames.ts';
import { OFFER_REFUSALS, type OfferRefusalReason } from './offer-tally.ts';
import { TOLD_REASONS, type ToldReason } from './offer-refusal.ts';

const NAMES = [
  'framesIn',
  'framesOut',
  'bytesIn',
  'bytesOut',
  /** Of those, bytes of snapshots. */
  'bulkBytesIn',
  'bulkBytesOut',
  'messagesIn',
  'messagesOut',
  /** Frames of authenticated peers that were not what they must be. */
  'malformed',
  /** Messages for which a link's queue had no room. */
  'droppedNoRoom',
  /** Messages to nodes without a link. */
  'droppedNoLink',
  /** Messages too large, or not of the wire format. */
  'droppedUnsendable',
  'dials',
  /** Dials and inbound connections that came to nothing before anybody refused. */
  'dialsFailed',
  'linksUp',
  'linksDown',
  /** Of those, links on which nothing arrived for too long. */
  'linksSilent',
  /** Of those, links of nodes that may not have one any more. */
  'linksBarred',
  /** Messages of nodes that are only let in to ask. */
  'droppedUninvited',
  /** That what is stored of keys and invite cannot be used: this node has nothing to show, and no links. */
  'unusableCredentials',
] as const;

type CounterName =
  | (typeof NAMES)[number]
  /** Handshakes that ended by this end's refusal, and by the other's. */
  | `refusedHere.${RefusalReason}`
  | `refusedThere.${RefusalReason}`
  /** Offers that the page made no connection for. */
  | `offersRefused.${OfferRefusalReason}`
  /** Own offers of which a member said so. */
  | `offersRefusedThere.${ToldReason}`;

export class Counters {
  readonly #values = new Map<CounterName, number>();

  constructor() {
    for (const name of NAMES) this.#values.set(name, 0);
    for (const reason of REFUSAL_REASONS) {
      this.#values.set(`refusedHere.${reason}`, 0);
      this.#values.set(`refusedThere.${reason}`, 0);
    }
    for (const reason of OFFER_REFUSALS) this.#values.set(`offersRefused.${reason}`, 0);
    for (const reason of TOLD_REASONS) this.#values.set(`offersRefusedThere.${reason}`, 0);
  }

  add(name: CounterName, amount = 1): void {
    this.#values.set(name, (this.#values.get(name) ?? 0) + amount);
  }

  toRecord(): Record<string, number> {
    return Object.fromEntries(this.#values);
  }
}
