/**
 * Which browser profile each member lives in: what the configuration says, and what members and
 * newcomers have said since and is to be noted with the next change.
 */

import { membersOf } from '../raft/configuration.ts';
import type { Raft } from '../raft/raft.ts';
import type { NodeId } from '../raft/types.ts';

export class MemberProfiles {
  readonly #raft: Pick<Raft, 'configuration'>;
  readonly #saidByNode = new Map<NodeId, string>();

  constructor(raft: Pick<Raft, 'configuration'>) {
    this.#raft = raft;
  }

  /** Whether the configuration does not say so yet; '' says nothing. */
  isNews(id: NodeId, profileId: string): boolean {
    return profileId !== '' && this.#raft.configuration.profiles[id] !== profileId;
  }

  said(id: NodeId, profileId: string): void {
    this.#saidByNode.set(id, profileId);
  }

  /** Null where it is unknown. */
  profileOf(id: NodeId): string | null {
    const said = this.#saidByNode.get(id) ?? '';
    return this.isNews(id, said) ? said : (this.#raft.configuration.profiles[id] ?? null);
  }

  /** What the next configuration is to say besides. */
  get news(): Readonly<Record<NodeId, string>> {
    return Object.fromEntries([...this.#saidByNode].filter(([id, said]) => this.isNews(id, said)));
  }

  /** A member's profile is to be noted. */
  get hasNewsOfMembers(): boolean {
    const { configuration } = this.#raft;
    return membersOf(configuration).some((id) => this.isNews(id, this.#saidByNode.get(id) ?? ''));
  }

  /** Forgets whoever is not among those. */
  keepOnly(isKept: (id: NodeId) => boolean): void {
    for (const id of this.#saidByNode.keys()) if (!isKept(id)) this.#saidByNode.delete(id);
  }
}
