/**
 * What members and newcomers have said of themselves, and is to be noted with the next change of
 * configuration: the browser profile that each lives in, and its key where none is known of it.
 */

import { membersOf } from '../raft/configuration.ts';
import type { Raft } from '../raft/raft.ts';
import type { NodeId } from '../raft/types.ts';

interface Said {
  readonly profileId: string;
  readonly key: string;
}

export class MemberNews {
  readonly #raft: Pick<Raft, 'configuration'>;
  readonly #saidByNode = new Map<NodeId, Said>();

  constructor(raft: Pick<Raft, 'configuration'>) {
    this.#raft = raft;
  }

  /** Whether the configuration does not say so yet; '' says nothing. */
  isNews(id: NodeId, said: Said): boolean {
    return this.#isProfileNews(id, said.profileId) || this.#isKeyNews(id, said.key);
  }

  said(id: NodeId, profileId: string, key: string): void {
    this.#saidByNode.set(id, { profileId, key });
  }

  /** Null where it is unknown. */
  profileOf(id: NodeId): string | null {
    const said = this.#saidByNode.get(id)?.profileId ?? '';
    return this.#isProfileNews(id, said) ? said : (this.#raft.configuration.profiles[id] ?? null);
  }

  /** What the next configuration is to say of profiles besides. */
  get profiles(): Readonly<Record<NodeId, string>> {
    const profiles: Record<NodeId, string> = {};
    for (const [id, { profileId }] of this.#saidByNode) {
      if (this.#isProfileNews(id, profileId)) profiles[id] = profileId;
    }
    return profiles;
  }

  /** Keys of members that the next configuration is to name. A newcomer's comes with its admission. */
  get keys(): Readonly<Record<NodeId, string>> {
    const members = membersOf(this.#raft.configuration);
    const keys: Record<NodeId, string> = {};
    for (const [id, { key }] of this.#saidByNode) {
      if (members.includes(id) && this.#isKeyNews(id, key)) keys[id] = key;
    }
    return keys;
  }

  /** Something of a member is to be noted. */
  get hasNewsOfMembers(): boolean {
    return membersOf(this.#raft.configuration).some((id) => {
      const said = this.#saidByNode.get(id);
      return said !== undefined && this.isNews(id, said);
    });
  }

  /** Forgets whoever is not among those. */
  keepOnly(isKept: (id: NodeId) => boolean): void {
    for (const id of this.#saidByNode.keys()) if (!isKept(id)) this.#saidByNode.delete(id);
  }

  #isProfileNews(id: NodeId, profileId: string): boolean {
    return profileId !== '' && this.#raft.configuration.profiles[id] !== profileId;
  }

  /** A key that is known is never replaced, and one that another node has is nobody else's. */
  #isKeyNews(id: NodeId, key: string): boolean {
    const { keys, former } = this.#raft.configuration.access;
    if (key === '' || keys[id] !== undefined) return false;
    return !Object.values(keys).includes(key) && former.every((one) => one.key !== key);
  }
}
