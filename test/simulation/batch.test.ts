import { describe, expect, test } from 'vitest';
import { Batch } from '../../src/simulation/batch.ts';
import { runSeed, type RunReport } from '../../src/simulation/run.ts';

const report: RunReport = runSeed(1, null);

function batchOf(reports: readonly RunReport[]): Batch {
  const batch = new Batch();
  for (const each of reports) batch.add(each);
  return batch;
}

function many(each: RunReport, count = 60): RunReport[] {
  return Array.from({ length: count }, () => each);
}

describe('Batch', () => {
  test('adds up', () => {
    const batch = batchOf([report, report]);
    expect(batch.runs).toBe(2);
    expect(batch.total('events')).toBe(2 * report.exercise.events);
    expect(batch.summary().join('\n')).toContain('linearizableReads');
    expect(batch.failures).toEqual([]);
  });

  test('keeps failures', () => {
    const failed = { ...report, failure: { property: 'log matching', evidence: 'planted' } };
    expect(batchOf([report, failed]).failures).toEqual([failed]);
  });

  test('runs in which nothing happened fall short', () => {
    const exercise = { ...report.exercise, crashes: 0, acknowledgedWrites: 0 };
    const shortfalls = batchOf(many({ ...report, exercise }))
      .shortfalls()
      .join('\n');
    expect(shortfalls).toContain('crashes');
    expect(shortfalls).toContain('acknowledgedWrites');
  });

  test('what is rare is asked of many runs only', () => {
    const never = { ...report, exercise: { ...report.exercise, cameBack: 0 } };
    expect(batchOf(many(never)).shortfalls().join()).not.toContain('cameBack');
    expect(batchOf(many(never, 500)).shortfalls().join()).toContain('cameBack');
  });

  test('a few runs are too few to judge', () => {
    const exercise = { ...report.exercise, crashes: 0 };
    expect(batchOf([{ ...report, exercise }]).shortfalls()).toEqual([]);
  });
});
