/** The simulated disk believes of its two copies what the product's storage believes of them. */

import { describe, expect, test } from 'vitest';
import { EMPTY_CONFIGURATION } from '../../src/raft/configuration.ts';
import type { CopyContents } from '../../src/storage/log-copy.ts';
import { mergeCopies } from '../../src/storage/log-merge.ts';
import { encodeGenesis, encodeRecord } from '../../src/storage/record-codec.ts';
import type { Frame } from '../../src/storage/frame.ts';
import type { LogIndex, LogRecord, Snapshot, Term } from '../../src/raft/types.ts';
import { DiskCopy, joinCopies } from '../../src/simulation/disk-copy.ts';
import { Random } from '../../src/simulation/random.ts';
import { nodeIdOf } from '../../src/simulation/server.ts';

const IDENTITY = { clusterId: 'simulatedcluster', nodeId: nodeIdOf(0) };
const EMPTY: LogRecord = { hardState: null, snapshot: null, entries: [] };

function whole(index: number): LogRecord {
  const snapshot: Snapshot = {
    index: index as LogIndex,
    term: 1 as Term,
    configuration: EMPTY_CONFIGURATION,
    state: { file: 0, hash: '', stampMs: 0 },
  };
  return { hardState: { term: 1 as Term, votedFor: null }, snapshot, entries: [] };
}

/** A copy as the product's storage would tell of it. */
function contentsOf(copy: DiskCopy, frames: readonly Frame[]): CopyContents {
  const good = copy.numbers().flatMap((number) => frames[number] ?? []);
  return {
    recordByNumber: new Map(good.map((frame) => [frame.sequence, frame])),
    damage: copy.lastTrace < 0 || copy.isWhole ? null : 'damaged',
    lastTrace: copy.lastTrace,
  };
}

/** What both make of the copies: the numbers of the records, or that they are lost. */
function verdict(join: () => readonly number[]): string {
  try {
    return join().join(' ');
  } catch {
    return 'lost';
  }
}

function draw(random: Random) {
  const records = [EMPTY];
  for (let number = 1; number <= random.between(1, 8); number += 1) {
    records.push(random.chance(300_000) ? whole(number) : EMPTY);
  }
  const frames: Frame[] = [];
  for (const record of records) {
    const last = frames.at(-1);
    frames.push(
      last === undefined ? encodeGenesis(IDENTITY) : encodeRecord(record, last, IDENTITY),
    );
  }
  const copies = (['journal', 'indexeddb'] as const).map((name) => {
    const copy = new DiskCopy(name);
    const end = records.length - random.below(3);
    for (const [number, record] of records.slice(0, end).entries()) {
      copy.write({ number, record, bytes: 1 });
    }
    const { head } = copy;
    if (random.chance(500_000)) copy.dropHeadsBefore(head);
    if (random.chance(500_000)) copy.dropBefore(head);
    if (random.chance(300_000)) copy.damage(random.below(records.length));
    if (random.chance(150_000)) copy.wipe();
    return copy;
  });
  return { copies, frames };
}

describe('two copies', () => {
  test('are joined as the product joins them, whatever has happened to them', () => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 4_000; seed += 1) {
      const { copies, frames } = draw(Random.fromSeed(seed));
      const simulated = verdict(() => joinCopies(copies).map(({ number }) => number));
      const contents = copies.map((copy) => contentsOf(copy, frames));
      const real = verdict(() => mergeCopies(contents).map(({ sequence }) => sequence));
      expect(simulated, `seed ${seed}`).toBe(real);
      seen.add(real);
    }
    expect(seen).toContain('lost');
    expect(seen).toContain('');
    expect(seen.size).toBeGreaterThan(30);
  });
});
