/** Members and links in words, and events by the minute. */

import { expect, test } from 'vitest';
import type { MemberStatus } from '../../../src/node/status.ts';
import type { TabPresence } from '../../../src/ui/cluster/share-messages.ts';
import { stopReasonOf, type StopReason } from '../../../src/ui/cluster/stop-reason.ts';
import { describeLink } from '../../../src/ui/cluster/link-words.ts';
import {
  describeBrowser,
  describeMember,
  describePage,
  describeRole,
  tagsOf,
} from '../../../src/ui/cluster/member-words.ts';
import { groupByMinute } from '../../../src/ui/cluster/story-groups.ts';
import type { DrawnMember } from '../../../src/ui/raft/drawn.ts';
import { statusOf } from '../../client/fake-workers.ts';
import { B, inspection } from './inspections.ts';

const member: DrawnMember = {
  id: B,
  name: 'bbbbbb',
  role: 'follower',
  term: 2,
  state: 'running',
  isIsolated: false,
  isHidden: false,
  note: null,
  timer: null,
};
const word = { voter: true, term: 3, commitIndex: 1_200, lastApplied: 1_199 } as MemberStatus;
const presence: TabPresence = {
  nodeId: B,
  isRunning: true,
  stopReason: null,
  isVisible: true,
  linked: [],
};
const plain = { member, word, isWoken: false, adopted: '0002' };

test('a member tells its own numbers where its tab is here, else what it is heard to say', () => {
  expect(describeMember(member, word, { inspection: inspection(B), presence })).toBe(
    'voter · term 2 · commit 4 · applied 4',
  );
  expect(describeMember(member, word, null)).toBe('voter · term 3 · commit 1,200 · applied 1,199');
  expect(describeMember(member, null, null)).toBe('not a member yet');
});

test('one that is not there says since when, or how it comes back', () => {
  expect(describeRole({ ...member, role: 'pre-candidate' }, null)).toBe(
    'asks whether it would be elected',
  );
  const away = { ...member, state: 'away' } as const;
  expect(describeMember(away, { ...word, lastContactMs: 42_000 }, null)).toContain('42 s ago');
  expect(describeMember(away, { ...word, lastContactMs: 600_000 }, null)).toContain('10 min ago');
  expect(describeMember(away, { ...word, lastContactMs: null }, null)).toContain('not heard yet');
  expect(describeRole(away, null)).toBe('not connected');
  const down = { ...member, state: 'down' } as const;
  const wordsOf = (stopReason: StopReason): string[] => {
    const report = { inspection: null, presence: { ...presence, isRunning: false, stopReason } };
    return [describeRole(down, report), describeMember(down, word, report)];
  };
  expect(wordsOf('crash')).toEqual(['crashed', 'voter · comes back when its tab is reloaded']);
  expect(wordsOf('storage')[0]).toBe('storage failed');
  expect(wordsOf('removed')).toEqual(['removed', 'comes in again only as a new member']);
});

test('page and browser are what its own tab says, else its word, else not told', () => {
  const report = { inspection: null, presence: { ...presence, isVisible: false } };
  const told = { ...word, visible: true, profileId: 'p' };
  const silent = { ...word, visible: null, profileId: null };
  expect([told, silent].map((one) => describePage(one, report))).toEqual([
    'in the background',
    'in the background',
  ]);
  expect([told, silent].map((one) => describePage(one, null))).toEqual(['visible', 'not told']);
  expect([told, silent].map((one) => describeBrowser(one, report, false))).toEqual([
    'this one',
    'this one',
  ]);
  expect([told, silent].map((one) => describeBrowser(one, null, false))).toEqual([
    'another',
    'not told',
  ]);
});

test('why a node stopped is what its status says', () => {
  const running = statusOf({});
  const stopped = { ...running, state: 'stopped' } as const;
  const { transport, storage } = running;
  expect(stopReasonOf(running)).toBe(null);
  expect(stopReasonOf(stopped)).toBe('crash');
  expect(stopReasonOf({ ...stopped, transport: { ...transport, refusal: 'removed' } })).toBe(
    'removed',
  );
  expect(stopReasonOf({ ...stopped, storage: { ...storage, state: 'full' } })).toBe('storage');
});

test('what is out of the ordinary is a tag', () => {
  expect(tagsOf(plain)).toEqual([]);
  const odd = { ...member, note: 'this tab', isIsolated: true, isHidden: true };
  const told = { ...word, build: '0001', liveness: 'suspect', quarantined: true } as MemberStatus;
  const texts = tagsOf({ member: odd, word: told, isWoken: true, adopted: '0002' });
  expect(texts.map(({ text }) => text)).toEqual([
    'this tab',
    'isolated',
    'silent, dialled anew',
    'in this tab, too',
    'in background',
    'data being replaced',
    'older version: reload it',
  ]);
});

test('a link says whether messages pass, and what to do where they do not', () => {
  expect(describeLink('open', false)).toContain('pass both ways');
  expect(describeLink('cut', false)).toContain('on purpose');
  expect(describeLink('cut', true)).toContain('isolated');
  expect(describeLink('away', false)).toContain('not there');
});

const DAY_MS = 86_400_000;

test('events stand under their minute, in their order', () => {
  const at = (hour: number, minute: number, second: number): number =>
    new Date(2026, 0, 2, hour, minute, second).getTime();
  const items = [at(9, 5, 7), at(9, 5, 1), at(9, 4, 59)].map((atMs, number) => {
    const told = { text: '', sections: [], isNewLeader: false };
    return { id: String(number), kind: 'log', atMs, ...told } as const;
  });
  expect(groupByMinute(items).map(({ title, items: { length } }) => [title, length])).toEqual([
    ['09:05', 2],
    ['09:04', 1],
  ]);
  const days = [2, 1].map((day) =>
    items.map((item) => ({ ...item, atMs: item.atMs - (2 - day) * DAY_MS })),
  );
  const groups = groupByMinute(days.flat());
  expect(groups.map(({ title }) => title)).toEqual([
    '09:05',
    '09:04',
    '2026-01-01 09:05',
    '2026-01-01 09:04',
  ]);
  expect(new Set(groups.map(({ key }) => key)).size).toBe(4);
});
