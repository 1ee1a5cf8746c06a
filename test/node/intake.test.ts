import { describe, expect, it } from 'vitest';
import type { SessionId } from '../../src/node/command.ts';
import { Intake } from '../../src/node/intake.ts';
import type { Term } from '../../src/raft/types.ts';

const TERM = 3 as Term;
const request = (sequence: number, lowestUnanswered: number, session = 5) => ({
  sessionId: session as SessionId,
  sequence,
  lowestUnanswered,
});

describe('the leader lets each number of a session in once and in order', () => {
  it('begins at the lowest unanswered one', () => {
    const intake = new Intake();
    expect(intake.judge(TERM, request(8, 7), false)).toBe('gap');
    expect(intake.judge(TERM, request(7, 7), false)).toBe('new');
  });

  it('drops copies and refuses gaps', () => {
    const intake = new Intake();
    intake.admit(request(7, 7));
    intake.judge(TERM, request(7, 7), false);
    const fresh = new Intake();
    expect(fresh.judge(TERM, request(7, 7), false)).toBe('new');
    fresh.admit(request(7, 7));
    expect(fresh.judge(TERM, request(7, 7), false)).toBe('duplicate');
    expect(fresh.judge(TERM, request(9, 7), false)).toBe('gap');
    expect(fresh.judge(TERM, request(8, 7), false)).toBe('new');
    expect(fresh.judge(TERM, request(1, 1, 6), false)).toBe('new');
  });

  it('does not count what was let in but not appended', () => {
    const intake = new Intake();
    expect(intake.judge(TERM, request(1, 1), false)).toBe('new');
    expect(intake.judge(TERM, request(1, 1), false)).toBe('new');
  });

  it('forgets in another term: the log may have lost what it let in', () => {
    const intake = new Intake();
    expect(intake.judge(TERM, request(1, 1), false)).toBe('new');
    intake.admit(request(1, 1));
    expect(intake.judge(4 as Term, request(1, 1), false)).toBe('new');
  });

  it('lets in a copy for a sender that skipped entries by a snapshot, and nothing else moves', () => {
    const intake = new Intake();
    for (const sequence of [7, 8, 9]) {
      expect(intake.judge(TERM, request(sequence, 7), false)).toBe('new');
      intake.admit(request(sequence, 7));
    }
    expect(intake.judge(TERM, request(8, 8), true)).toBe('copy');
    expect(intake.judge(TERM, request(8, 8), false)).toBe('duplicate');
    // What the sender has an answer to needs no copy.
    expect(intake.judge(TERM, request(7, 8), true)).toBe('duplicate');
    expect(intake.judge(TERM, request(10, 8), true)).toBe('new');
    expect(intake.judge(TERM, request(11, 8), true)).toBe('gap');
  });

  it('a late copy that was let in first holds up nothing: its sender has moved on', () => {
    const intake = new Intake();
    expect(intake.judge(TERM, request(3, 3), false)).toBe('new');
    intake.admit(request(3, 3));
    expect(intake.judge(TERM, request(9, 9), false)).toBe('new');
    intake.admit(request(9, 9));
    expect(intake.judge(TERM, request(10, 9), false)).toBe('new');
  });
});
