/**
 * The leader's list of nodes that asked to join and may (admission.ts), until a configuration that
 * takes them in is appended. Whoever may not, or not any more, is dropped, and may ask again.
 */

import { membersOf } from '../raft/configuration.ts';
import type { ConfigurationTarget } from '../raft/configuration.ts';
import type { Configuration, NodeId } from '../raft/types.ts';
import { admit, type Newcomer } from './admission.ts';
import { MAX_MEMBERS } from './limits.ts';

export class Newcomers {
  readonly #newcomerById = new Map<NodeId, Newcomer>();

  get size(): number {
    return this.#newcomerById.size;
  }

  has(id: NodeId): boolean {
    return this.#newcomerById.has(id);
  }

  /** False: it is not entitled, or too many wait. */
  take(newcomer: Newcomer, configuration: Configuration, wallClockMs: number): boolean {
    const { nodeId } = newcomer;
    if (!this.has(nodeId) && this.size >= MAX_MEMBERS) return false;
    if (admit(configuration, newcomer, wallClockMs).type === 'refused') return false;
    this.#newcomerById.set(nodeId, newcomer);
    return true;
  }

  /** The configuration that takes in as many as there is room for; null where there is nobody. */
  plan(configuration: Configuration, wallClockMs: number): ConfigurationTarget | null {
    const { voters, learners } = configuration;
    const members = membersOf(configuration);
    const admitted: NodeId[] = [];
    let { access } = configuration;
    for (const [id, newcomer] of this.#newcomerById) {
      const current = { ...configuration, access };
      const isIn = members.includes(id);
      const verdict = isIn ? null : admit(current, newcomer, wallClockMs);
      if (verdict?.type !== 'admitted') this.#newcomerById.delete(id);
      else if (members.length + admitted.length < MAX_MEMBERS) {
        admitted.push(id);
        access = verdict.access;
      }
    }
    if (admitted.length === 0) return null;
    return { voters, learners: [...learners, ...admitted], access };
  }

  forget(ids: readonly NodeId[]): void {
    for (const id of ids) this.#newcomerById.delete(id);
  }

  clear(): void {
    this.#newcomerById.clear();
  }
}
