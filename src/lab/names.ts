/** Servers as people call them: S1, S2, … as in the paper's figures, by number and by node id. */

import type { NodeId } from '../raft/types.ts';
import type { World } from '../simulation/world.ts';
import type { ServerNumber } from './protocol.ts';

/** Of an id that no server of the world has: a message about a stranger. */
const NOBODY = -1;

export function nameOf(number: ServerNumber): string {
  return number === NOBODY ? 'nobody' : `S${number + 1}`;
}

/** Ids of a world's servers to their numbers; servers may come at any time. */
export class Names {
  readonly #world: World;
  readonly #numberById = new Map<NodeId, ServerNumber>();

  constructor(world: World) {
    this.#world = world;
  }

  numberOf(id: NodeId): ServerNumber {
    const { servers } = this.#world;
    for (let number = this.#numberById.size; number < servers.length; number += 1) {
      const server = servers[number];
      if (server !== undefined) this.#numberById.set(server.nodeId, number);
    }
    return this.#numberById.get(id) ?? NOBODY;
  }

  nameOf(id: NodeId): string {
    return nameOf(this.numberOf(id));
  }

  numbersOf(ids: Iterable<NodeId>): readonly ServerNumber[] {
    return Array.from(ids, (id) => this.numberOf(id));
  }

  /** `S1–S3 S5`. */
  listOf(ids: Iterable<NodeId>): string {
    const numbers = this.numbersOf(ids).toSorted((a, b) => a - b);
    const runs: { from: number; to: number }[] = [];
    for (const number of numbers) {
      const last = runs.at(-1);
      if (last?.to === number - 1) last.to = number;
      else runs.push({ from: number, to: number });
    }
    return runs.map(runText).join(' ');
  }
}

/** Two are not worth a dash. */
function runText({ from, to }: { readonly from: number; readonly to: number }): string {
  if (from === to) return nameOf(from);
  return `${nameOf(from)}${to === from + 1 ? ' ' : '–'}${nameOf(to)}`;
}
