/** The log (paper section 5.3) against a plain array that is searched from end to end. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvariantViolation } from '../../src/raft/invariants.ts';
import { Log, entryBytes } from '../../src/raft/log.ts';
import type { Entry } from '../../src/raft/types.ts';
import { A, B, C, THREE, command, configuration, configurationEntry } from './fixtures.ts';
import { index, logOf, snapshotAt, term } from './fixtures.ts';

const anyTerms = fc
  .array(fc.nat({ max: 2 }), { maxLength: 12 })
  .map((steps) => steps.map((_, i) => 1 + steps.slice(0, i + 1).reduce((a, b) => a + b, 0)));

type Action =
  | { readonly type: 'append'; readonly step: number }
  | { readonly type: 'truncate'; readonly at: number }
  | { readonly type: 'hand' }
  | { readonly type: 'durable' };

const anyAction: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: fc.nat({ max: 1 }).map((step) => ({ type: 'append', step }) as const) },
  { weight: 2, arbitrary: fc.nat({ max: 20 }).map((at) => ({ type: 'truncate', at }) as const) },
  fc.constant({ type: 'hand' } as const),
  fc.constant({ type: 'durable' } as const),
);

function weight(entries: readonly Entry[]): number {
  return entries.reduce((sum, entry) => sum + entryBytes(entry), 0);
}

describe('log', () => {
  it('paper 5.3: entries come in order, and terms do not decrease', () => {
    const log = new Log(null, logOf([1, 2], THREE));
    expect(() => log.append(command(4, 2))).toThrow(InvariantViolation);
    expect(() => log.append(command(3, 1))).toThrow(InvariantViolation);
    expect(() => new Log(null, [command(2, 1)])).toThrow(InvariantViolation);
    log.append(command(3, 2));
    expect([log.lastIndex, log.lastTerm]).toEqual([3, 2]);
  });

  it('paper 5.4.1: the later last term is more up to date, then the longer log', () => {
    const log = new Log(null, logOf([1, 2, 2], THREE));
    expect(log.isUpToDate(index(3), term(2))).toBe(true);
    expect(log.isUpToDate(index(2), term(2))).toBe(false);
    expect(log.isUpToDate(index(9), term(1))).toBe(false);
    expect(log.isUpToDate(index(1), term(3))).toBe(true);
  });

  it('paper 6: the latest configuration counts, and truncation brings the one before back', () => {
    const log = new Log(null, logOf([1, 1], THREE));
    log.append(configurationEntry(3, 1, configuration([A, B])));
    log.append(configurationEntry(4, 1, configuration([A])));
    log.truncateFrom(index(4));
    expect([log.configuration, log.configurationIndex]).toEqual([configuration([A, B]), 3]);
    log.truncateFrom(index(2));
    expect([log.configuration, log.configurationIndex]).toEqual([THREE, 1]);
    log.truncateFrom(index(1));
    expect([log.configuration.voters, log.configurationIndex]).toEqual([[], 0]);
  });

  it('paper 5.3: terms are found as a search through all entries finds them', () => {
    fc.assert(
      fc.property(anyTerms, fc.nat(), fc.nat({ max: 30 }), (terms, some, ofTerm) => {
        const log = new Log(null, logOf(terms, THREE));
        const at = terms.length === 0 ? 0 : 1 + (some % terms.length);
        const first = at === 0 ? 0 : log.firstIndexOfTermAt(index(at));
        expect(first).toBe(1 + terms.indexOf(terms[at - 1] ?? 0));
        const last = terms.slice(0, at).findLastIndex((each) => each <= ofTerm) + 1;
        expect(log.lastIndexOfTermUpTo(term(ofTerm), index(at))).toBe(last);
      }),
    );
  });

  it('tells where each term begins, behind what is compacted, the newest terms if not all', () => {
    fc.assert(
      fc.property(anyTerms, fc.nat(), fc.nat({ max: 6 }), (terms, cut, atMost) => {
        const log = new Log(null, logOf(terms, THREE));
        const base = terms.length === 0 ? 0 : cut % (terms.length + 1);
        if (base > 0) log.compact(snapshotAt(base, terms[base - 1] ?? 0));
        const runs = [];
        for (let at = base + 1; at <= terms.length; at += 1) {
          const isNew = at === base + 1 || terms[at - 1] !== terms[at - 2];
          if (isNew) runs.push({ term: terms[at - 1], firstIndex: at });
        }
        expect(log.termRuns(100)).toEqual(runs);
        expect(log.termRuns(atMost)).toEqual(runs.slice(Math.max(runs.length - atMost, 0)));
      }),
    );
  });

  it('a batch keeps to its limits, but has one entry however large', () => {
    const log = new Log(null, [...logOf([1, 1], THREE), command(3, 1, 500), command(4, 1, 10)]);
    const batches = [1, 80, 150, 10_000].map((maxBytes) =>
      log.batch(index(2), index(4), 100, maxBytes),
    );
    expect(batches.map(({ entries }) => entries.length)).toEqual([1, 1, 1, 3]);
    expect(batches.every(({ entries, bytes }) => bytes === weight(entries))).toBe(true);
    expect(log.batch(index(3), index(4), 100, 1).entries).toEqual([command(3, 1, 500)]);
    expect(log.batch(index(2), index(4), 2, 10_000).entries).toHaveLength(2);
    expect(log.batch(index(2), index(2), 9, 10_000).entries).toHaveLength(1);
    expect(log.batch(index(5), index(4), 9, 10_000).entries).toHaveLength(0);
  });

  it('ABA: durableIndex covers what the disk holds, though it was overwritten in flight', () => {
    fc.assert(
      fc.property(fc.array(anyAction, { maxLength: 60 }), (actions) => {
        const log = new Log(null, []);
        const disk: Entry[] = [];
        let inFlight: readonly Entry[] | null = null;
        let newestTerm = 1;
        for (const action of actions) {
          if (action.type === 'append') {
            newestTerm += action.step;
            log.append(command(log.lastIndex + 1, newestTerm));
          } else if (action.type === 'truncate' && action.at < log.lastIndex) {
            log.truncateFrom(index(action.at + 1));
            newestTerm += 1;
            log.append(command(log.lastIndex + 1, newestTerm));
          } else if (action.type === 'hand' && inFlight === null) {
            inFlight = log.takeUnhanded().entries;
          } else if (action.type === 'durable' && inFlight !== null) {
            const [first] = inFlight;
            if (first !== undefined) disk.splice(first.index - 1, Infinity, ...inFlight);
            inFlight = null;
            log.markHandedDurable();
          }
          for (let at = 1; at <= log.durableIndex; at += 1) {
            expect(disk[at - 1]).toBe(log.entryAt(index(at)));
          }
          expect(log.durableIndex === log.handedIndex || inFlight !== null).toBe(true);
          expect(log.handedIndex).toBeLessThanOrEqual(log.lastIndex);
        }
      }),
    );
  });

  it('a joint configuration weighs more than a no-op, as it does on the wire', () => {
    const joint = configurationEntry(1, 1, configuration([A], [B], [C]));
    const noop: Entry = { type: 'noop', index: index(1), term: term(1) };
    expect(entryBytes(joint)).toBeGreaterThan(entryBytes(noop));
    expect(entryBytes(command(1, 1, 100)) - entryBytes(command(1, 1, 0))).toBe(100);
  });
});
