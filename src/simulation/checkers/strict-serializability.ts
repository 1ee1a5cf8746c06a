/**
 * Strict serializability of transactions over rows that count their versions: there is one order of all
 * transactions that took effect, in which each reads what the last one before it wrote, and in which no
 * transaction stands before one that had been answered before it began.
 *
 * Every row tells its version and who wrote it, so the order of the writes to a row is known and
 * nothing is searched: what must stand before what is a graph, and an order exists where the graph has
 * no cycle (Adya 1999, with the edges of real time besides).
 */

import { Violation } from './violation.ts';

export interface RowVersion {
  readonly key: number;
  readonly version: number;
}

export interface ObservedVersion extends RowVersion {
  /** The transaction that wrote it. */
  readonly writer: number;
}

export interface ObservedTransaction {
  readonly id: number;
  readonly invokedUs: number;
  /** Null: not answered; it took effect if somebody has seen what it wrote. */
  readonly completedUs: number | null;
  readonly reads: readonly ObservedVersion[];
  readonly writes: readonly RowVersion[];
}

/** Throws `Violation`. Transactions that are known to have had no effect are left out. */
export function checkStrictSerializability(transactions: readonly ObservedTransaction[]): void {
  const effective = withEffect(transactions);
  const writers = writersOf(effective);
  const edges = new Map(effective.map(({ id }) => [id, new Set<number>()]));
  const put = (before: number, after: number): void => {
    if (before !== after) edges.get(before)?.add(after);
  };
  for (const { id, reads, writes } of effective) {
    for (const { key, version, writer } of reads) {
      const found = writers.get(nameOf(key, version));
      if (found !== writer) {
        throw violation(`${id} read version ${version} of ${key} by ${writer}, not ${found}`);
      }
      put(writer, id);
      const next = writers.get(nameOf(key, version + 1));
      if (next !== undefined) put(id, next);
    }
    for (const { key, version } of writes) {
      const next = writers.get(nameOf(key, version + 1));
      if (next !== undefined) put(id, next);
    }
  }
  for (const { id, completedUs } of effective) {
    if (completedUs === null) continue;
    for (const later of effective) if (completedUs < later.invokedUs) put(id, later.id);
  }
  const stuck = withoutOrder(edges);
  if (stuck.length > 0) throw violation(`no order of the transactions ${stuck.join(', ')}`);
}

/** Those that were answered, and those of the others whose writes were seen. */
function withEffect(transactions: readonly ObservedTransaction[]): ObservedTransaction[] {
  const byId = new Map(transactions.map((one) => [one.id, one]));
  const effective = new Set(transactions.filter(({ completedUs }) => completedUs !== null));
  // A set is walked in the order of insertion, those added meanwhile included.
  for (const { reads } of effective) {
    for (const { writer } of reads) {
      const seen = byId.get(writer);
      if (seen !== undefined) effective.add(seen);
    }
  }
  return [...effective];
}

function writersOf(transactions: readonly ObservedTransaction[]): Map<string, number> {
  const writers = new Map<string, number>();
  for (const { id, writes } of transactions) {
    for (const { key, version } of writes) {
      const name = nameOf(key, version);
      const other = writers.get(name);
      if (other !== undefined) throw violation(`${other} and ${id} both wrote version ${name}`);
      writers.set(name, id);
    }
  }
  return writers;
}

/** What is left when everything that nothing stands before is taken away, again and again. */
function withoutOrder(edges: ReadonlyMap<number, ReadonlySet<number>>): number[] {
  const before = new Map([...edges.keys()].map((id) => [id, 0]));
  for (const afters of edges.values()) {
    for (const after of afters) before.set(after, (before.get(after) ?? 0) + 1);
  }
  const free = [...before].filter(([, count]) => count === 0).map(([id]) => id);
  for (let id = free.pop(); id !== undefined; id = free.pop()) {
    before.delete(id);
    for (const after of edges.get(id) ?? []) {
      const count = (before.get(after) ?? 0) - 1;
      before.set(after, count);
      if (count === 0) free.push(after);
    }
  }
  return [...before.keys()];
}

function nameOf(key: number, version: number): string {
  return `${version} of ${key}`;
}

function violation(evidence: string): Violation {
  return new Violation('strict serializability', 'thesis 6.3', evidence);
}
