/**
 * Sends what is in the outbox, in order, each entry exactly once. It goes by steps: each looks at the
 * stored outbox, does the one thing that is next, and stores what came of it. So nothing is known but
 * what is stored, and whoever comes after a crash, in whatever tab, goes on from there:
 *
 *   begin     a nonce is stored, by which a durable session is to be registered
 *   register  it is registered, by that nonce, be it again, and its id is stored
 *   number    the next entries get their numbers in the session, once a majority has confirmed a leader
 *   send      what has a number is sent with it, be it again, and the outcomes are stored
 *   retire    nothing waits: the session is stored as one that is to be closed
 *   close     it is closed, be it again, and forgotten
 *
 * That a number takes effect once is the session table's doing (node/sessions.ts). Two senders at once
 * would do no harm, but for work done twice: whoever runs this holds the sender's lock.
 */

import type { SessionId } from '../node/command.ts';
import type { DurableOutcome, DurableRequest } from '../node/durable-requests.ts';
import { failure } from '../node/errors.ts';
import {
  failedOutcome,
  waitingIn,
  withClosed,
  withNonce,
  withNumbers,
  withoutSession,
  withOutcomes,
  withRegistered,
  withRetiredSession,
} from './outbox-changes.ts';
import type { Outbox, OutboxEntry, OutboxOutcome } from './outbox-codec.ts';
import type { OutboxKeeper } from './outbox-store.ts';

/** The node, as far as the outbox needs it. */
export interface OutboxRoute {
  /** Whether a majority confirms a leader now. */
  confirm(): Promise<boolean>;
  request(request: DurableRequest): Promise<DurableOutcome>;
  /** What an answer means to whoever made the write. */
  outcomeOf(executed: DurableOutcome & { readonly type: 'executed' }): OutboxOutcome;
  /** Random, below 2^53 - 1. */
  newNonce(): number;
}

/** 'done': there may be more to do. 'idle': there is nothing. 'blocked': not now, or not here. */
export type StepOutcome = 'done' | 'idle' | 'blocked';

type Step =
  | { readonly type: 'idle' | 'begin' | 'number' | 'retire' }
  | { readonly type: 'register'; readonly nonce: number }
  | { readonly type: 'send'; readonly entries: readonly OutboxEntry[] }
  | { readonly type: 'close'; readonly sessionId: SessionId };

const SESSION_GONE =
  'the cluster does not know the session any more by which this write was sent: ' +
  'whether it took effect is not known';

export class OutboxSender {
  readonly #outbox: OutboxKeeper;
  readonly #route: OutboxRoute;

  constructor(outbox: OutboxKeeper, route: OutboxRoute) {
    this.#outbox = outbox;
    this.#route = route;
  }

  /** Throws `StorageError`. */
  async step(): Promise<StepOutcome> {
    const step = await this.#outbox.change((outbox) => ({ outbox, result: nextStep(outbox) }));
    switch (step.type) {
      case 'idle':
        return 'idle';
      case 'begin': {
        const nonce = this.#route.newNonce();
        return this.#store((outbox) => withNonce(outbox, nonce));
      }
      case 'register':
        return this.#register(step.nonce);
      case 'number':
        // A number takes an entry out of its maker's hands: so it is given when it can be sent.
        if (!(await this.#route.confirm())) return 'blocked';
        return this.#store(withNumbers);
      case 'send':
        return this.#send(step.entries);
      case 'retire':
        return this.#store(withRetiredSession);
      case 'close': {
        const { sessionId } = step;
        const { type } = await this.#route.request({ type: 'close', sessionId });
        if (type !== 'session-closed') return 'blocked';
        return this.#store((outbox) => withClosed(outbox, sessionId));
      }
    }
  }

  async #register(nonce: number): Promise<StepOutcome> {
    const outcome = await this.#route.request({ type: 'register', nonce });
    if (outcome.type !== 'registered') return 'blocked';
    return this.#store((outbox) => withRegistered(outbox, nonce, outcome.sessionId));
  }

  async #send(entries: readonly OutboxEntry[]): Promise<StepOutcome> {
    const lowestUnanswered = entries[0]?.sent?.sequence ?? 1;
    const answers = await Promise.all(
      entries.map(async ({ id, body, sent }) => {
        if (sent === null) throw new Error(`entry ${id} has no number`);
        const session = { ...sent, lowestUnanswered };
        return { id, outcome: await this.#route.request({ type: 'execute', session, body }) };
      }),
    );
    const outcomes = new Map<string, OutboxOutcome>();
    let isSessionGone = false;
    let isBlocked = false;
    for (const { id, outcome } of answers) {
      if (outcome.type === 'executed') outcomes.set(id, this.#route.outcomeOf(outcome));
      else if (outcome.type === 'forgotten') outcomes.set(id, FORGOTTEN);
      else if (outcome.type === 'unknown-session') isSessionGone = true;
      else isBlocked = true;
    }
    const sessionId = entries[0]?.sent?.sessionId;
    await this.#store((outbox) => {
      const settled = withOutcomes(outbox, outcomes);
      if (!isSessionGone || sessionId === undefined) return settled;
      return withoutSession(settled, sessionId, SESSION_GONE);
    });
    return isBlocked ? 'blocked' : 'done';
  }

  async #store(change: (outbox: Outbox) => Outbox): Promise<StepOutcome> {
    await this.#outbox.change((outbox) => ({ outbox: change(outbox), result: null }));
    return 'done';
  }
}

const FORGOTTEN = failedOutcome(
  failure('Internal', 'unknown', 'it was sent, and the cluster has forgotten what came of it'),
);

function nextStep(outbox: Outbox): Step {
  const { session, closing } = outbox;
  const waiting = waitingIn(outbox);
  const numbered = waiting.filter(({ sent }) => sent !== null);
  if (numbered.length > 0) return { type: 'send', entries: numbered };
  if (session !== null && session.sessionId === null) {
    return { type: 'register', nonce: session.nonce };
  }
  if (waiting.length > 0) return { type: session === null ? 'begin' : 'number' };
  if (session !== null) return { type: 'retire' };
  const [sessionId] = closing;
  return sessionId === undefined ? { type: 'idle' } : { type: 'close', sessionId };
}
