/** AppendEntries at its receiver (paper Figure 2 and section 5.3). */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvariantViolation, checkServer } from '../../src/raft/invariants.ts';
import type { AppendEntries } from '../../src/raft/messages.ts';
import type { Raft } from '../../src/raft/raft.ts';
import type { Entry } from '../../src/raft/types.ts';
import {
  A,
  B,
  C,
  THREE,
  appendEntries,
  command,
  configuration,
  configurationEntry,
  core,
  index,
  leader,
  logOf,
  ofType,
  sent,
  sentOne,
  seededRandom,
  term,
  termsOf,
} from './fixtures.ts';

function answer(raft: Raft, message: AppendEntries): unknown {
  raft.step(message);
  return sentOne(raft, 'append-entries-response');
}

describe('consistency check', () => {
  it('Figure 2, 1: an older term is refused, and the newer one told', () => {
    const raft = core({ hardState: { term: term(3), votedFor: null } });
    const response = answer(raft, appendEntries({ term: term(2), entries: [command(2, 2)] }));
    expect(response).toMatchObject({ term: 3, success: false });
    expect([raft.lastIndex, raft.leaderId]).toEqual([1, null]);
  });

  it('Figure 2, 2: refused where the log has no entry at prevLogIndex; says how long it is', () => {
    const raft = core({ terms: [1, 1] });
    const message = appendEntries({ prevLogIndex: index(5), entries: [command(6, 1)] });
    expect(answer(raft, message)).toMatchObject({
      success: false,
      rejectedIndex: 5,
      conflictIndex: 3,
      conflictTerm: null,
    });
    expect(raft.lastIndex).toBe(2);
  });

  it('paper 5.3: refused where the term differs; names that term and where it begins', () => {
    const raft = core({ terms: [1, 2, 2, 2, 3] });
    const message = appendEntries({
      term: term(5),
      prevLogIndex: index(4),
      prevLogTerm: term(4),
    });
    expect(answer(raft, message)).toMatchObject({
      success: false,
      rejectedIndex: 4,
      conflictIndex: 2,
      conflictTerm: 2,
    });
    expect(termsOf(raft)).toEqual([1, 2, 2, 2, 3]);
  });

  it('paper 5.3: what is committed agrees, so a refusal never points below it', () => {
    const raft = core({ terms: [1, 1, 1, 1], appliedIndex: index(3) });
    const message = appendEntries({ term: term(3), prevLogIndex: index(4), prevLogTerm: term(2) });
    expect(answer(raft, message)).toMatchObject({ conflictIndex: 4, conflictTerm: 1 });
  });

  it('paper 5.3: entries behind the matching one are appended and acknowledged', () => {
    const raft = core();
    const message = appendEntries({ entries: [command(2, 1), command(3, 1)], round: 7 });
    expect(answer(raft, message)).toMatchObject({ success: true, matchIndex: 3, round: 7 });
    expect([raft.lastIndex, raft.leaderId]).toEqual([3, B]);
  });

  it('paper 5.3: an empty log takes the first entries behind index 0', () => {
    const raft = core({ entries: [], hardState: { term: term(0), votedFor: null } });
    const message = appendEntries({
      prevLogIndex: index(0),
      prevLogTerm: term(0),
      entries: logOf([1, 1], THREE),
    });
    expect(answer(raft, message)).toMatchObject({ success: true, matchIndex: 2 });
    expect([raft.role, raft.term]).toEqual(['follower', 1]);
  });

  it('thesis 4.1: a leader outside the own configuration is followed', () => {
    const raft = core();
    raft.step(appendEntries({ from: 'zzzzzzzzzz' as typeof B }));
    expect(raft.leaderId).toBe('zzzzzzzzzz');
  });

  it('a message whose entries are no log is dropped', () => {
    const bad: Partial<AppendEntries>[] = [
      { entries: [command(3, 1)] },
      { entries: [command(2, 1), command(4, 1)] },
      { entries: [command(2, 2)] },
      { term: term(3), entries: [command(2, 3), command(3, 2)] },
      { term: term(1), prevLogTerm: term(2) },
      { prevLogIndex: index(0), prevLogTerm: term(1) },
      { prevLogIndex: index(0), prevLogTerm: term(0), entries: [command(1, 0)] },
    ];
    for (const fields of bad) {
      const raft = core();
      raft.step(appendEntries(fields));
      expect([raft.ready(), raft.leaderId]).toEqual([null, null]);
    }
  });
});

describe('conflicts', () => {
  it('Figure 2, 3: a conflicting entry and all that follow it are replaced', () => {
    const raft = core({ terms: [1, 1, 2, 2] });
    const message = appendEntries({
      term: term(3),
      prevLogIndex: index(2),
      entries: [command(3, 3)],
    });
    expect(answer(raft, message)).toMatchObject({ success: true, matchIndex: 3 });
    expect(termsOf(raft)).toEqual([1, 1, 3]);
  });

  it('paper 5.3: a late message with a prefix of the log truncates nothing', () => {
    const raft = core({ terms: [1, 1, 1, 1] });
    const message = appendEntries({ entries: [command(2, 1)] });
    expect(answer(raft, message)).toMatchObject({ success: true, matchIndex: 2 });
    expect(answer(raft, appendEntries())).toMatchObject({ success: true, matchIndex: 1 });
    expect([raft.lastIndex, raft.durableIndex]).toEqual([4, 4]);
  });

  it('paper 5.3: a repeated message changes nothing and needs no disk', () => {
    const raft = core();
    const message = appendEntries({ entries: [command(2, 1)] });
    answer(raft, message);
    raft.step(message);
    expect(raft.ready()).toMatchObject({ record: null, messages: [{ matchIndex: 2 }] });
  });

  it('paper 5.3: entries partly known are appended from the first unknown one on', () => {
    const raft = core({ terms: [1, 1] });
    raft.step(appendEntries({ entries: [command(2, 1), command(3, 1), command(4, 1)] }));
    expect(raft.ready()?.record?.entries.map((entry) => entry.index)).toEqual([3, 4]);
  });

  it('State Machine Safety: an entry below the commit index is never replaced', () => {
    const raft = core({ terms: [1, 1, 1], appliedIndex: index(2) });
    const replace = appendEntries({ term: term(3), entries: [command(2, 3)] });
    expect(() => raft.step(replace)).toThrow(InvariantViolation);
    const contradict = appendEntries({
      term: term(3),
      prevLogIndex: index(2),
      prevLogTerm: term(2),
    });
    expect(() => core({ terms: [1, 1], appliedIndex: index(2) }).step(contradict)).toThrow(
      InvariantViolation,
    );
  });

  it('Election Safety: a second leader in a term stops the server', () => {
    const follower = core();
    follower.step(appendEntries());
    expect(() => follower.step(appendEntries({ from: C }))).toThrow(InvariantViolation);
    const second = appendEntries({ term: term(2) });
    expect(() => leader().step(second)).toThrow(InvariantViolation);
  });
});

