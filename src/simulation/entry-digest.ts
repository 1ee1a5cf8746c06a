/** Digests of log entries, for the trace and for the checkers. */

import type { Access, Configuration, Entry } from '../raft/types.ts';
import { Digest, digestOf } from './digest.ts';

const TYPE_NUMBERS = { noop: 1, command: 2, configuration: 3 } as const;

/** Differs wherever two entries differ in index, term, type or content. */
export function entryDigest(entry: Entry): number {
  const digest = new Digest(TYPE_NUMBERS[entry.type]).number(entry.index).number(entry.term);
  if (entry.type === 'command') digest.bytes(entry.data);
  if (entry.type === 'configuration') {
    digest
      .text(configurationText(entry.configuration))
      .text(accessText(entry.configuration.access));
  }
  return digest.value();
}

/** The digest of a log up to and with `entry`, from that of the log before it (0: the empty log). */
export function chainDigest(previous: number, entry: Entry): number {
  return digestOf(previous, entryDigest(entry));
}

/** `a,b (from a) +c`: voters, outgoing voters, learners. */
export function configurationText(configuration: Configuration): string {
  const { voters, outgoingVoters, learners } = configuration;
  const from = outgoingVoters.length > 0 ? ` (from ${outgoingVoters.join(',')})` : '';
  return `${voters.join(',')}${from} +${learners.join(',')}`;
}

function accessText({ keys, former, removed, invites }: Access): string {
  const names = [
    Object.entries(keys).map(([id, key]) => `${id}=${key}`),
    former.map(({ nodeId, key }) => `${nodeId}=${key}`),
    removed,
    invites.map(({ id, expiresAtMs, usesLeft }) => `${id} ${expiresAtMs} ${usesLeft}`),
  ];
  return names.map((list) => list.join(',')).join(';');
}
