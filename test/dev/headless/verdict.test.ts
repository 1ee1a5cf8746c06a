/** When the headless node is started again, and when it gives up. */

import { expect, test } from 'vitest';

import { verdictOn, type Life } from '../../../src/dev/headless/verdict.ts';
import { report } from './report.ts';

/** A newcomer whose page was loaded a minute ago, but for `fields`. */
function verdict(fields: Partial<Life>): string | null {
  const found = verdictOn({
    clusterId: 'c',
    isMember: false,
    ageMs: 60_000,
    report: null,
    sinceMs: 60_000,
    failure: null,
    otherClusterId: null,
    unanswered: 0,
    isRenewed: false,
    ...fields,
  });
  if (found === null) return null;
  return 'again' in found ? found.again : `${found.final.exitCode}: ${found.final.message}`;
}

const isMember = true;

test('a page has time to open its database', () => {
  expect(verdict({ ageMs: 29_000 })).toBe(null);
  expect(verdict({})).toBe('4: The page opens no ReSqlite database by itself.');
  expect(verdict({ isMember })).toBe('the page opens no ReSqlite database by itself');
  expect(verdict({ otherClusterId: 'd' })).toContain('opened cluster d, not c of the link');
});

test('what keeps a newcomer from opening ends the command, and a member tries again', () => {
  const failure = { type: 'failed', code: 'StorageDenied', message: 'the disk is full' } as const;
  const why = 'the page cannot open its database: the disk is full (StorageDenied)';
  expect(verdict({ failure, ageMs: 0 })).toBe(`4: T${why.slice(1)}.`);
  expect(verdict({ failure, isMember })).toBe(why);
  const garbled = { ...failure, code: 'InvalidInvite', message: 'garbled' };
  expect(verdict({ failure: garbled })).toMatch(/^2: /);
  // It has opened it after all.
  expect(verdict({ failure, report: report({ state: 'running' }) })).toBe(null);
});

test('who is not let in gives up, a member when it has waited for others', () => {
  const refused = report({ refusal: 'invite' });
  expect(verdict({ report: refused, sinceMs: 2_000 })).toBe(null);
  expect(verdict({ report: refused })).toMatch(/^5: .*the invite has expired/);
  expect(verdict({ report: refused, isMember, sinceMs: 299_000 })).toBe(null);
  expect(verdict({ report: refused, isMember, sinceMs: 300_000 })).toMatch(/^5: .*has expired/);
  // Nobody answers, which may change.
  expect(verdict({ report: report() })).toBe(null);
  // Who runs has its data, and is let in by whoever knows it.
  expect(verdict({ report: { ...refused, state: 'running' }, isMember })).toBe(null);
});

test('who was removed gives up', () => {
  const removed = report({ state: 'stopped', refusal: 'removed' });
  expect(verdict({ report: removed, isMember, sinceMs: 0 })).toMatch(/^5: .*was removed/);
});

test('who stopped is started again, if the page does not do so itself', () => {
  const stopped = report({ state: 'stopped', stoppedReason: 'the disk is gone' });
  expect(verdict({ report: stopped, isMember, sinceMs: 14_000 })).toBe(null);
  expect(verdict({ report: stopped, isMember })).toBe('the node stopped: the disk is gone');
});

test('a page that does not answer is opened anew', () => {
  const running = report({ state: 'running' });
  expect(verdict({ report: running, isMember, unanswered: 2 })).toBe(null);
  expect(verdict({ report: running, isMember, unanswered: 3 })).toBe('the page does not answer');
});

test('a page of an older build is opened anew, and not again and again', () => {
  const outdated = report({ state: 'running', isOutdated: true });
  const why = 'others run a newer version of the page';
  expect(verdict({ report: outdated, isMember, ageMs: 29_000 })).toBe(null);
  expect(verdict({ report: outdated, isMember })).toBe(why);
  expect(verdict({ report: outdated, isMember, isRenewed: true })).toBe(null);
  expect(verdict({ report: outdated, isMember, isRenewed: true, ageMs: 601_000 })).toBe(why);
});