describe('commit index', () => {
  it('Figure 2, 5: the minimum of leaderCommit and the last new entry', () => {
    const raft = core({ terms: [1, 1, 1, 1] });
    raft.step(appendEntries({ entries: [command(2, 1)], leaderCommit: index(4) }));
    expect(raft.commitIndex).toBe(2);
    raft.step(appendEntries({ prevLogIndex: index(4), leaderCommit: index(3) }));
    expect(raft.commitIndex).toBe(3);
  });

  it('Figure 2, 5: a heartbeat commits nothing behind the entry it names', () => {
    const raft = core({ terms: [1, 1, 1] });
    raft.step(appendEntries({ term: term(2), leaderCommit: index(3) }));
    expect(raft.commitIndex).toBe(1);
  });

  it('Figure 2, 5: it never falls', () => {
    const raft = core({ terms: [1, 1, 1] });
    raft.step(appendEntries({ prevLogIndex: index(3), leaderCommit: index(3) }));
    raft.step(appendEntries({ leaderCommit: index(1) }));
    expect(raft.commitIndex).toBe(3);
  });

  it('Figure 2: a refused message commits nothing', () => {
    const raft = core({ terms: [1, 1] });
    raft.step(appendEntries({ prevLogIndex: index(9), leaderCommit: index(9) }));
    expect(raft.commitIndex).toBe(0);
  });
});

describe('configuration on append', () => {
  it('paper 6: a server uses the latest configuration in its log, committed or not', () => {
    const raft = core();
    const entry = configurationEntry(2, 1, configuration([B, C], [A, B, C]));
    raft.step(appendEntries({ entries: [entry] }));
    expect([raft.configuration, raft.commitIndex]).toEqual([entry.configuration, 0]);
  });

  it('paper 6: with the entry the configuration goes, and with it the role', () => {
    const raft = core({ configuration: configuration([B, C], [], [A]) });
    const entry = configurationEntry(2, 1, configuration([A, B, C], [B, C]));
    raft.step(appendEntries({ entries: [entry] }));
    expect(raft.role).toBe('follower');
    raft.step(appendEntries({ term: term(2), from: C, entries: [command(2, 2)] }));
    expect([raft.role, raft.configuration.learners]).toEqual(['learner', [A]]);
  });

  it('thesis 4.2.2: voted out, it campaigns until it knows that to be committed', () => {
    const raft = core();
    const entry = configurationEntry(2, 1, configuration([B, C]));
    raft.step(appendEntries({ entries: [entry], leaderCommit: index(1) }));
    expect(raft.role).toBe('follower');
    raft.step(appendEntries({ prevLogIndex: index(2), leaderCommit: index(2) }));
    expect(raft.role).toBe('learner');
    raft.tick(1e6);
    expect(ofType(sent(raft), 'pre-vote')).toEqual([]);
  });
});

describe('any delivery', () => {
  it('Log Matching: late, repeated and reordered messages leave a prefix of the leader log', () => {
    const terms = [1, 1, 2, 2, 3, 5, 5, 5, 7];
    const leaderLog: Entry[] = logOf(terms, THREE);
    const followerTerms = fc.constantFrom([1], [1, 1, 1, 1], [1, 1, 2, 2, 2, 4, 4], [1, 1, 2, 6]);
    fc.assert(
      fc.property(followerTerms, fc.nat(), (startTerms, seed) => {
        const random = seededRandom(seed);
        const raft = core({ terms: startTerms });
        let commitIndex = 0;
        for (let step = 0; step < 60; step += 1) {
          const prev = Math.floor(random() * (terms.length + 1));
          const entries = leaderLog.slice(prev, prev + Math.floor(random() * 4));
          const leaderCommit = Math.floor(random() * (terms.length + 1));
          raft.step(
            appendEntries({
              term: term(7),
              prevLogIndex: index(prev),
              prevLogTerm: term(terms[prev - 1] ?? 0),
              entries,
              leaderCommit: index(leaderCommit),
            }),
          );
          checkServer(raft);
          expect(raft.commitIndex).toBeGreaterThanOrEqual(commitIndex);
          ({ commitIndex } = raft);
          for (const response of ofType(sent(raft), 'append-entries-response')) {
            if (!response.success) continue;
            expect(termsOf(raft).slice(0, response.matchIndex)).toEqual(
              terms.slice(0, response.matchIndex),
            );
          }
          expect(termsOf(raft).slice(0, commitIndex)).toEqual(terms.slice(0, commitIndex));
        }
      }),
    );
  });
});
