/** Nodes with keys of their own, what they know of each other, and both ends of a handshake, for tests. */

import { expect } from 'vitest';

import type { NodeId } from '../../src/raft/types.ts';
import type { Beliefs } from '../../src/transport/access-policy.ts';
import { AccessRule } from '../../src/transport/access-rule.ts';
import { decodeSecret, deriveClusterKeys } from '../../src/transport/cluster-keys.ts';
import {
  credentialsOf,
  type Credentials,
  type CredentialSource,
} from '../../src/transport/credentials.ts';
import {
  Handshake,
  type Fingerprints,
  type HandshakeOptions,
  type HandshakeOutcome,
  type HandshakePolicy,
} from '../../src/transport/handshake.ts';
import { configurationOf, ownKeyOnly } from './keys.ts';
import { waitUntil } from './wait-until.ts';

export const ANNA = 'aaaaaaaaaaaaaaaa' as NodeId;
export const BERT = 'bbbbbbbbbbbbbbbb' as NodeId;
export const EVE = 'eeeeeeeeeeeeeeee' as NodeId;
export const CLUSTER = 'cluster2cluster2';
const SECRET = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';
const OTHER_SECRET = `B${SECRET.slice(1)}`;

export const ANNA_CERTIFICATE = new Uint8Array(32).fill(1);
export const BERT_CERTIFICATE = new Uint8Array(32).fill(2);
export const EVE_CERTIFICATE = new Uint8Array(32).fill(3);

export const POLICY: HandshakePolicy = {
  nextGeneration: () => 1,
  objection: () => null,
};

/** Everybody is a member, each with a key of its own. */
export const MEMBERS = configurationOf([ANNA, BERT, EVE]);
export const NOW_MS = 1_000_000;

export const keys = await deriveClusterKeys(decodeSecret(SECRET), CLUSTER);
export const otherKeys = await deriveClusterKeys(decodeSecret(OTHER_SECRET), CLUSTER);
export const otherClusterKeys = await deriveClusterKeys(decodeSecret(SECRET), 'another2another2');

/** What the node has to show, where it is more than its key. */
export function shows(id: NodeId, more: Partial<CredentialSource> = {}): Promise<Credentials> {
  return credentialsOf(CLUSTER, id, { ...ownKeyOnly(id), ...more });
}

const own = new Map<NodeId, Credentials>();
for (const id of [ANNA, BERT, EVE]) own.set(id, await shows(id));

export function ownOf(id: NodeId): Credentials {
  const credentials = own.get(id);
  if (credentials === undefined) throw new Error(`no credentials of ${id}`);
  return credentials;
}

export function believing(beliefs: Partial<Beliefs> = {}): AccessRule {
  const rule = new AccessRule(CLUSTER, () => NOW_MS);
  rule.beliefs = { ...rule.beliefs, configuration: MEMBERS, ...beliefs };
  return rule;
}

/** One end: what it sent waits in `outbox` until the test delivers it. */
export class End {
  readonly handshake: Handshake;
  readonly outbox: Uint8Array[] = [];
  outcome: HandshakeOutcome | null = null;

  constructor(options: Partial<HandshakeOptions>) {
    this.handshake = new Handshake({
      keys,
      credentials: ownOf(ANNA),
      rule: believing(),
      incarnation: 11,
      dialled: null,
      fingerprints: { local: ANNA_CERTIFICATE, remote: BERT_CERTIFICATE },
      policy: POLICY,
      send: (frame) => this.outbox.push(frame),
      done: (outcome) => {
        expect(this.outcome).toBeNull();
        this.outcome = outcome;
      },
      ...options,
    });
  }

  async next(): Promise<Uint8Array> {
    await waitUntil(() => this.outbox.length > 0, 'a frame to send');
    const frame = this.outbox.shift();
    if (frame === undefined) throw new Error('no frame');
    return frame;
  }

  async ended(): Promise<HandshakeOutcome> {
    await waitUntil(() => this.outcome !== null, 'an outcome');
    if (this.outcome === null) throw new Error('no outcome');
    return this.outcome;
  }
}

export function anna(options: Partial<HandshakeOptions> = {}): End {
  return new End({ dialled: BERT, ...options });
}

export function certificates(dialled: NodeId | null): Fingerprints {
  return dialled === null
    ? { local: BERT_CERTIFICATE, remote: ANNA_CERTIFICATE }
    : { local: ANNA_CERTIFICATE, remote: BERT_CERTIFICATE };
}

export function bert(options: Partial<HandshakeOptions> = {}): End {
  const fingerprints = { local: BERT_CERTIFICATE, remote: ANNA_CERTIFICATE };
  return new End({ credentials: ownOf(BERT), incarnation: 22, fingerprints, ...options });
}

/** Delivers everything both ways until both are done. */
export async function run(initiator: End, responder: End): Promise<void> {
  initiator.handshake.start();
  await waitUntil(() => {
    for (const frame of initiator.outbox.splice(0)) responder.handshake.receive(frame);
    for (const frame of responder.outbox.splice(0)) initiator.handshake.receive(frame);
    return initiator.outcome !== null && responder.outcome !== null;
  }, 'both outcomes');
}

export function refused(by: 'here' | 'there', reason: string): object {
  return { type: 'refused', by, reason };
}
