/** Faults that are made on purpose, for demonstrations and tests. */

import type { NodeId } from '../raft/types.ts';
import { checkDelay } from './arguments.ts';
import type { Calls } from './calls.ts';

/**
 * Faults that are made on purpose, for demonstrations and tests.
 *
 * @category Monitoring
 */
export interface Faults {
  /**
   * This tab's node dies at once, in the middle of whatever it does.
   *
   * @example
   * ```ts newcomer
   * import { open } from 'resqlite';
   *
   * const db = await open();
   * db.faults.crash();
   * await db.query('SELECT 1'); // throws 'Closed'
   * ```
   */
  crash(): void;

  /**
   * Cuts all links of this tab's node, or lets them come back.
   *
   * @example
   * ```ts
   * import { open } from 'resqlite';
   *
   * const db = await open();
   * await db.faults.isolate(true);
   * await db.query('SELECT 1', [], { timeoutMs: 1_000 }).catch(() => 'no majority'); // => 'no majority'
   * await db.faults.isolate(false);
   * ```
   */
  isolate(on: boolean): Promise<void>;

  /**
   * Cuts the link between this tab's node and another, or lets it come back.
   *
   * @example
   * ```ts
   * import { open } from 'resqlite';
   *
   * const db = await open();
   * const other = (await db.status()).voters.find((voter) => voter !== db.nodeId);
   * if (other !== undefined) {
   *   await db.faults.cutLink(other, true);
   *   await db.faults.cutLink(other, false);
   * }
   * (await db.query('SELECT 1')).rows; // => [[1]]
   * ```
   */
  cutLink(nodeId: NodeId, on: boolean): Promise<void>;

  /**
   * Every message of this tab's node leaves `ms` milliseconds later, in order; 0 to 5,000, else
   * 'InvalidArgument'.
   *
   * @example
   * ```ts
   * import { open } from 'resqlite';
   *
   * const db = await open();
   * await db.faults.delay(200);
   * const startMs = performance.now();
   * await db.query('SELECT 1');
   * performance.now() - startMs > 100; // => true
   * await db.faults.delay(0);
   * await db.faults.delay(-1); // throws 'InvalidArgument'
   * ```
   */
  delay(ms: number): Promise<void>;
}

export function faultsOf(calls: Calls): Faults {
  const { node } = calls;
  return {
    crash: () => node.terminate('Closed', 'this node was made to crash'),
    isolate: (on) => calls.reading(() => node.node('isolate', [on])),
    cutLink: (nodeId, on) => calls.reading(() => node.node('cutLink', [nodeId, on])),
    delay: async (ms) => {
      checkDelay(ms);
      await calls.reading(() => node.node('delay', [ms]));
    },
  };
}
