/**
 * What a node has to show when it asks for a link, made of what its browser profile has stored: its
 * own key, vouchers signed with the keys of its siblings, the invite it was given.
 */

import { MAX_VOUCHERS } from '../node/limits.ts';
import type { NodeId } from '../raft/types.ts';
import { vouchFor, type Claims } from './claims.ts';
import { inviteOf, type InviteSecret } from './invite-token.ts';
import { importNodeKey, type KeyPair, type NodeKey } from './node-key.ts';

export interface CredentialSource {
  readonly key: KeyPair;
  /**
   * The profile's other nodes of this cluster, retired ones too. Those first that the members know
   * best: beyond MAX_VOUCHERS they do not speak for it.
   */
  readonly siblings: readonly { readonly nodeId: NodeId; readonly key: KeyPair }[];
  /** Keys of members that this profile knew last. */
  readonly memberKeys: Readonly<Record<NodeId, string>>;
  /** Of the invite by which this profile is to be let in; null: it is a member already, or was. */
  readonly inviteToken: string | null;
}

/** What a browser profile has stored of a cluster, as far as it matters here. */
interface StoredProfile {
  readonly members: readonly NodeId[];
  readonly memberKeys: Readonly<Record<NodeId, string>>;
  readonly inviteToken: string | null;
  /** In order of creation. */
  readonly identities: readonly { readonly nodeId: NodeId; readonly key: KeyPair | null }[];
}

/** What one of the profile's nodes has to show: the siblings that members know speak for it first. */
export function credentialSourceOf(
  { members, memberKeys, inviteToken, identities }: StoredProfile,
  nodeId: NodeId,
  key: KeyPair,
): CredentialSource {
  const siblings = identities.flatMap((each) => {
    return each.key === null || each.nodeId === nodeId
      ? []
      : [{ nodeId: each.nodeId, key: each.key }];
  });
  const latestFirst = siblings.toReversed();
  const isKnown = (sibling: { nodeId: NodeId }): boolean => members.includes(sibling.nodeId);
  const ordered = [
    ...latestFirst.filter((sibling) => isKnown(sibling)),
    ...latestFirst.filter((sibling) => !isKnown(sibling)),
  ];
  return { key, siblings: ordered, memberKeys, inviteToken };
}

export interface Credentials {
  readonly nodeId: NodeId;
  readonly key: NodeKey;
  readonly claims: Claims;
  readonly invite: InviteSecret | null;
}

/** Rejects where a key or the token is malformed. */
export async function credentialsOf(
  clusterId: string,
  nodeId: NodeId,
  { key: pair, siblings, inviteToken }: CredentialSource,
): Promise<Credentials> {
  const key = await importNodeKey(pair);
  const vouched = { clusterId, nodeId, key: key.publicKey };
  const vouchers = await Promise.all(
    siblings.slice(0, MAX_VOUCHERS).map(async (sibling) => {
      return vouchFor(vouched, sibling.nodeId, await importNodeKey(sibling.key));
    }),
  );
  const invite = inviteToken === null ? null : await inviteOf(clusterId, inviteToken);
  const claims = { key: key.publicKey, vouchers, inviteId: invite?.id ?? null };
  return { nodeId, key, claims, invite };
}

/** The keys that a node believes before any configuration told it of them. */
export function knownKeys({
  siblings,
  memberKeys,
}: CredentialSource): Readonly<Record<NodeId, string>> {
  const known: Record<NodeId, string> = { ...memberKeys };
  for (const { nodeId, key } of siblings) known[nodeId] = key.publicKey;
  return known;
}

/** What it claims from now on: a member has no use for an invite. */
export function withoutInvite(credentials: Credentials): Credentials {
  return { ...credentials, claims: { ...credentials.claims, inviteId: null }, invite: null };
}
